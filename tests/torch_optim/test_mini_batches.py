"""Mini-batches that are one large batch together, and loaders as the source of batches."""

import torch
from nets import T, X, classes, normal, problem, weights
from torch.utils.data import DataLoader, TensorDataset


def test_a_loader_is_a_large_batch_and_a_source_of_batches():
    """Few iterations: in a hundred, CG magnifies the rounding of sums that are cut differently."""
    net, opt, closure = problem(cg_iterations=9)
    data = TensorDataset(normal(40, T, X), classes(40))
    split, other, _ = problem(cg_iterations=9)
    for _ in range(3):
        opt.step(closure)
        loss = other.step(lambda x, y: (split(x), y), DataLoader(data, batch_size=16))
    torch.testing.assert_close(weights(split), weights(net), rtol=1e-6, atol=1e-8)
    for x, y in DataLoader(data, batch_size=20):
        loss = other.step(lambda x=x, y=y: (split(x), y))
    assert loss.isfinite()
    assert other.info["passes"] >= 4 * other.info["cg_iterations"]


def test_curvature_of_the_first_mini_batches_costs_less():
    net, opt, _ = problem(curvature_batches=1)
    batches = [(normal(40, T, X, seed=k), classes(40, seed=k)) for k in range(4)]
    found = [float(opt.step(lambda x, y: (net(x), y), batches)) for _ in range(4)]
    assert found[-1] < found[0]
    assert opt.info["passes"] < 2 * opt.info["cg_iterations"]


def test_batches_of_other_kinds_than_pairs():
    net, opt, _ = problem()
    batches = [{"x": normal(9, T, X), "y": classes(9)}]
    assert opt.step(lambda batch: (net(batch["x"]), batch["y"]), batches).isfinite()
