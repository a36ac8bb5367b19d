"""Rows of speed.csv, from each kind of measurement."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from benchmarks import pairs, suite
from benchmarks.cases import BOTH, OWN, Case, shape
from benchmarks.harness import Effort, Side, Times, Worker, WorkerError, compare, ratios, spread

CELLS = {"tanh": ("tanh RNN", "nn.RNN"), "lstm": ("LSTM", "nn.LSTM"), "gru": ("GRU", "nn.GRU")}  # ours and the peer


@dataclass(frozen=True)
class Row:
    """One line. Times are milliseconds of CPU, medians over the rounds; a ratio is the median of theirs.

    ratio: what the goal is about; for P3 a share, for P9 multiples of T B H itemsize, for P10 an error.
    ratio_peer_tuned: the same against a peer that has our environment. low, high, tuned_*: quartiles.
    lower: is less better? goal, floor: empty for a row that only informs.
    """

    id: str
    what: str
    shape: str
    ours_ms: float | None = None
    peer: str = ""
    peer_ms: float | None = None
    ratio: float | None = None
    ratio_peer_tuned: float | None = None
    goal: float | None = None
    floor: float | None = None
    lower: bool = False
    low: float | None = None
    high: float | None = None
    tuned_low: float | None = None
    tuned_high: float | None = None
    rounds: int = 0
    note: str = ""

    @property
    def verdict(self) -> str:
        """ "goal", "floor" or "missed"; empty where nothing is asked or nothing was measured."""
        if self.ratio is None or self.goal is None or self.floor is None:
            return ""
        sign = -1 if self.lower else 1
        if sign * self.ratio >= sign * self.goal:
            return "goal"
        return "floor" if sign * self.ratio >= sign * self.floor else "missed"

    @property
    def line(self) -> str:
        """For the terminal."""
        if self.ratio is None:
            return f"{self.id:3} {self.what}: {self.note}"
        times = f": {self.ours_ms:.4g} ms | {self.peer} {self.peer_ms:.4g} ms" if self.ours_ms is not None else ""
        quartiles = f" [{self.low:.3g}, {self.high:.3g}]" if self.low is not None else ""
        tuned = (
            f"  (peer with our environment {self.ratio_peer_tuned:.3g})" if self.ratio_peer_tuned is not None else ""
        )
        asked = f"  floor {self.floor:g}, goal {self.goal:g}: {self.verdict}" if self.goal is not None else ""
        return f"{self.id:3} {self.what}, {self.shape}{times} -> {self.ratio:.3g}{quartiles}{tuned}{asked}"


def compared(case: Case, workers: Mapping[str, Worker], effort: Effort) -> Row:
    """The row of a comparison; if the peer is missing, the row says so."""
    blank = Row(case.id, case.what, case.shape, peer=case.peer_name, goal=case.goal, floor=case.floor,
                lower=case.inverse, note=case.note)  # fmt: skip
    try:
        times = compare(workers, case.ours, case.peer, case.environments, effort)
    except WorkerError as error:
        return _with(blank, note=f"not measured: {error}")
    return _with(blank, **columns(times, case.environments, case.inverse, case.factor))


def columns(times: Times, environments: tuple[str, ...], inverse: bool = False, factor: float = 1.0) -> dict[str, Any]:
    """Medians and quartiles of times and of their ratios."""
    plain = times.peer[environments[0]]
    found: dict[str, Any] = {"ours_ms": 1e3 * spread(times.ours)[0], "peer_ms": 1e3 * spread(plain)[0]}
    names = [("ratio", "low", "high"), ("ratio_peer_tuned", "tuned_low", "tuned_high")]
    for environment, triple in zip(environments, names, strict=False):
        found |= dict(zip(triple, spread(ratios(times.ours, times.peer[environment], inverse, factor)), strict=True))
    return found | {"rounds": len(times.ours)}


def gpu(workers: Mapping[str, Worker], effort: Effort, device: str = "cuda", size: int = 100) -> Iterator[Row]:
    """P12: twenty replicas as one program against twenty runs, in wall-clock time; gradients recorded, as in a run."""
    k: dict[str, Any] = {"replicas": 20, "steps": size, "batch": size, "hidden": size}

    def side(arm: str, **more: Any) -> Side:
        return Side("gpu:on", {"device": device, "arm": arm} | k | more)

    rows: list[tuple[str, Side, str, Side]] = [
        (f"{CELLS[cell][0]} updates", side("updates:ours", cell=cell, recorded=True), f"twenty {CELLS[cell][1]}",
         side("updates:torch_module", cell=cell)) for cell in CELLS
    ]  # fmt: skip
    rows.append(("Gauss-Newton products", side("curvature:ours"), "twenty double backwards",
                 side("curvature:double_backward")))  # fmt: skip
    for what, ours, name, peer in rows:
        case = Case("P12", f"twenty seeds' {what} as one program", f"{device} {shape(k)}", ours, name, peer, 10.0, 20.0,
                    environments=("ours",))  # fmt: skip
        yield compared(case, workers, effort)
    for cell in ("tanh", "lstm"):
        graph, call = (side("updates:ours", cell=cell, recorded=recorded) for recorded in (True, False))
        title = f"twenty seeds' {CELLS[cell][0]} updates, recorded"
        yield compared(Case("P12", title, f"{device} {shape(k)}", graph, "the same, called", call, environments=OWN),
                       workers, effort)  # fmt: skip


def memory(large: int = 1600, small: int = 400) -> Iterator[Row]:
    """P9: the rise of the peak from T = small to T = large, in T B H itemsize; a fresh process for each shape."""
    for cell, floor, goal in (("tanh", 2.5, 2.1), ("lstm", None, None)):
        sizes = (large, small, 100) if cell == "tanh" else (large // 4, small // 4)
        try:
            ours, peer = ([_peak(call, cell, steps) for steps in sizes] for call in ("ours", "torch_module"))
        except WorkerError as error:
            yield Row("P9", f"peak memory of a {cell} update", "", note=f"not measured: {error}")
            continue
        unit = 4e4 * (sizes[0] - sizes[1])
        own, theirs = (peaks[0] - peaks[1] for peaks in (ours, peer))
        at_100 = f"at T=100 it is {ours[2] / 1e6:.1f} MB (goal 2.1 T B H itemsize + 20 MB = 28.4 MB); " if goal else ""
        constant = (ours[1] - 4e4 * sizes[1] * own / unit) / 1e6
        note = f"{at_100}{own / unit:.2f} T B H itemsize + {constant:.1f} MB; the peer {theirs / unit:.2f}"
        yield Row("P9", f"peak memory of a {cell} update, in T B H itemsize", f"T={sizes[1]}..{sizes[0]} B=100 H=100",
                  peer="nn.RNN or nn.LSTM, autograd, SGD", ratio=own / unit, goal=goal, floor=floor, lower=True,
                  rounds=1, note=note)  # fmt: skip


def _peak(call: str, cell: str, steps: int) -> int:
    tiny = {"cell": cell, "steps": 3, "batch": 2, "hidden": 3}
    kwargs = {"cell": cell, "steps": steps, "batch": 100, "hidden": 100}
    with Worker("ours") as worker:
        return int(worker.ask("memory:peak", arm=f"updates:{call}", kwargs=kwargs, warm=tiny))


def accuracy(worker: Worker, seeds: int) -> Iterator[Row]:
    """P10: errors against float64 autograd, ours and those of nn.RNN and nn.LSTM."""
    k = {"steps": 100, "batch": 20, "hidden": 100, "seeds": seeds}
    for dtype, floor, goal in (("float64", 1e-12, 1e-14), ("float32", 2e-6, 5e-7)):
        for what, call, more in (
            ("gradient of the tanh RNN", "gradient_error", {"cell": "tanh"}),
            ("gradient of the LSTM", "gradient_error", {"cell": "lstm"}),
            ("Gauss-Newton product", "product_error", {}),
            ("Gauss-Newton product through time", "product_error", {"through_time": True}),
        ):
            ours, peer = (worker.ask(f"accuracy:{call}", **k, **more, dtype=dtype, peer=peer) for peer in (False, True))
            yield Row("P10", f"error of a {dtype} {what}", shape(k), peer="autograd in float64", ratio=ours[0],
                      goal=goal, floor=floor, lower=True, rounds=seeds,
                      note=f"the worst of {seeds} draws, all parameters jointly; worst single tensor {ours[1]:.2g}; "
                      f"autograd in {dtype}: {peer[0]:.2g} and {peer[1]:.2g}")  # fmt: skip


def suite_sample(workers: Mapping[str, Worker], effort: Effort) -> Iterator[Row]:
    """P11: a row per run of the sample, then the total."""
    found: list[suite.Cost] = []
    for each in suite.costs(workers, effort, suite.sample()):
        found.append(each)
        run = each.run
        yield Row("P11", f"{run.method} on {run.task}, {'solved' if run.solved else 'failing'}",
                  f"lag {run.lag}, {run.updates} updates", peer="naive twin",
                  **columns(Times(each.ours, each.twin), BOTH),
                  note="CPU time of the whole run, from a prefix of it")  # fmt: skip
    trained = [each for each in found if each.run.method != "esn"]  # whose twin is so slow that it decides the sum
    totals: list[tuple[str, list[suite.Cost], dict[str, Any]]] = [
        ("the sample of standard, in all", found, {"goal": 5.0, "floor": 3.5}),
        ("the same without its reservoirs", trained, {"goal": 3.0, "floor": 2.2}),
    ]
    for what, kept, asked in totals:
        yield Row("P11", what, f"{len(kept)} runs", peer="naive twin", **columns(suite.total(kept), BOTH), **asked)


def solutions(plan: Sequence[pairs.Pair], seeds: int) -> Iterator[Row]:
    """P13: CPU seconds until solved, in fresh processes for each pair."""
    for pair in plan:
        blank = Row("P13", f"{pair.method} on {pair.task}, CPU time until solved", f"lag {pair.lag}", peer=pair.peer,
                    goal=pair.goal, floor=pair.floor)  # fmt: skip
        try:
            with Worker("ours") as own, Worker("default") as peer:
                found = list(pairs.times(pair, own.ask, peer.ask, seeds))
        except WorkerError as error:
            yield _with(blank, note=f"not measured: {error}")
            continue
        if not (kept := pairs.with_ratio(found)):
            yield _with(blank, note=f"not measured: {pairs.note(found, pair.most)}")
            continue
        middle, low, high = spread([t.ratio for t in kept])
        yield _with(
            blank, ours_ms=1000 * median(t.ours for t in kept), peer_ms=1000 * median(t.peer for t in kept),
            ratio=middle, low=low, high=high, rounds=len(kept), note=pairs.note(found, pair.most),
        )  # fmt: skip


def _with(row: Row, **changes: Any) -> Row:
    return Row(**asdict(row) | changes)
