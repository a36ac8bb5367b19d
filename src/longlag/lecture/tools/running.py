"""Claims measured one after the other, or side by side in processes of their own; the numbers are the same."""

from __future__ import annotations

import time
import traceback
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict
from multiprocessing import get_context
from typing import Any

from longlag import environment, lecture
from longlag.errors import LonglagError
from longlag.lecture.base import to_json


def measured(slugs: Sequence[str], seeds: Sequence[int], cores: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yields each claim's slug and entry as it is done. An interrupted call begins no further claim.

    Raises:
        LonglagError: the system killed a process.
    """
    if min(cores, len(slugs)) <= 1:
        yield from ((slug, entry(slug, seeds)) for slug in slugs)
        return
    with ProcessPoolExecutor(min(cores, len(slugs)), get_context("spawn"), environment.set_environment) as pool:
        running = {pool.submit(entry, slug, seeds): slug for slug in slugs}
        try:
            for done in as_completed(running):
                yield running[done], done.result()
        except BrokenProcessPool as error:
            remedy = "if the memory was short, --cores 1 needs the least"
            raise LonglagError(f"a process that measured a claim was killed; {remedy}") from error
        finally:
            pool.shutdown(cancel_futures=True)


def entry(slug: str, seeds: Sequence[int]) -> dict[str, Any]:
    """The claim, its finding as plain numbers, and the CPU seconds it took; a bug is an entry without a finding."""
    module, started = lecture.get(slug), time.process_time()
    found, error = None, ""
    try:
        found = module.measure(seeds).to_dict()
    except Exception as bug:
        traceback.print_exc()
        error = f"{type(bug).__name__}: {bug}"
    seconds = round(time.process_time() - started, 3)
    return {"claim": to_json(asdict(module.CLAIM)), "finding": found, "error": error, "seconds": seconds}
