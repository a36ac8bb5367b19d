"""Random designs: suites of the house changed at random places, by hypothesis.

A design is refused with a line, or it is a plan that holds together: every run is owed by one job, writing the design
down and reading it again gives the same jobs, and the command takes each job's arguments as they are meant.
"""

from __future__ import annotations

import argparse
import copy
import shlex
import time
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from chaos.tally import Tally
from longlag.cli import build_parser
from longlag.design import suite
from longlag.errors import LonglagError

_CONFIG = Path(__file__).parents[1] / "config"
_MOST_RUNS = 20_000  # of a design whose jobs are looked at one by one
SCALARS = (
    st.none() | st.booleans() | st.integers(-10, 100) | st.integers() | st.floats() | st.text(max_size=8)
    | st.sampled_from(["0:3", "3:0", "0:0", "0:1000001", "1e6", "1e999", "esn", "hf", "adding", "cpu", "cuda:x", "../x",
                       "-x", "optimiser.batch", "nan", "$(reboot)", "a b", "'", "\n", "\x00", "seeds0", "x.py"])
)  # fmt: skip
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
KEYS = st.sampled_from(["suite", "title", "seeds", "lags", "budget", "timeout", "seeds_per_job", "device", "plugins",
                        "methods", "cells", "tasks", "group", "sedes"]) | st.text(max_size=5)  # fmt: skip


@cache
def examples() -> list[dict[str, Any]]:
    """The suites of the house, and a small one with every key."""
    full = {"suite": "full", "title": "All keys", "seeds": "0:4", "lags": [10, 20], "budget": 1e5, "timeout": 60,
            "seeds_per_job": 2, "device": "cpu", "plugins": [],
            "methods": {"hf": {"optimiser.structural_damping": 0.1}},
            "cells": [{"methods": ["hf", "esn"], "tasks": ["adding", "xor"], "group": "both", "lags": [20], "seeds": 3,
                       "budget": 100}, {"methods": ["lstm"], "tasks": ["adding"]}]}  # fmt: skip
    return [
        full,
        *(yaml.safe_load(path.read_text()) for path in sorted(_CONFIG.glob("*.yaml")) if path.stem != "config"),
    ]


@st.composite
def designs(draw: st.DrawFn) -> dict[str, Any]:
    """A suite with one to three changes: a value replaced, a key or an item deleted, added or copied elsewhere."""
    config = copy.deepcopy(draw(st.sampled_from(examples())))
    for _ in range(draw(st.integers(1, 3))):
        places = [*_places(config)]
        holder, key = draw(st.sampled_from(places))
        change = draw(st.sampled_from(["replace", "delete", "add", "copy"]))
        if change == "replace":
            holder[key] = draw(VALUES)
        elif change == "delete":
            del holder[key]
        elif change == "add" and isinstance(holder, dict):
            holder[draw(KEYS)] = draw(VALUES)
        elif change == "add":
            holder.insert(key, draw(VALUES))
        else:
            other, name = draw(st.sampled_from(places))
            holder[key] = copy.deepcopy(other[name])
        if not config:
            break
    return config


def _places(value: Any) -> Any:
    """Every (mapping, key) and (list, index) of a nested value."""
    for key in [*value] if isinstance(value, dict) else range(len(value)):
        yield value, key
        if isinstance(value[key], dict | list):
            yield from _places(value[key])


def campaign(folder: Path, n: int, key: int, deadline: float) -> Tally:
    """Tries n designs. folder: is not needed."""
    tally = Tally("mutated designs")

    @seed(key)
    @settings(
        max_examples=n, database=None, deadline=None, phases=[Phase.generate], suppress_health_check=[*HealthCheck]
    )
    @given(config=designs())
    def one(config: dict[str, Any]) -> None:
        if time.monotonic() > deadline:
            return
        try:
            tally.add(look(config))
        except AssertionError as error:
            tally.fault(f"{config!r} makes a plan that does not hold together: {error}")
        except Exception as error:
            tally.crash(repr(config), error)

    one()
    return tally


@cache
def _parser() -> argparse.ArgumentParser:
    return build_parser()


def look(config: dict[str, Any]) -> str:
    """Reads a design and, if it is accepted, checks the plan."""
    try:
        plan = suite.parse(config)
    except LonglagError as error:
        if len(str(error).splitlines()) != 1:
            raise AssertionError(f"an error of several lines: {error}") from error
        return "refused in a line"
    again = suite.parse(yaml.safe_load(plan.to_json()))
    assert again.jobs == plan.jobs, "written down and read again it is another plan"
    runs = [key for job in plan.jobs for key in job.runs()]
    assert len(runs) == len(set(runs)), "a run is owed twice"
    if len(runs) > _MOST_RUNS:
        return "accepted (large)"
    folders = [job.folder for job in plan.jobs]
    assert len(folders) == len(set(folders)), "two jobs write one file"
    parser = _parser()
    for job in plan.jobs[:20]:
        args = parser.parse_args(["ladder", *shlex.split(job.arguments()), "--out", "runs.csv"])
        asked = (
            tuple(args.task),
            tuple(args.lags),
            tuple(args.seeds),
            args.budget,
            args.device,
            args.variant or args.method,
        )
        meant = (job.tasks, job.lags, tuple(job.seeds), float(job.budget), job.device, job.method)
        assert asked == meant, f"the command reads {asked}, the plan means {meant}"
        assert not job.folder.is_absolute()
        assert ".." not in job.folder.parts
    return "accepted"
