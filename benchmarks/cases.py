"""The table: what is compared with what, in which shape, and the goals."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks.harness import Side

BOTH = ("default", "ours")  # a peer as it comes, and with our environment
OWN = ("ours",)  # something of our own as the yardstick
MATMUL = 2.0 * 1024**3  # operations of the machine's own matrix product
UPDATES_BETWEEN_LOOKS = 100  # 30,000 passes at 3 passes a sequence and 100 sequences


@dataclass(frozen=True)
class Case:
    """A row. ratio = factor * peer / ours; with `inverse` it is factor * ours / peer, and lower is better.

    floor, goal: of the issue; None for a row that only informs.
    """

    id: str
    what: str
    shape: str
    ours: Side
    peer_name: str
    peer: Side
    floor: float | None = None
    goal: float | None = None
    environments: tuple[str, ...] = BOTH
    inverse: bool = False
    factor: float = 1.0
    note: str = ""


def cases(small: float = 1.0) -> list[Case]:
    """All comparisons by time. small: shrinks the axes, for tests of the code path."""

    def n(size: int) -> int:
        return max(2, round(size * small))

    return [*_updates(n), *_loop(), *_curvature(n), *_reservoirs(n)]


def shape(kwargs: Mapping[str, Any]) -> str:
    """ "T=100 B=100 H=100"."""
    letters = {"replicas": "R", "steps": "T", "batch": "B", "hidden": "H"}
    return " ".join(f"{letter}={kwargs[name]}" for name, letter in letters.items() if name in kwargs)


def _updates(n: Callable[[int], int]) -> list[Case]:
    rnn = {"cell": "tanh", "steps": n(100), "batch": n(100), "hidden": n(100)}
    ten = {"cell": "tanh", "replicas": 10, "steps": n(100), "batch": n(20), "hidden": n(50)}
    small, goals = {"steps": n(50), "batch": n(100)}, (1.5, 2.5)
    lstm = {"cell": "lstm", "steps": n(400), "batch": n(100), "hidden": n(100)}
    rows = [
        ("P1", "tanh RNN update", "ours", rnn, "nn.RNN, autograd, SGD", 2.5, 4.0),
        ("P2", "update of ten seeds as one program", "ours", ten, "ten nn.RNN, autograd, SGD", 5.0, 9.0),
        ("P2", "updates of ten seeds in turn", "ours_in_turn", ten, "ten nn.RNN, autograd, SGD", None, None),
        ("P4", "LSTM update", "ours", lstm, "nn.LSTM, autograd, SGD", 1.8, 2.4),
        *(
            ("P4", f"{cell.upper()} update", "ours", small | {"cell": cell, "hidden": n(hidden)},
             f"nn.{cell.upper()}, autograd, SGD", *(goals if hidden == 32 else (None, None)))
            for cell in ("lstm", "gru")
            for hidden in (16, 32, 64, 128)
        ),
    ]  # fmt: skip
    return [
        Case(id, what, shape(k), Side(f"updates:{call}", k), name, Side("updates:torch_module", k), floor, goal)
        for id, what, call, k, name, floor, goal in rows
    ]


def _loop() -> list[Case]:
    rnn = {"method": "control", "task": "temporal_order", "lag": 100}  # T=B=H=100
    share = 6 * 100 * 100 * 100**2 / MATMUL
    return [
        Case("P3", "share of the matrix-product rate, whole update with its draw", "T=100 B=100 H=100",
             Side("loop:update", rnn), "np.matmul 1024^3", Side("machine:matmul"), 0.5, 0.7, OWN, factor=share,
             note="6 T B H^2 operations at that rate, over the time of an update of control on temporal_order"),
        *(
            Case("P8", f"drawing the data, {task}", "T=100 B=100 H=100", Side("loop:draw", rnn | {"task": task}),
                 "the whole update", Side("loop:update", rnn | {"task": task}), 0.03, 0.01, OWN, inverse=True)
            for task in ("adding", "temporal_order", "memorization_5bit")
        ),
        Case("P8", "an evaluation on the monitor set", "T=100 H=100, 1000 sequences", Side("loop:monitor", rnn),
             "the 100 updates before it", Side("loop:update", rnn, UPDATES_BETWEEN_LOOKS), 0.05, 0.05, OWN,
             inverse=True, note="at most 5 % of a run, says the issue"),
    ]  # fmt: skip


PRODUCTS = 20  # of conjugate gradients at one parameter vector


def _curvature(n: Callable[[int], int]) -> list[Case]:
    k = {"steps": n(100), "batch": n(1000), "hidden": n(100)}
    ours, where = Side("curvature:ours", k), shape(k)
    peers = [
        ("torch_func", "torch.func jvp + vjp", 5.0, 8.0),
        ("curvlinops", "curvlinops 3 GGNLinearOperator", 4.5, 7.0),
        ("double_backward", "double backward, graph kept", 2.2, 3.2),
        ("hessianfree", "hessianfree 0.4.0 calc_G", 1.5, 2.3),
    ]
    gradient = Side("curvature:ours_gradient", k)
    damped, many = Side("curvature:ours", k | {"structural": 0.01}), k | {"products": PRODUCTS}
    return [
        *(
            Case("P5", "Gauss-Newton product", where, ours, name, Side(f"curvature:{call}", k), floor, goal)
            for call, name, floor, goal in peers
        ),
        *(
            Case("P5", "Gauss-Newton product with structural damping", where, damped, f"{name}, without damping",
                 Side(f"curvature:{call}", k), floor, goal)
            for call, name, floor, goal in peers
        ),
        Case("P5", f"linearisation and {PRODUCTS} products", where, Side("curvature:ours_in_all", many),
             "double backward, its graphs built", Side("curvature:double_backward_in_all", many)),
        Case("P6", "Gauss-Newton product, in gradients", where, ours, "our gradient of that batch", gradient, 1.6, 1.25,
             OWN, inverse=True),
        Case("P6", "Gauss-Newton product with structural damping, in gradients", where, damped,
             "our gradient of that batch", gradient, 1.6, 1.25,
             OWN, inverse=True),
        Case("P6", "linearisation, in gradients", where, Side("curvature:ours_linearisation", k),
             "our gradient of that batch", gradient, environments=OWN, inverse=True),
    ]  # fmt: skip


def _reservoirs(n: Callable[[int], int]) -> list[Case]:
    goals = {100: (50.0, 90.0), 500: (18.0, 35.0), 1000: (14.0, 25.0)}
    steps, batch = n(100), n(1000)
    timed = max(1, batch // 50)
    found = []
    for dtype, kinds in (("float32", goals), ("float64", dict.fromkeys(goals, (None, None)))):
        for units, (floor, goal) in kinds.items():
            k = {"steps": steps, "batch": batch, "hidden": n(units)}
            peer = Side("reservoirs:reservoirpy", k | {"sequences": timed}, batch / timed)
            found.append(
                Case("P7", f"ESN states, {dtype}", f"N={k['hidden']} T={steps} B={batch}",
                     Side("reservoirs:ours", k | {"dtype": dtype}), "reservoirpy, sparse float64", peer, floor, goal,
                     note=f"reservoirpy timed on {timed} sequences, times {batch / timed:g}")
            )  # fmt: skip
    return found
