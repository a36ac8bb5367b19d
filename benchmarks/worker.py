"""A process with one environment that builds arms and times them on request, one line of JSON at a time.

    python -m benchmarks.worker ours|default

`ours` is the job environment of longlag; `default` sets one thread and nothing else. The choice must be made before
numpy and torch are imported, hence a process. Workers take turns, so that only one computes at a time. Times are
process CPU seconds.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

PEERS = Path(sys.prefix) / "peers"  # `make bench-peers` installs there: never among what longlag depends on


def serve() -> None:
    """Answers requests {"do": verb, ...} on standard input until it closes."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what peers print must not be taken for an answer
    arms: dict[str, Any] = {}
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = VERBS[request.pop("do")](arms, **request)
        except Exception as error:
            if type(error).__name__ != "Missing":
                traceback.print_exc()
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), file=answers, flush=True)


def build(arms: dict[str, Any], key: str, call: str, kwargs: dict[str, Any]) -> dict[str, Any]:
    """Builds an arm and runs it once."""
    arms[key] = function(call)(**kwargs)
    return {"seconds": _seconds(arms[key], 1)}


def measure(arms: dict[str, Any], key: str, times: int) -> dict[str, Any]:
    """Seconds of one piece of work, averaged over `times`."""
    return {"seconds": _seconds(arms[key], times)}


def drop(arms: dict[str, Any]) -> dict[str, Any]:
    """Drops all arms."""
    arms.clear()
    return {}


def ask(arms: dict[str, Any], call: str, kwargs: dict[str, Any]) -> dict[str, Any]:
    """The value of a function: a measurement that is not a time."""
    return {"value": function(call)(**kwargs)}


def _seconds(arm: Any, times: int) -> float:
    begun = arm.clock()
    for _ in range(times):
        arm.work()
    return (arm.clock() - begun) / times


def function(call: str) -> Any:
    """ "updates:ours" -> benchmarks.updates.ours."""
    module, name = call.split(":")
    return getattr(importlib.import_module(f"benchmarks.{module}"), name)


VERBS: dict[str, Callable[..., dict[str, Any]]] = {"build": build, "measure": measure, "drop": drop, "ask": ask}


def prepare(environment: str) -> None:
    """Before any import of numpy or torch."""
    if environment == "ours":
        from longlag import environment as job

        job.set_environment()
        from longlag.engine import denormals

        denormals.flush()
    sys.path.append(str(PEERS))
    warnings.simplefilter("ignore")  # peers warn of numpy and torch at import


if __name__ == "__main__":
    prepare(sys.argv[1])
    serve()
