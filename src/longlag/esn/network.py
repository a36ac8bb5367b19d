"""An echo state network of many sequences of unequal length: states stream by, so that memory is O(units^2).

The reservoir is `longlag.cells.reservoir`, the fit `longlag.optimisers.ridge`, all in float64. Sequences run in groups,
the short ones padded at the front. With feedback, the outputs of the step before are inputs: the targets in their place
while the readout is fitted (teacher forcing), the net's own outputs afterwards (Jaeger 2001, section 3).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from weakref import WeakKeyDictionary

import numpy as np
import torch

from longlag.cells.base import complete
from longlag.cells.reservoir import Kernel, Reservoir
from longlag.esn.readout import Elimination
from longlag.inits.reservoirs import EchoState
from longlag.model import Model, NoFeedback, OutputFeedback
from longlag.optimisers.ridge import Moments, Ridge, choose, stored
from longlag.readouts import Linear, Quadratic, Readout

_BLOCK_NUMBERS = 1 << 20  # of states that are kept before they are used
_LONGEST = 1.5  # steps of the longest sequence of a group in those of its shortest
READOUTS: dict[str, Readout] = {"linear": Linear(), "quadratic": Quadratic()}


@dataclass(frozen=True)
class Span:
    """Which steps of a sequence train the readout, [first, split), and which choose the penalty, [split, end)."""

    first: int
    split: int
    end: int


@dataclass(frozen=True)
class Group:
    """Sequences that run together, padded at the front. members: their numbers; x: [L, X, B]; start: [B]."""

    members: list[int]
    x: np.ndarray
    start: np.ndarray

    def rows(self, kept: Sequence[range]) -> np.ndarray:
        """Of the steps of each sequence that are kept, which steps of the group these are: [L, B] bool."""
        steps = np.arange(len(self.x))[:, None] - self.start
        return (steps >= [each.start for each in kept]) & (steps < [each.stop for each in kept])


def groups(x: Sequence[np.ndarray], most: int) -> Iterator[Group]:
    """Groups of at most `most` sequences [T, X], none with more than `_LONGEST` times the steps of another."""
    order = sorted(range(len(x)), key=lambda i: len(x[i]))
    while order:
        longest = _LONGEST * len(x[order[0]])
        fits = next((k for k, i in enumerate(order[:most]) if len(x[i]) > longest), most)
        members, order = order[:fits], order[fits:]
        yield Group(members, *padded([x[i] for i in members]))


def padded(x: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Sequences [T, X] with zeros before the short ones, [L, X, B], and where each starts, [B]."""
    longest = max(map(len, x))
    start = np.array([longest - len(each) for each in x])
    together = np.zeros((longest, x[0].shape[1], len(x)))
    for b, each in enumerate(x):
        together[start[b] :, :, b] = each
    return together, start


Rows = tuple[torch.Tensor, torch.Tensor]  # features and targets of steps [n, F + O], and the steps' weights [n]
Blocks = Callable[[Group, np.ndarray], Iterator[tuple[slice, np.ndarray]]]  # group, wanted -> steps, values [k, B, ...]


