"""How recorded rows stand to the package as it is now: their digest, beside that which the same spec has today.

The spec of a row names its task, lag, method and settings. Resolved today, it has the digest of the row unless a
numerics version, a setting of the recipe or the source of a plug-in has changed since.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from longlag import protocol, registry
from longlag.engine import verify
from longlag.engine.spec import resolve_elsewhere
from longlag.errors import LonglagError
from longlag.store.records import Row
from longlag.store.specs import base_method, differences

Recipe = tuple[str, str, int, str, str]  # method, task, lag, spec and digest of rows: seeds share them
PROTOCOL = "protocol"


@dataclass(frozen=True)
class Version:
    """Something with another numerics version than the rows have. kind: "methods", "tasks" or "protocol"."""

    kind: str
    name: str
    recorded: int
    now: int


@dataclass(frozen=True)
class Standing:
    """What sets a row apart from one of today; nothing of a row with today's digest.

    versions: those that differ. settings: each path in the spec with the values recorded and today, where no version
    differs. unknown: why there is no digest of today to compare with; empty if there is one.
    """

    versions: tuple[Version, ...] = ()
    settings: tuple[tuple[str, object, object], ...] = ()
    unknown: str = ""

    @property
    def older(self) -> bool:
        """Whether training gives another digest today."""
        return bool(self.versions or self.settings)


def recipe(row: Row) -> Recipe:
    """What the standing of a row depends on."""
    return row.method, row.task, row.lag, row.spec, row.spec_hash


def of(rows: Iterable[Row]) -> dict[Recipe, Standing]:
    """The standing of each recipe of some rows. Each is worked out once, whatever the number of its seeds."""
    return {key: _of(row) for key, row in {recipe(row): row for row in rows}.items()}


def _of(row: Row) -> Standing:
    if not row.spec_hash:
        return Standing(unknown="the row has none: its job was killed or failed")
    method = base_method(row.spec, row.method)
    for kind, name in (("methods", method), ("tasks", row.task)):
        if name not in registry.names(kind):
            what = kind.removesuffix("s")
            return Standing(unknown=f"{what} {name!r} is not here; if it is a plug-in, add --plugin FILE")
    versions = (
        Version("methods", method, row.method_version, registry.get("methods", method).version),
        Version("tasks", row.task, row.task_version, registry.get("tasks", row.task).version),
        Version(PROTOCOL, PROTOCOL, row.protocol_version, protocol.VERSION),
    )
    if other := tuple(each for each in versions if each.recorded != each.now):
        return Standing(other)
    try:
        setup = resolve_elsewhere(verify.spec_of(row))
    except LonglagError as error:
        return Standing(unknown=str(error))
    if setup.spec_hash == row.spec_hash:
        return Standing()
    changed = tuple(differences(row.spec, setup.spec_json))
    return Standing(settings=changed or (("spec_hash", row.spec_hash, setup.spec_hash),))
