"""Damage to files of every kind that longlag reads, in one process.

A reader may refuse a damaged file with a line, or take from it nothing but what was written: the same rows, or whole
rows of the beginning where a file was cut between two lines. Anything else is a fault.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from chaos import cached
from chaos.cached import REFUSED, SAME, same
from chaos.tally import Tally, quiet
from longlag import cli
from longlag.design import collect, footprints, suite
from longlag.design.job import Job, Key
from longlag.errors import LonglagError
from longlag.report import claims, images
from longlag.rng import stream
from longlag.store import records
from longlag.store.curves import curves_schema, read_points, write_points
from longlag.store.files import checksum

_HOW = {"truncated": 0.25, "bit flipped": 0.4, "bits flipped": 0.1, "zeros": 0.05, "bytes lost": 0.1,
        "bytes added": 0.05, "noise": 0.05}  # fmt: skip
LESS = "whole rows only"
_DIGEST = "0123456789abcdef"
_DESIGN: dict[str, Any] = {"suite": "tiny", "seeds": "0:2", "lags": [10, 20], "budget": 600, "seeds_per_job": 1,
           "cells": [{"methods": ["esn", "hf"], "tasks": ["adding"]}]}  # fmt: skip


@dataclass(frozen=True)
class Kind:
    """A kind of file: where one lies, and a reader that returns an outcome or raises."""

    name: str
    path: Path
    read: Callable[[], str]


def campaign(folder: Path, n: int, seed: int, deadline: float) -> Tally:
    """Damages files n times, in turn through all kinds."""
    tally, draw = Tally("damaged files"), stream(seed, "chaos", "files")
    kinds = prepared(folder)
    whole = {kind.name: kind.path.read_bytes() for kind in kinds}
    for kind in kinds:
        with quiet():
            assert kind.read() == SAME, f"{kind.name} cannot be read though it is whole"
    for i in range(n):
        if time.monotonic() > deadline:
            break
        kind = kinds[i % len(kinds)]
        how, damaged = damage(whole[kind.name], draw)
        kind.path.write_bytes(damaged)
        what = f"{kind.name}, {how}"
        try:
            with quiet():
                outcome = kind.read()
        except LonglagError:
            outcome = REFUSED
        except AssertionError as error:
            (folder / f"fault{i}").write_bytes(damaged)
            tally.fault(f"{what}: a wrong result was accepted: {error}")
            continue
        except BaseException as error:
            (folder / f"fault{i}").write_bytes(damaged)
            tally.crash(what, error)
            continue
        finally:
            kind.path.write_bytes(whole[kind.name])
        tally.add(f"{kind.name} {outcome}")
    return tally


def damage(data: bytes, draw: np.random.Generator) -> tuple[str, bytes]:
    """One of several kinds of damage, in words and done."""
    changed, at = bytearray(data), int(draw.integers(max(len(data), 1)))
    kind = draw.choice([*_HOW], p=[*_HOW.values()])
    if kind == "truncated":
        changed = changed[:at]
    elif kind == "bit flipped" and data:
        changed[at] ^= 1 << int(draw.integers(8))
    elif kind == "bits flipped" and data:
        for place in draw.integers(len(data), size=8):
            changed[place] ^= 1 << int(draw.integers(8))
    elif kind == "zeros":
        changed[at : at + 512] = bytes(len(changed[at : at + 512]))
    elif kind == "bytes lost":
        del changed[at : at + int(draw.integers(1, 20))]
    elif kind == "bytes added":
        changed[at:at] = draw.bytes(int(draw.integers(1, 20)))
    elif kind == "noise":
        changed = bytearray(draw.bytes(int(draw.integers(2000))))
    return f"{kind} at {at}", bytes(changed)


def prepared(folder: Path) -> list[Kind]:
    """Writes one good file of each kind, and says how it is read."""
    plan = _plan()
    rows = [row for job in plan.jobs for key in job.runs() for row in [_row(job, key)]]
    points = [records.Point("adding", 10, "esn", 0, 1000.0 * k, k, 1 / (k + 1), 0.5, 0.25, 0.125) for k in range(100)]
    runs, curves, design = folder / "runs.csv", folder / "curves.parquet", folder / "tiny.yaml"
    records.write_rows(runs, rows)
    write_points(curves, points)
    design.write_text(json.dumps(_DESIGN, indent=1).replace('"', "'").replace("600", "6.0e+2"))
    for job in plan.jobs:
        own = [row for row in rows if collect.key_of(row) in set(job.runs())]
        records.write_rows(folder / "jobs" / job.folder / "runs.csv", own)
        write_points(folder / "jobs" / job.folder / "curves.parquet", points)
    rung, kept = cached.rung(folder / "rungs")
    kept_state, seen = cached.checkpoint(folder / "checkpoints")
    (folder / "suite.json").write_text(plan.to_json(plan.digests))
    return [
        Kind("runs.csv", runs, lambda: _rows(records.read_rows(runs), rows)),
        Kind("runs.csv in diff", runs, lambda: _verb(["diff", folder, runs], 0)),
        Kind("runs.csv in merge", runs, lambda: _verb(["merge", folder / "out", runs], 0)),
        Kind("curves.parquet", curves, lambda: same(read_points(curves), points)),
        Kind("rung", rung, kept),
        Kind("checkpoint", kept_state, seen),
        Kind("suite.json", folder / "suite.json", lambda: _collected(folder, rows)),
        Kind("suite.yaml", design, lambda: _design(design)),
        Kind("a job's runs.csv", folder / "jobs/esn/adding/seeds0/runs.csv", lambda: _collected(folder, rows)),
        Kind(
            "a job's curves.parquet", folder / "jobs/esn/adding/seeds0/curves.parquet", lambda: _curves(folder, points)
        ),
        *_beside_a_page(folder / "page"),
    ]


def _beside_a_page(folder: Path) -> list[Kind]:
    """What a report and an estimate read: a figure, the lecture's verdicts, the memory of jobs."""
    number = {"name": "rate", "value": 0.125, "low": 0.1, "high": None, "unit": "", "threshold": "", "met": None}
    found = {"verdict": "holds", "plain": "It does.", "summary": "At length.", "caveat": "", "numbers": [number]}
    words = {"number": 1, "slug": "one", "title": "One", "sentence": "A claim."}
    entries = [{"claim": words, "finding": found, "caption": "What to see."}]
    check = checksum([json.dumps(entries)])
    figure, verdicts, memory = folder / "figures/one.png", folder / "lecture.json", folder / "memory.csv"
    figure.parent.mkdir(parents=True)
    picture = Image.fromarray(stream(0, "chaos", "picture").integers(0, 256, (24, 32, 3), dtype=np.uint8))
    picture.save(figure)
    verdicts.write_text(json.dumps({"claims": entries, "check": check}))
    memory.write_text("method,task,lag,megabytes\nlstm,adding,20,249\nhf,adding,20,332\n")
    shown, told, known = images.of_file(figure), claims.read(folder), footprints.read(memory)
    return [
        Kind("figure", figure, lambda: same(images.of_file(figure), shown)),
        Kind("figure in the lecture", figure, lambda: same(claims.read(folder), told)),
        Kind("lecture.json", verdicts, lambda: same(claims.read(folder), told)),
        Kind("memory.csv", memory, lambda: SAME if footprints.read(memory) == known else "another guess"),
    ]


