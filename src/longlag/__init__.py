"""longlag: which remedy carries a recurrent net how far across time, and at what cost?

The library half works with no Snakemake in sight: `from longlag.optimisers import HessianFree`.
"""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("longlag")
except PackageNotFoundError:  # a source tree on the path, not installed
    __version__ = "0+unknown"
