"""A torch module as a function of its parameters, and the conditions under which it can be differentiated twice.

A forward pass may write into a module's buffers (running statistics, counters). What a trial step wrote must leave
nothing behind, so that every pass gets copies, and what a pass wrote is kept only where the caller says so.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel

from longlag.algebra.randomness import TURN_OFF, Operations, before_each_call, refuse_random, same
from longlag.algebra.threads import Shared, torch_threads, without_notes
from longlag.algebra.tree import Params
from longlag.errors import LonglagError

Buffers = list[tuple[torch.nn.Module, dict[str, Tensor | None]]]  # by module, by name
_LARGE_PARAMETERS = 200_000  # from which on matrix products of a batch are worth a second thread


@dataclass
class Stateless:
    """A module as a function of its trained parameters. What a forward pass writes into its buffers is set aside.

    written: buffers by module, as the last gradient's forward pass left them. repeated: whether two passes were found
    to be equal since `keep`.
    """

    module: torch.nn.Module
    written: Buffers = field(default_factory=list)
    repeated: bool = False

    def tried(self, params: Params, x: Tensor) -> Any:
        """A forward pass that leaves nothing behind: the same with the same parameters, however often it is asked for.

        Raises:
            LonglagError: the module is random. Gradients alone may be those of a random module.
        """
        with before_each_call(refuse_random):
            if not self.repeated:
                self._check_repeats(params, x)
            return self._forward(params, x)[0]

    def trained(self, params: Params, x: Tensor) -> Any:
        """A forward pass whose buffers `keep` will keep."""
        outputs, self.written = self._forward(params, x)
        return outputs

    def keep(self) -> None:
        """Gives the module the buffers that were written."""
        for module, buffers in self.written:
            for name, value in buffers.items():
                own = module._buffers.get(name)
                if own is None or value is None or own.shape != value.shape:
                    module._buffers[name] = value
                else:
                    own.copy_(value)
        self.written, self.repeated = [], False

    def _check_repeats(self, params: Params, x: Tensor) -> None:
        """Raises LonglagError if two passes give different outputs."""
        with torch.no_grad():
            with Operations() as seen:
                first = self._forward(params, x)[0]
            second = self._forward(params, x)[0]
        for one, other in zip(_tensors(first), _tensors(second), strict=False):
            if one.isfinite().all() and not same(one, other, one.device):
                raise LonglagError(
                    f"the model is random: two passes at the same weights gave two outputs{seen.in_brackets()}. "
                    f"{TURN_OFF}, and carry no state from one pass to the next; or take an optimiser that makes no "
                    "trial steps, such as Adam()"
                )
        self.repeated = True

    def _forward(self, params: Params, x: Tensor) -> tuple[Any, Buffers]:
        """What the module returns, and the buffers that it wrote; it gets its own back."""
        own = [(module, dict(module._buffers)) for module in self.module.modules()]
        copies = {
            id(b): b.clone() for _, buffers in own for b in buffers.values() if b is not None
        }  # a shared one once
        try:
            for module, buffers in own:
                module._buffers.update({name: b if b is None else copies[id(b)] for name, b in buffers.items()})
            outputs = torch.func.functional_call(self.module, dict(params), (x,))
            written = [(m, {n: b if b is None else b.detach() for n, b in m._buffers.items()}) for m, _ in own]
        finally:
            for module, buffers in own:
                module._buffers.clear()
                module._buffers.update(buffers)
        return outputs, written


def _tensors(outputs: Any) -> list[Tensor]:
    """The tensors that a module returned, in their order."""
    parts = outputs if isinstance(outputs, tuple | list) else (outputs,)
    return [part for part in parts if isinstance(part, Tensor)]


def threads(params: Params) -> AbstractContextManager[None]:
    """One thread for a small net: its matrix products are too short to be shared, and threads that wait burn time."""
    small = sum(value.numel() for value in params.values()) < _LARGE_PARAMETERS
    return torch_threads(1 if small else None)


@contextmanager
def twice_differentiable() -> Iterator[None]:
    """The recurrent cells of oneDNN and cuDNN, the fused kernels of attention and compiled graphs cannot be
    differentiated twice; plain operations of torch take their place."""
    with _PLAIN_KERNELS.entered():
        yield


@contextmanager
def _plain_kernels() -> Iterator[None]:
    fused = torch.backends.mkldnn.flags, torch.backends.cudnn.flags
    with without_notes(), fused[0](enabled=False), fused[1](enabled=False), sdpa_kernel(SDPBackend.MATH), _uncompiled():
        yield


def _uncompiled() -> AbstractContextManager[Any]:
    """What `torch.compile` made runs as it was written.

    Nothing is to be done before anything was compiled; torch before 2.6 cannot do it, nor can a compiled function.
    """
    set_stance = getattr(torch.compiler, "set_stance", None)
    if set_stance is None or "torch._dynamo" not in sys.modules or torch.compiler.is_compiling():
        return nullcontext()
    stance: AbstractContextManager[Any] = set_stance("force_eager")
    return stance


_PLAIN_KERNELS = Shared(_plain_kernels)
