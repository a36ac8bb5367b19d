"""longlag: how long a time lag can a recurrent net bridge with each remedy, and at what cost?

The library half works with no Snakemake in sight: `from longlag.optimisers import HessianFree`.
"""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("longlag")
except PackageNotFoundError:  # a source tree on the path, not installed
    __version__ = "0+unknown"
