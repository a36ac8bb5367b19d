"""Claims measured one after the other, or side by side in processes of their own; the numbers are the same."""

from __future__ import annotations

import hashlib
import os
import signal
import threading
import time
import traceback
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict
from functools import cache
from multiprocessing import active_children, get_context, parent_process
from pathlib import Path
from typing import Any

import numpy as np
import torch

from longlag import __version__, environment, lecture
from longlag.errors import LonglagError
from longlag.lecture.base import to_json


def measured(slugs: Sequence[str], seeds: Sequence[int], cores: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yields each claim's slug and entry as it is done. The processes end with this call, however it ends.

    Raises:
        LonglagError: the system killed a process.
    """
    if min(cores, len(slugs)) <= 1:
        yield from ((slug, entry(slug, seeds)) for slug in slugs)
        return
    others = active_children()
    with ProcessPoolExecutor(min(cores, len(slugs)), get_context("spawn"), _begin) as pool:
        running = {pool.submit(entry, slug, seeds): slug for slug in slugs}
        try:
            for done in as_completed(running):
                yield running[done], done.result()
        except BrokenProcessPool as error:
            remedy = "if the memory was short, --cores 1 needs the least"
            raise LonglagError(f"a process that measured a claim was killed; {remedy}") from error
        except BaseException:  # interrupted: what is half measured would be thrown away
            for process in active_children():
                if process not in others:
                    process.terminate()
            raise
        finally:
            pool.shutdown(cancel_futures=True)


def _begin() -> None:
    """Prepares a process that measures claims."""
    environment.set_environment()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches it as well; the call ends it
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """Ends this process when the one that started it is gone: it would wait forever for its next claim."""
    if parent := parent_process():
        parent.join()
        os._exit(1)


@cache
def code() -> dict[str, str]:
    """What decides the numbers of a claim besides its seeds: versions, and a digest of this package's files of code,
    texts and data. Claims have no numerics version of their own, so that any change of these files counts."""
    digest, package = hashlib.sha256(), Path(environment.__file__).parent
    for file in sorted(path for path in package.rglob("*") if path.suffix in (".py", ".toml", ".csv")):
        content = file.read_bytes()
        digest.update(len(content).to_bytes(8) + content)
    versions = {"longlag": __version__, "torch": torch.__version__, "numpy": np.__version__}
    return {**versions, "digest": digest.hexdigest()[:16]}


def entry(slug: str, seeds: Sequence[int]) -> dict[str, Any]:
    """The claim, its finding as plain numbers, the CPU seconds it took and its `code`; a bug is an entry without a
    finding."""
    module, started = lecture.get(slug), time.process_time()
    found, error = None, ""
    try:
        found = module.measure(seeds).to_dict()
    except Exception as bug:
        traceback.print_exc()
        error = f"{type(bug).__name__}: {bug}"
    seconds = round(time.process_time() - started, 3)
    claim = to_json(asdict(module.CLAIM))
    return {"claim": claim, "finding": found, "error": error, "seconds": seconds, "code": code()}
