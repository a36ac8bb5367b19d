"""Named random streams: what is drawn depends on (seed, purpose, step) and on nothing else.

A stream is a Philox counter generator whose key is a digest of its names, so that neither the grouping of seeds into
jobs, nor the method, nor what was drawn before can change it.
"""

from __future__ import annotations

import hashlib
import operator

import numpy as np


def stream(seed: int, *names: str | int) -> np.random.Generator:
    """The generator of that seed and those names.

    >>> int(stream(0, "train", 1).integers(100))  # always
    62
    """
    names = tuple(str(name) if isinstance(name, str) else operator.index(name) for name in names)  # numpy's read alike
    digest = hashlib.blake2b(repr((operator.index(seed), *names)).encode(), digest_size=16).digest()
    return np.random.Generator(np.random.Philox(key=np.frombuffer(digest, dtype=np.uint64)))
