"""`longlag.esn` side by side with reservoirpy and scikit-learn: error and CPU seconds, medians over seeds.

    python -m benchmarks.estimators

writes results/benchmarks/estimators.csv and the table of docs/reservoirs.md. Both sides have one thread, the same
settings (units, spectral radius, leak, scales, connections) and the same candidates of the ridge penalty; each draws
its own reservoir, and chooses the penalty on the last fifth of its training data, or by the leave-one-out error of
scikit-learn's RidgeClassifierCV. Sides take turns in one process.

- mackey_glass: 3,000 steps of one series. Error of the next value on 2,000 later steps, and after a free run of 84
  steps from 20 places, as root mean squares in deviations of the series.
- digits: scikit-learn's 1,797 images, read row by row (8 steps of 8 pixels); share wrong on 597 of them.
"""

from __future__ import annotations

import argparse
import csv
import re
import time
from collections.abc import Callable, Sequence
from importlib import import_module
from statistics import median
from typing import Any

import numpy as np

from benchmarks.arm import Missing
from benchmarks.harness import ROOT, Worker

OUT, PAGE = ROOT / "results/benchmarks/estimators.csv", ROOT / "docs/reservoirs.md"
SEEDS = 5
PENALTIES = [10.0**k for k in range(-16, 1)]
SERIES = {"units": 500, "spectral_radius": 0.9, "leak": 0.8, "input_scale": 0.2, "bias_scale": 0.2, "connections": 10}
IMAGES = {"units": 300, "spectral_radius": 0.9, "leak": 0.7, "input_scale": 0.2, "bias_scale": 0.2, "connections": 10}
TRAINED, TESTED, WASHOUT, AHEAD, PLACES, WARM_UP = 3000, 2000, 100, 84, 20, 200
Answer = dict[str, float]  # what -> error or CPU seconds


def mackey_glass(steps: int) -> np.ndarray:
    """dx/dt = 0.2 x(t - 17) / (1 + x(t - 17)^10) - 0.1 x, Euler steps of 0.1, each tenth kept, after a transient."""
    delay, x = 170, [1.2] * 171
    for _ in range(10 * (steps + 100)):
        x.append(x[-1] + 0.1 * (0.2 * x[-1 - delay] / (1 + x[-1 - delay] ** 10) - 0.1 * x[-1]))
    return np.array(x[delay + 1 :: 10])[100:, None]


def ours_series(seed: int) -> Answer:
    esn, s, places = import_module("longlag.esn"), *series()
    begun = time.process_time()
    net = esn.EchoStateNetwork(**SERIES, penalty=PENALTIES, washout=WASHOUT, random_state=seed)
    net.fit([s[:TRAINED]], [s[1 : TRAINED + 1]])
    fitted = time.process_time()
    next_value = net.predict([s[TRAINED - WARM_UP : -AHEAD - 1]])[0][WARM_UP:]
    predicted = time.process_time()
    free = [net.generate(AHEAD, s[p - WARM_UP : p])[-1] for p in places]
    return judged(s, next_value, free, places) | seconds(begun, fitted, predicted, time.process_time())


def peer_series(seed: int) -> Answer:
    """reservoirpy as its documentation uses it: Reservoir >> Ridge; the penalty chosen on states that are run once."""
    nodes, s, places = peer("reservoirpy.nodes"), *series()
    begun = time.process_time()
    reservoir = peer_reservoir(nodes, SERIES, seed)
    states, y = reservoir.run(s[:TRAINED])[WASHOUT:], s[1 + WASHOUT : TRAINED + 1]
    split = len(y) * 4 // 5

    def held_out(penalty: float) -> float:
        readout = nodes.Ridge(ridge=penalty).fit(states[:split], y[:split])
        return float(np.square(readout.run(states[split:]) - y[split:]).mean())

    readout = nodes.Ridge(ridge=min(PENALTIES, key=held_out)).fit(states, y)
    model = reservoir >> readout
    fitted = time.process_time()
    reservoir.reset()
    next_value = model.run(s[TRAINED - WARM_UP : -AHEAD - 1])[WARM_UP:]
    predicted = time.process_time()
    free = []
    for p in places:
        reservoir.reset()
        x = model.run(s[p - WARM_UP : p])[-1]
        for _ in range(AHEAD - 1):
            x = model(x)
        free.append(x)
    return judged(s, next_value, free, places) | seconds(begun, fitted, predicted, time.process_time())


