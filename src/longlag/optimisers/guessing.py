"""Random weight guessing: draw new weights, keep them if they do better (Hochreiter & Schmidhuber 1997).

The best weights so far and the new guess are compared on the same new batch, so that luck with one batch is not kept.
Deviations: (1) guesses are compared by loss, where the paper stops at the first that classifies all sequences right.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Annotated, ClassVar

import torch
from torch import Tensor

from longlag.algebra import tree
from longlag.inits.base import Init
from longlag.objective import Oracle
from longlag.optimisers.base import Draw, Step
from longlag.ranges import COUNT, part
from longlag.rng import stream


@dataclass(frozen=True)
class Guesses:
    """The key of this replica's stream of guesses, and how many were drawn."""

    key: int
    drawn: int


@part
class Guessing:
    """Keeps the better of the weights it has and a fresh draw; one replica at a time.

    guess: where weights are drawn from. batch: sequences on which two are compared.
    """

    guess: Init
    batch: Annotated[int, COUNT] = 100
    replicas: ClassVar[int | None] = 1
    trained: ClassVar[tuple[str, ...] | None] = None

    def init(self, params: tree.Params) -> Guesses:
        """The start was drawn from the seed alone, and so is the stream that is named after it."""
        start = b"".join(leaf.cpu().numpy().tobytes() for leaf in params.values())
        return Guesses(int.from_bytes(hashlib.blake2b(start, digest_size=8).digest()), 0)

    def step(self, draw: Draw[Oracle], params: dict[str, Tensor], state: Guesses) -> Step:
        shapes = {name: tuple(leaf.shape[1:]) for name, leaf in params.items()}
        weights = self.guess.draw(stream(state.key, "guess", state.drawn), shapes)
        guess = {name: torch.as_tensor(weights[name][None]).to(leaf) for name, leaf in params.items()}
        oracle = draw(self.batch)
        kept, guessed = oracle.value(params), oracle.value(guess)
        less = guessed < kept  # a guess whose loss is not a number is not kept
        better, loss = tree.where(less, guess, params), torch.where(less, guessed, kept)
        return Step(better, Guesses(state.key, state.drawn + 1), loss)