def _plan() -> suite.Suite:
    """The design, with a stand-in for the digests of its runs."""
    plan = suite.parse(_DESIGN)
    lags: dict[str, str | None] = {str(lag): _DIGEST for lag in _DESIGN["lags"]}
    return replace(plan, digests={str(job.folder): dict.fromkeys(job.tasks, lags) for job in plan.jobs})


def _row(job: Job, key: Key) -> records.Row:
    known: dict[str, Any] = {
        "status": "solved",
        "solved": True,
        "spec_hash": _DIGEST,
        "spec": '{"overrides": {}}',
        "passes": 9.0,
        "seconds": 1.0,
    }
    return replace(collect.error_row(job, key, ""), test_error=0.001 * key[2], **known)


def _rows(found: list[records.Row], written: list[records.Row]) -> str:
    expected = sorted(map(repr, written))
    assert sorted(map(repr, found)) == expected or len(found) < len(written), "other rows"
    assert set(map(repr, found)) <= set(expected), "a row that was not written"
    return SAME if len(found) == len(written) else LESS


def _verb(words: list[object], expected: int) -> str:
    """A verb of the command ends well, or with a line."""
    code = cli.main([str(word) for word in words])
    assert code in (expected, 2), f"exit code {code}"
    return REFUSED if code == 2 else SAME


def _design(path: Path) -> str:
    return SAME if suite.read(path).jobs == suite.parse(_DESIGN).jobs else "another design, checked"


def _collected(folder: Path, written: list[records.Row]) -> str:
    """What is collected is what was written, or an error row in its place."""
    rows, _ = collect.collect(suite.read(folder / "suite.json"), folder / "jobs", lambda note: None)
    alive = [row for row in rows if row.status != records.Status.ERROR]
    return _rows(alive, written)


def _curves(folder: Path, written: list[records.Point]) -> str:
    """The curves that are collected are those that were written, or none."""
    _, table = collect.collect(suite.read(folder / "suite.json"), folder / "jobs", lambda note: None)
    own = [point for point in table.select(curves_schema().names).to_pylist() if point["seed"] == 0]
    return same(own, [_plain(point) for point in written]) if own else REFUSED


def _plain(point: records.Point) -> dict[str, Any]:
    return {name: getattr(point, name) for name in curves_schema().names}
