"""The name that plug-ins import; the code lies in `longlag.algebra.products`."""

from longlag.algebra.products import affine, matmul

__all__ = ["affine", "matmul"]