def series() -> tuple[np.ndarray, Sequence[int]]:
    """The series, and the places where free runs begin."""
    s = mackey_glass(TRAINED + TESTED + AHEAD + 1)
    s = (s - s[:TRAINED].mean()) / s[:TRAINED].std()
    return s, range(TRAINED, TRAINED + TESTED, TESTED // PLACES)


def judged(s: np.ndarray, next_value: np.ndarray, free: Sequence[np.ndarray], places: Sequence[int]) -> Answer:
    deviation, true = s.std(), s[TRAINED + 1 :][: len(next_value)]
    later = np.array([s[p + AHEAD - 1] for p in places])
    return {
        "error of the next value": float(np.sqrt(np.square(next_value - true).mean()) / deviation),
        f"error after {AHEAD} free steps": float(np.sqrt(np.square(np.array(free) - later).mean()) / deviation),
    }


def seconds(begun: float, fitted: float, predicted: float, ended: float) -> Answer:
    return {"fit": fitted - begun, f"predict {TESTED:,} steps": predicted - fitted, "free runs": ended - predicted}


def ours_digits(seed: int) -> Answer:
    esn, (train, test, labels, truth) = import_module("longlag.esn"), digits()
    begun = time.process_time()
    net = esn.EchoStateClassifier(**IMAGES, penalty=PENALTIES, random_state=seed).fit(train, labels)
    fitted = time.process_time()
    found = net.predict(test)
    ended = time.process_time()
    return {"share wrong": float((found != truth).mean()), "fit": fitted - begun, "predict 597 images": ended - fitted}


def peer_digits(seed: int) -> Answer:
    """reservoirpy's last states, and scikit-learn's ridge classifier of them."""
    nodes, linear = peer("reservoirpy.nodes"), import_module("sklearn.linear_model")
    train, test, labels, truth = digits()
    begun = time.process_time()
    reservoir = peer_reservoir(nodes, IMAGES, seed)
    mean, deviation = train.mean((0, 1)), train.std((0, 1))
    scale = np.where(deviation > 0, deviation, 1)

    def last(images: np.ndarray) -> np.ndarray:
        states = []
        for image in (images - mean) / scale:
            if reservoir.initialized:
                reservoir.reset()
            states.append(reservoir.run(image)[-1])
        return np.array(states)

    readout = linear.RidgeClassifierCV(alphas=PENALTIES).fit(last(train), labels)
    fitted = time.process_time()
    found = readout.predict(last(test))
    ended = time.process_time()
    return {"share wrong": float((found != truth).mean()), "fit": fitted - begun, "predict 597 images": ended - fitted}


def digits() -> tuple[np.ndarray, ...]:
    """Training and test images [n, 8, 8], and their labels."""
    images, labels = import_module("sklearn.datasets").load_digits(return_X_y=True)
    images = images.reshape(-1, 8, 8)
    return images[:1200], images[1200:], labels[:1200], labels[1200:]


def peer(module: str) -> Any:
    try:
        return import_module(module)
    except ImportError as error:
        raise Missing(f"{module} cannot be imported ({error}); `make bench-peers` installs it") from error


def peer_reservoir(nodes: Any, settings: dict[str, Any], seed: int) -> Any:
    """A reservoir of the same kind: Gaussian weights, so many connections per unit, the same scales."""
    draw, scaled = peer("reservoirpy.mat_gen"), settings
    return nodes.Reservoir(
        scaled["units"], lr=scaled["leak"], sr=scaled["spectral_radius"], input_scaling=scaled["input_scale"],
        rc_connectivity=scaled["connections"] / scaled["units"], input_connectivity=1.0, W=draw.normal,
        Win=draw.normal(loc=0, scale=1), bias=draw.normal(loc=0, scale=scaled["bias_scale"]), seed=seed,
    )  # fmt: skip


PROBLEMS = {"mackey_glass": ("ours_series", "peer_series"), "digits": ("ours_digits", "peer_digits")}


def measure(ask: Callable[..., Answer], seeds: int) -> list[dict[str, Any]]:
    """Rows: medians over seeds of both sides, and the median of the paired ratios peer / ours."""
    rows = []
    for problem, sides in PROBLEMS.items():
        for side in sides:
            ask(f"estimators:{side}", seed=seeds)  # imports and first calls are not timed
        answers = [[ask(f"estimators:{side}", seed=seed) for side in sides] for seed in range(seeds)]
        for what in answers[0][0]:
            pairs = [[side[what] for side in both] for both in answers]
            rows.append({
                "problem": problem, "what": what, "ours": f"{median(a for a, _ in pairs):.3g}",
                "reservoirpy": f"{median(b for _, b in pairs):.3g}",
                "ratio": f"{median(b / a for a, b in pairs):.3g}", "seeds": seeds,
            })  # fmt: skip
    return rows


def table(rows: Sequence[dict[str, Any]]) -> str:
    """The table of docs/reservoirs.md."""
    lines = ["| problem | what | longlag | reservoirpy | reservoirpy / longlag |", "|---|---|---|---|---|"]
    for row in rows:
        unit = "" if re.search("error|wrong", row["what"]) else ", CPU seconds"
        names = row["problem"].replace("_", " "), row["what"] + unit
        lines.append(f"| {' | '.join([*names, row['ours'], row['reservoirpy'], row['ratio']])} |")
    return "\n".join(lines)


def with_table(page: str, rows: Sequence[dict[str, Any]]) -> str:
    marks = re.compile(r"(<!-- benchmarks.estimators -->\n).*?(<!-- end -->)", flags=re.S)
    return marks.sub(lambda found: f"{found[1]}{table(rows)}\n{found[2]}", page)


def main() -> None:
    with Worker("default") as worker:
        rows = measure(worker.ask, SEEDS)
    with open(OUT, "w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    PAGE.write_text(with_table(PAGE.read_text(), rows))
    print(table(rows))


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()  # --help runs nothing
    main()
