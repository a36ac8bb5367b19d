"""P13: which tasks are solved side by side, and the arithmetic of paired times. `solve.py` has both sides."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Pair:
    """A task at a lag, our method and the peer. most: the multiple of our time at which the peer is stopped."""

    method: str
    task: str
    lag: int
    peer: str
    function: str
    goal: float
    floor: float
    most: float = 10.0


PAIRS = [
    Pair("hf", "temporal_order", 50, "PyTorchHessianFree with nn.RNN", "pytorch_hessian_free", 5.0, 3.0),
    Pair("lstm_chrono", "adding", 200, "nn.LSTM, Adam", "gradient_script", 2.0, 1.5),
    Pair("esn_momentum", "temporal_order", 50, "nn.RNN, SGD(nesterov=True)", "gradient_script", 2.5, 2.0),
    Pair("esn", "adding", 200, "reservoirpy, ridge of scikit-learn", "reservoir_script", 20.0, 10.0, most=40.0),
]


STOPPED = "was stopped"  # at a multiple of our time


@dataclass(frozen=True)
class Times:
    """CPU seconds of both sides with one seed, whether each solved the task, and why the peer ended."""

    seed: int
    ours: float
    peer: float
    ours_solved: bool
    peer_solved: bool
    peer_ended: str

    @property
    def ratio(self) -> float:
        """peer / ours: of the times until solved; a lower bound if the peer had not solved it when it ended. It says
        nothing if ours did not solve it."""
        return self.peer / self.ours


def times(pair: Pair, ask_ours: Callable[..., Any], ask_peer: Callable[..., Any], seeds: int) -> Iterator[Times]:
    """Seed after seed; the peer is stopped at a multiple of our time with that seed."""
    condition = {"method": pair.method, "task": pair.task, "lag": pair.lag}
    for seed in range(seeds):
        own = ask_ours("solve:ours", **condition, seed=seed)
        limit = pair.most * own["seconds"]
        peer = ask_peer(f"solve:{pair.function}", **condition, seed=seed, limit=limit)
        yield Times(seed, own["seconds"], peer["seconds"], own["solved"], peer["solved"], peer["ended"])


def with_ratio(found: list[Times]) -> list[Times]:
    """The pairs of which ours solved the task."""
    return [t for t in found if t.ours_solved]


def note(found: list[Times], most: float) -> str:
    """Who solved it, which pairs are left out, and which ratios are lower bounds."""
    kept, peer, n = with_ratio(found), sum(t.peer_solved for t in found), len(found)
    words = [f"ours solved {len(kept)} of {n}, the peer {peer}"]
    if kept:
        words.append(f"ratios by seed {', '.join(f'{t.ratio:.3g}' for t in kept)}")
    if len(kept) < n:
        words.append(f"left out, since ours did not solve: {n - len(kept)}")
    for ended, bounds in Counter(t.peer_ended for t in kept if not t.peer_solved).items():
        why = f"{ended} at {most:g} times our time" if ended == STOPPED else ended
        words.append(f"the peer {why}: {bounds} of the ratios are lower bounds")
    return "; ".join(words)
