"""Sequences whose targets are echoes of their inputs, a chaotic series, and a dense twin of a fitted net."""

import numpy as np

SMALL = {"units": 30, "random_state": 0}
LENGTHS = (30, 12, 12, 50, 21, 33, 40, 18)


def echoes(lengths=LENGTHS, seed=0):
    """Sequences [T, 2], and at each step the first input of two steps before, and both inputs' sum of one before."""
    rng = np.random.default_rng(seed)
    x = [rng.standard_normal((n, 2)) for n in lengths]
    past = [np.concatenate([np.zeros((2, 2)), each]) for each in x]
    return x, [np.stack([p[:-2, 0], p[1:-1].sum(1)], 1) for p in past]


def mackey_glass(steps):
    """The Mackey-Glass equation (tau 17), Euler steps of 0.1, each tenth kept."""
    x = [1.2] * 171
    for _ in range(10 * steps):
        x.append(x[-1] + 0.1 * (0.2 * x[-171] / (1 + x[-171] ** 10) - 0.1 * x[-1]))
    return np.array(x[171::10])


def dense(net, x):
    """The outputs of every step of a fitted net, in a dense loop of its own (the formulas of the papers)."""
    w, s = {name: value[0].numpy() for name, value in net.network_.params.items()}, net._scales
    h, z, outputs = np.zeros(net.units), np.zeros(net.n_outputs_), []
    for u in s.x.standard(x):
        fed = z @ w["W_yh"] if "W_yh" in w else 0
        h = (1 - net.leak) * h + net.leak * np.tanh(h @ w["W_hh"] + u @ w["W_xh"] + w["b_h"] + fed)
        z = (np.concatenate([h, h**2]) if net.features == "quadratic" else h) @ w["W_hy"] + w["b_y"]
        outputs.append(s.y.raw(z))
    return np.array(outputs)
