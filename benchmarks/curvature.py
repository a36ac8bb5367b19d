"""P5, P6: one Gauss-Newton product J'HJv of a tanh net under squared error, activations cached where a peer can.

The timing excludes what is computed once per parameter vector (our Jacobian or tape, the peers' kept graphs), because
conjugate gradients use tens of products at the same parameters. A separate row includes it with twenty products.
torch.func and curvlinops linearise in every product. With structural damping (`hf`), ours goes through time.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np
import torch
from torch import Tensor

from benchmarks.arm import Arm, Arrays, Missing
from benchmarks.problem import Net, Problem, direction, first, from_torch, named, objective, problem


def ours(steps: int, batch: int, hidden: int, replicas: int = 1, device: str = "cpu", structural: float = 0.0) -> Arm:
    """`Objective.gauss_newton`; all replicas in one product."""
    p = problem("tanh", steps, batch, hidden, replicas).to(device)
    v = direction(p)
    with torch.no_grad():
        operator = objective(p).gauss_newton(p.params, structural)
    product: dict[str, Tensor] = {}

    def work() -> None:
        with torch.no_grad():
            product.update(operator(v))

    return Arm(work, lambda: first(product))


def ours_in_all(steps: int, batch: int, hidden: int, products: int) -> Arm:
    """The linearisation and `products` products."""
    p = problem("tanh", steps, batch, hidden)
    v, oracle = direction(p), objective(p)
    product: dict[str, Tensor] = {}

    def work() -> None:
        with torch.no_grad():
            operator = oracle.gauss_newton(p.params)
            for _ in range(products):
                product.update(operator(v))

    return Arm(work, lambda: first(product))


def ours_gradient(steps: int, batch: int, hidden: int) -> Arm:
    """The library's gradient of the same batch, the unit of P6."""
    p = problem("tanh", steps, batch, hidden)
    oracle, gradient = objective(p), {}

    def work() -> None:
        with torch.no_grad():
            gradient.update(oracle.value_and_grad(p.params)[1])

    return Arm(work, lambda: first(gradient))


def ours_linearisation(steps: int, batch: int, hidden: int) -> Arm:
    """What is cached once per parameter vector."""
    p = problem("tanh", steps, batch, hidden)
    oracle = objective(p)

    def work() -> None:
        with torch.no_grad():
            oracle.gauss_newton(p.params)

    return Arm(work)


def torch_func(steps: int, batch: int, hidden: int) -> Arm:
    """torch.func: jvp, the Hessian 2 / n of the mean squared error, vjp."""
    p = problem("tanh", steps, batch, hidden)
    net, x = Net("tanh", p.params), p.x[0]
    params, v = {name: value.detach() for name, value in net.named_parameters()}, named(net, direction(p))
    product: dict[str, Tensor] = {}

    def outputs(q: dict[str, Tensor]) -> Tensor:
        return torch.func.functional_call(net, q, (x,))

    def work() -> None:
        z, jv = torch.func.jvp(outputs, (params,), (v,))  # type: ignore[misc]
        pullback = torch.func.vjp(outputs, params)[1]
        product.update(pullback(2 / z.numel() * jv)[0])

    return Arm(work, lambda: from_torch(product))


def double_backward(steps: int, batch: int, hidden: int, replicas: int = 1, device: str = "cpu") -> Arm:
    """Autograd with every graph kept; replicas one after the other."""
    p = problem("tanh", steps, batch, hidden, replicas).to(device)
    v = direction(p)
    operators = [kept_graph(p, v, r) for r in range(replicas)]
    products: list[dict[str, Tensor]] = [{} for _ in range(replicas)]

    def work() -> None:
        for r, operator in enumerate(operators):
            products[r] = operator()

    return Arm(work, lambda: from_torch(products[0]))


def double_backward_in_all(steps: int, batch: int, hidden: int, products: int) -> Arm:
    """Both graphs and `products` products."""
    p = problem("tanh", steps, batch, hidden)
    v = direction(p)
    product: dict[str, Tensor] = {}

    def work() -> None:
        operator = kept_graph(p, v, 0)
        for _ in range(products):
            product.update(operator())

    return Arm(work, lambda: from_torch(product))


