"""Hessian-Free for anybody's torch modules and loops: `HessianFree(model.parameters(), loss=nn.CrossEntropyLoss())`."""

from longlag.torch_optim.optimizer import HessianFree

__all__ = ["HessianFree"]
