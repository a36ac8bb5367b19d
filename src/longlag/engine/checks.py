"""What a checkpoint must say to be believed: kinds, names and counts, all of which are known from the spec.

A right checksum says that a file is what somebody wrote, not that it is what this spec writes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np

from longlag.engine import gradient_flow
from longlag.engine.codec import Unfit
from longlag.engine.provenance import DIGITS_DEPEND_ON, provenance
from longlag.engine.spec import Setup
from longlag.engine.state import BlockState
from longlag.store.curves import check_point
from longlag.store.records import Point

MUST_AGREE = ("longlag", "commit", *DIGITS_DEPEND_ON)  # besides the spec's hash
_KINDS = {"seeds": list, "active": list, "saved": int, "points": list, "state": dict}
_COUNTS = ("updates", "evaluated", "confirmations", "drawn", "last_evaluation", "cpu", "wall", "resumed")
_LARGEST = 2**62


def check_header(header: Any, setup: Setup) -> None:
    """Raises Unfit for the header of another spec, machine or format, or of no checkpoint at all."""
    if not isinstance(header, dict):
        raise Unfit("its header is not a mapping")
    here = {"spec_hash": setup.spec_hash, **provenance(setup.spec.device)}
    if missing := [name for name in (*_KINDS, "spec_hash", *MUST_AGREE) if name not in header]:
        raise Unfit(f"its header does not have {', '.join(missing)}")
    if other := [name for name in ("spec_hash", *MUST_AGREE) if header[name] != here[name]]:
        raise Unfit("; ".join(f"{name} is {here[name]} here, not {header[name]}" for name in other))
    if wrong := [name for name, kind in _KINDS.items() if type(header[name]) is not kind]:
        raise Unfit(f"its header's {wrong[0]} is a {type(header[wrong[0]]).__name__}")
    seeds, active = header["seeds"], header["active"]
    if not all(type(seed) is int for seed in (*seeds, *active)) or len({*seeds}) < len(seeds):
        raise Unfit("its header's seeds are not different whole numbers")
    if not {*active} <= {*seeds} or not 0 <= header["saved"] < _LARGEST:
        raise Unfit("its header has seeds or counts that cannot be")


def check_counts(state: BlockState) -> None:
    """Raises Unfit for counts and times that no run can have: negative, or not finite."""
    meter = [getattr(state.meter, f.name).cpu().numpy() for f in fields(state.meter)]
    for count in (*meter, *(np.asarray(getattr(state, name)) for name in _COUNTS)):
        if not ((count >= 0) & (count < _LARGEST)).all():
            raise Unfit("its state has counts or times that cannot be")
    if not state.started.isprintable():
        raise Unfit("its state was started at no time")


def points_before(header: Mapping[str, Any], setup: Setup) -> list[Point]:
    """The points before a checkpoint.

    Raises:
        Unfit: they are another run's, or lack what the spec asks for.
        TypeError, ValueError: they are not points.
    """
    points = [Point(**point) for point in header["points"]]
    for point in points:
        check_point(point)
        if (point.task, point.method, point.lag) != (setup.spec.task, setup.spec.name, setup.spec.lag):
            raise Unfit("its points are of another run")
        if point.seed not in header["seeds"]:
            raise Unfit("its points are of another seed")
    if setup.spec.gradient_flow and not gradient_flow.recorded(points):
        raise Unfit("its points have no gradient flow, which is asked for")
    return points
