"""Losses and gradients of a setup as recorded programs, which a GPU uses (`algebra/captured.py`)."""

from __future__ import annotations

from dataclasses import replace

from torch import Tensor

from longlag.algebra.captured import Captured
from longlag.algebra.tree import Params
from longlag.losses import Loss
from longlag.model import Model
from longlag.objective import Tensors


class CapturedGradient:
    """Loss [R] and gradient of a model on a batch: everything between a drawn batch and the optimiser's update."""

    def __init__(self, model: Model, loss: Loss) -> None:
        self._model, self._loss = model, loss
        self._names = tuple(model.shapes())
        self._captured = Captured(self._flat)
        self._shift: Tensor | None = None

    def __call__(self, params: Params, batch: Tensors) -> tuple[Tensor, dict[str, Tensor]]:
        x = batch.x
        if self._model.shift is not None:
            if self._shift is None:
                self._shift = x.new_tensor(self._model.shift)  # once: a copy from the host waits for the GPU
            x = x - self._shift
        values = [params[name] for name in self._names]
        loss, *gradient = self._captured(*values, x, batch.start, batch.y)
        return loss, dict(zip(self._names, gradient, strict=True))

    def _flat(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        *values, x, start, y = inputs
        tape = replace(self._model, shift=None).tape(dict(zip(self._names, values, strict=True)), x, start)
        outputs = tape.outputs
        gradient = tape.pullback(self._loss.gradient(outputs, y))
        return self._loss.value(outputs, y), *(gradient[name] for name in self._names)