def kept_graph(p: Problem, v: dict[str, Tensor], r: int) -> Callable[[], dict[str, Tensor]]:
    """The product with replica r's v: J v is the derivative of w -> J'w. Both graphs are kept."""
    net = Net(p.cell, p.params, r)
    params, along = dict(net.named_parameters()), tuple(named(net, v, r).values())
    with torch.backends.cudnn.flags(enabled=False):  # its kernels cannot be differentiated twice
        z = net(p.x[r])
        w = torch.zeros_like(z, requires_grad=True)
        pulled = torch.autograd.grad(z, tuple(params.values()), w, create_graph=True)

    def product() -> dict[str, Tensor]:
        (jv,) = torch.autograd.grad(pulled, w, along, retain_graph=True)
        parts = torch.autograd.grad(z, tuple(params.values()), 2 / z.numel() * jv, retain_graph=True)
        return dict(zip(params, parts, strict=True))

    return product


def curvlinops(steps: int, batch: int, hidden: int) -> Arm:
    """curvlinops' GGNLinearOperator on an nn.RNN."""
    try:
        package = import_module("curvlinops")
    except ImportError as error:
        raise Missing(f"curvlinops cannot be imported ({error}); `make bench-peers` installs it") from error
    p = problem("tanh", steps, batch, hidden)
    net = Net("tanh", p.params)
    params = dict(net.named_parameters())
    operator = package.GGNLinearOperator(
        net,
        torch.nn.MSELoss(),
        list(params.values()),
        [(p.x[0], p.y[0, 0])],
        check_deterministic=False,
        num_data=batch,
        batch_size_fn=lambda x: x.shape[1],
    )
    v = list(named(net, direction(p)).values())
    product: dict[str, Tensor] = {}

    def work() -> None:
        product.update(zip(params, operator @ v, strict=True))

    return Arm(work, lambda: from_torch(product))


def hessianfree(steps: int, batch: int, hidden: int) -> Arm:
    """hessianfree 0.4.0 (2017): RNNet.calc_G, numpy by hand, float32.

    Its loss is summed over the batch, halved, and counts at every step; its second derivative is set to zero at all
    but the last. Its start state is a trained bias; here it is zero and fixed.
    """
    try:
        package = import_module("hessianfree")
    except ImportError as error:
        raise Missing(f"hessianfree cannot be imported ({error}); `make bench-peers` installs it") from error
    p = problem("tanh", steps, batch, hidden)
    nl = package.nl
    net: Any = package.RNNet([p.x.shape[-1], hidden, 1], layers=[nl.Linear(), nl.Tanh(), nl.Linear()])
    net.W, v = _flat(net, first(p.params)), _flat(net, first(direction(p)))
    x = np.ascontiguousarray(p.x[0].numpy().transpose(1, 0, 2))  # [B, T, X]
    net.cache_minibatch(x, np.zeros((batch, steps, 1), dtype=np.float32))
    net.d2_loss[-1][:, :-1] = 0
    out = np.zeros_like(net.W)

    def answer() -> Arrays:
        return {name: 2 * part for name, part in _parts(net, out).items()}

    return Arm(lambda: net.calc_G(v, out=out), answer)


def _parts(net: Any, flat: np.ndarray) -> dict[str, np.ndarray]:
    """Views of a parameter vector of hessianfree by longlag's names."""
    (w_xh, b_h), (w_hy, b_y) = net.get_weights(flat, (0, 1)), net.get_weights(flat, (1, 2))
    return {"W_xh": w_xh, "W_hh": net.get_weights(flat, (1, 1))[0], "b_h": b_h, "W_hy": w_hy, "b_y": b_y}


def _flat(net: Any, values: Arrays) -> np.ndarray:
    flat = np.zeros(len(net.W), dtype=np.float32)
    for name, part in _parts(net, flat).items():
        part[...] = values[name]
    return flat
