"""One job of a suite: a process that trains one method on some tasks, with a chunk of seeds, up a ladder of lags."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from longlag import protocol
from longlag.store.records import Key

MOST_NAMES = 4  # of the tasks in a title


@dataclass(frozen=True)
class Job:
    """One call of `longlag ladder`: what it trains, and the names of its folder."""

    method: str  # its name in the records
    group: str
    chunk: int
    tasks: tuple[str, ...]
    lags: tuple[int, ...]
    seeds: range
    budget: float  # sequence passes per seed and lag
    timeout: float | None  # wall-clock seconds per rung
    device: str
    settings: Mapping[str, Any]  # dotted path of a part of the method -> value; `TASK:path` for one task
    plugins: tuple[str, ...]
    flow: bool = False  # gradient flow is recorded with the curves
    base: str = ""  # the method of which `method` is a variant; "" if it is none
    rules: Mapping[str, Any] = field(default_factory=dict)  # those of a paper, by name
    candidate: int | None = None  # of a search: a point of the method's declared space; 0 is its recipe
    stop: str = protocol.STOPS[0]  # when a run ends

    @property
    def folder(self) -> Path:
        """The folder of the job's files, relative to the folder of all jobs."""
        return Path(self.method) / self.group / f"seeds{self.chunk}"

    @property
    def entry(self) -> str:
        """The method as estimates and errors list it: the candidates of a search are one with it."""
        return self.method if self.candidate is None else self.base

    @property
    def title(self) -> str:
        """What the job trains, for people. It names tasks: the name of a group is a word of the suite's author."""
        named = ", ".join(self.tasks[:MOST_NAMES])
        more = f" and {len(self.tasks) - MOST_NAMES} more tasks" if len(self.tasks) > MOST_NAMES else ""
        first, last = self.seeds[0], self.seeds[-1]
        return f"{self.method} on {named}{more}, {f'seed {first}' if first == last else f'seeds {first} to {last}'}"

    def runs(self) -> Iterator[Key]:
        """The keys of the rows that this job must write."""
        return ((t, self.method, lag, seed) for t in self.tasks for lag in self.lags for seed in self.seeds)

    def arguments(self) -> str:
        """The flags of `longlag ladder` that decide what the job computes, quoted for a shell."""
        words = ["--method", self.base, "--variant", self.method] if self.base else ["--method", self.method]
        for task in self.tasks:
            words += ["--task", task]
        words += ["--lags", ",".join(map(str, self.lags))]
        words += ["--seeds", f"{self.seeds.start}:{self.seeds.stop}"]
        words += ["--budget", _text(self.budget), "--device", self.device]
        words += ["--timeout", _text(self.timeout)] if self.timeout is not None else []
        words += ["--stop", self.stop] if self.stop != protocol.STOPS[0] else []
        words += ["--gradient-flow"] if self.flow else []
        words += [word for name, value in sorted(self.rules.items()) for word in ("--rule", f"{name}={_text(value)}")]
        words += ["--candidate", str(self.candidate)] if self.candidate is not None else []
        for assignment in self.assignments():
            words += ["--set", assignment]
        return shlex.join(words + plugin_flags(self.plugins))

    def assignments(self) -> list[str]:
        """The settings as `--set` takes them."""
        return [f"{path}={_text(value)}" for path, value in sorted(self.settings.items())]


def candidate_name(method: str, candidate: int) -> str:
    """The name of a candidate in the records.

    >>> candidate_name("lstm", 7)
    'lstm-07'
    """
    return f"{method}-{candidate:02d}"


def in_words(key: Key) -> str:
    """A run as errors name it."""
    return "{} with {} at lag {}, seed {}".format(*key)


def plugin_flags(plugins: Sequence[str]) -> list[str]:
    """The words that load these plug-ins in any verb that has `--plugin`."""
    return [f"--plugin={plugin}" for plugin in plugins]  # one word: a path may begin with a dash


def _text(value: object) -> str:
    """A value as the command line takes it: text as it is, all else as JSON."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value if isinstance(value, str) else json.dumps(value)