@dataclass(frozen=True, eq=False)
class Network:
    """A reservoir and its readout, for standardised inputs and targets. params: of one replica, [1, ...] float64."""

    reservoir: Reservoir
    model: Model
    params: dict[str, torch.Tensor]

    @classmethod
    def drawn(cls, reservoir: Reservoir, init: EchoState, inputs: int, outputs: int, features: str,
              rng: np.random.Generator) -> Network:  # fmt: skip
        """An untrained one: its outputs are zero."""
        feedback = OutputFeedback() if init.feedback_scale else NoFeedback()
        model = Model(complete(reservoir), inputs, outputs, 1, READOUTS[features], feedback)
        params = {name: torch.from_numpy(value)[None] for name, value in init.draw(rng, model.shapes()).items()}
        return cls(reservoir, model, params)

    @property
    def feeds_back(self) -> bool:
        return "W_yh" in self.params

    def kernel(self) -> Kernel:
        """The reservoir, ready to run; fed back outputs are its last inputs. It is built once."""
        if self not in _KERNELS:
            weights = {name: value[0] for name, value in self.params.items()}
            if self.feeds_back:
                weights["W_xh"] = torch.cat([weights["W_xh"], weights["W_yh"]])
            _KERNELS[self] = self.reservoir.kernel(weights)
        return _KERNELS[self]

    def read(self, states: np.ndarray) -> np.ndarray:
        """Outputs [..., O] of states [..., H]."""
        h = torch.from_numpy(states.reshape(1, 1, -1, states.shape[-1]))
        return self.model.read(self.params, h).numpy().reshape(*states.shape[:-1], -1)

    def fitted(
        self,
        x: Sequence[np.ndarray],
        y: Sequence[np.ndarray],
        weights: Sequence[np.ndarray],
        spans: Sequence[Span],
        penalties: Sequence[float],
    ) -> tuple[Network, float, float]:
        """The same net with a readout of all spans, its penalty, and the mean squared error that chose the penalty.

        x: sequences [T, X]; y: targets [T, O] of every step, those outside the spans are ignored unless fed back;
        weights: of every step [T].
        """
        train, held_out = self._moments(x, y, weights, spans)
        penalty, error = penalties[0], float("nan")
        if len(penalties) > 1:
            rows, of_rows = (torch.cat(parts)[None] for parts in zip(*held_out, strict=True))
            phi, targets = rows.split([len(train.products), y[0].shape[1]], 2)
            best = choose(self.params, Elimination.of(train), penalties, (phi, targets), of_rows)
            penalty, error = best.penalty, best.error
        for some in held_out:
            train = train.add(*some)
        return (
            replace(self, params=self.params | stored(self.params, *Elimination.of(train).solve(penalty))),
            penalty,
            error,
        )

    def _moments(
        self, x: Sequence[np.ndarray], y: Sequence[np.ndarray], weights: Sequence[np.ndarray], spans: Sequence[Span]
    ) -> tuple[Moments, list[Rows]]:
        """The sums over training steps, and the held-out rows."""
        moments, held_out = Ridge().init(self.params), []
        for group in groups(x, self.at_once):
            mine, teacher = [spans[i] for i in group.members], padded([y[i] for i in group.members])[0]
            share = padded([weights[i][:, None] for i in group.members])[0][:, 0]  # [L, B]
            trains = group.rows([range(span.first, span.split) for span in mine])
            holds = group.rows([range(span.split, span.end) for span in mine])
            for steps, states in self._blocks(group, trains | holds, teacher):
                targets = teacher[steps].transpose(0, 2, 1)  # [k, B, O]
                some, others = (self._rows(states, targets, share[steps], mask[steps]) for mask in (trains, holds))
                moments = moments.add(*some) if len(some[0]) else moments
                held_out += [others] if len(others[0]) else []
        return moments, held_out

    def _rows(self, states: np.ndarray, targets: np.ndarray, share: np.ndarray, mask: np.ndarray) -> Rows:
        """Those of the steps of a mask [k, B]."""
        phi = self.model.readout.features(torch.from_numpy(states[mask]))
        return torch.cat([phi, torch.from_numpy(targets[mask])], 1), torch.from_numpy(share[mask])

    @property
    def at_once(self) -> int:
        """Sequences of a group."""
        return self.reservoir.at_once

    def _blocks(
        self, group: Group, wanted: np.ndarray, teacher: np.ndarray | None = None
    ) -> Iterator[tuple[slice, np.ndarray]]:
        """States [k, B, H] of blocks of steps from the first one that is wanted at all, [L, B] bool."""
        first, size = int(wanted.any(1).argmax()), wanted.shape[1] * self.reservoir.hidden
        block = np.empty((max(1, _BLOCK_NUMBERS // size), wanted.shape[1], self.reservoir.hidden))
        begun = first
        for t, h in enumerate(self.kernel().states(self._inputs(group.x, teacher), group.start)):
            if t < first:
                continue
            block[t - begun] = h.T
            if t + 1 - begun == len(block) or t + 1 == len(wanted):
                yield slice(begun, t + 1), block[: t + 1 - begun]
                begun = t + 1

    def _inputs(self, x: np.ndarray, teacher: np.ndarray | None) -> Iterator[np.ndarray]:
        """Inputs [X + 1, B] of each step; with feedback [X + O + 1, B], the targets of the step before among them."""
        ones = np.ones((1, x.shape[2]))
        if not self.feeds_back or teacher is None:
            yield from (np.concatenate([now, ones]) for now in x)
            return
        before = np.concatenate([np.zeros_like(teacher[:1]), teacher[:-1]])
        yield from (np.concatenate([now, fed, ones]) for now, fed in zip(x, before, strict=True))

    def outputs(self, x: Sequence[np.ndarray], every: bool) -> list[np.ndarray]:
        """Outputs [T, O] of sequences [T, X], or of their last steps [1, O]; with feedback the net's own feed back."""
        return self._collected(x, every, self.model.n_outputs, self._outputs)

    def features(self, x: Sequence[np.ndarray], every: bool) -> list[np.ndarray]:
        """What a readout without feedback sees of sequences [T, X], [T, F], or of their last steps, [1, F]."""
        return self._collected(x, every, self.n_features, self._features)

    def mean_features(self, x: Sequence[np.ndarray], first: int) -> np.ndarray:
        """The means of the same over the steps of each sequence from the `first` on, [N, F]; nothing else is kept."""
        kept = [range(first, len(each)) for each in x]
        total = np.zeros((len(x), self.n_features))
        for i, some in self._pieces(x, kept, self._features):
            total[i] += some.sum(0)
        return total / np.array([[len(steps)] for steps in kept])

    @property
    def n_features(self) -> int:
        return self.model.readout.size(self.reservoir.hidden)

    def _collected(self, x: Sequence[np.ndarray], every: bool, width: int, blocks: Blocks) -> list[np.ndarray]:
        """What blocks of steps give, by sequence: of every step [T, width] or of the last one [1, width]."""
        kept = [range(0 if every else len(each) - 1, len(each)) for each in x]
        found, done = [np.empty((len(steps), width)) for steps in kept], [0] * len(x)
        for i, some in self._pieces(x, kept, blocks):
            found[i][done[i] : done[i] + len(some)] = some
            done[i] += len(some)
        return found

    def _pieces(
        self, x: Sequence[np.ndarray], kept: Sequence[range], blocks: Blocks
    ) -> Iterator[tuple[int, np.ndarray]]:
        """The number of a sequence and what a block gives of its kept steps [k, width], in the order of steps."""
        for group in groups(x, self.at_once):
            wanted = group.rows([kept[i] for i in group.members])
            for steps, values in blocks(group, wanted):
                for b, i in enumerate(group.members):
                    yield i, values[wanted[steps, b], b]

    def _features(self, group: Group, wanted: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
        """Features [k, B, F] of blocks of steps."""
        for steps, states in self._blocks(group, wanted):
            yield steps, self.model.readout.features(torch.from_numpy(states)).numpy()

    def _outputs(self, group: Group, wanted: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
        """Outputs [k, B, O] of blocks of steps."""
        if not self.feeds_back:
            yield from ((steps, self.read(states)) for steps, states in self._blocks(group, wanted))
            return
        begun = (group.start <= np.arange(len(group.x))[:, None])[..., None]

        def inputs(t: int, last: np.ndarray) -> np.ndarray:
            return np.concatenate([group.x[t], (begun[t - 1] * last).T if t else 0 * last.T])

        for t, y in enumerate(self.free(len(group.x), group.start, inputs)):
            yield slice(t, t + 1), y[None]

    def free(
        self, steps: int, start: np.ndarray, inputs: Callable[[int, np.ndarray], np.ndarray], first: int = 0
    ) -> Iterator[np.ndarray]:
        """Outputs [B, O] of each step from the `first` on.

        inputs(t, outputs of the step before) -> the inputs of step t without the constant, [X, B]; before the first
        output they get zeros.
        """
        last = np.zeros((len(start), self.model.n_outputs))
        weights, bias = self.params["W_hy"][0].numpy(), self.params["b_y"][0].numpy()
        ones = np.ones((1, len(start)))
        drives = (np.concatenate([inputs(t, last), ones]) for t in range(steps))
        for t, h in enumerate(self.kernel().states(drives, start)):
            if t >= first:
                last = self.model.readout.features(torch.from_numpy(h.T)).numpy() @ weights + bias
                yield last


_KERNELS: WeakKeyDictionary[Network, Kernel] = WeakKeyDictionary()  # no part of a net: sparse tensors cannot be copied
