"""The next batches of a run, drawn by other processes while a GPU works on the ones before.

To draw the batches of thirty seeds takes a core longer than an update takes a GPU. A batch is a function of (task, lag,
seed, purpose, k, n) alone, so it does not matter who draws it, or whether it is used: that an optimiser draws batch
after batch of one purpose is only a hint of what it will ask next. What was not foreseen is drawn at once, here. So is
everything where a machine has no core to spare, for tasks of files outside the package, and after a process failed.

The processes are shared by all runs of this one and end with it.
"""

from __future__ import annotations

import atexit
import json
import os
import signal
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import torch

from longlag import registry
from longlag.engine import denormals
from longlag.engine.packing import Packed, pack
from longlag.errors import in_a_line
from longlag.tasks import TaskAtLag

_PATIENCE = 20  # batches drawn in a row before others are asked to draw the next: short runs start no process
_MOST_PROCESSES, _FOR_EACH = 4, 2  # batches that each process is asked for
_PIPE_BYTES = 2**20  # a batch in few pieces: the thread that reads each one holds up the one that trains
_PACKAGES = Path(__file__).parents[2]
_LOCK = threading.Lock()


@dataclass(frozen=True)
class Request:
    """The k-th batch of n sequences for each seed. purposes: one for each."""

    task: str
    lag: int
    seeds: tuple[int, ...]
    purposes: tuple[str, ...]
    k: int
    n: int

    def drawn(self, task: TaskAtLag) -> Packed:
        """The batch. task: the one of that name and lag."""
        return pack([task.sample(self.n, s, p, self.k) for s, p in zip(self.seeds, self.purposes, strict=True)])


class Ahead:
    """Draws for some seeds of a task, and asks for what comes next."""

    def __init__(self, task: TaskAtLag, seeds: tuple[int, ...], drawers: Callable[[], Drawers | None]) -> None:
        self._task, self._seeds, self._drawers = task, seeds, drawers
        self._last: dict[tuple[tuple[str, ...], int], tuple[int, int]] = {}  # k, and how many came in a row before it
        self._pending: dict[Request, Future[Packed]] = {}
        self._alone = task.task.name in registry.loaded("tasks") or not _is_known(task)

    def __call__(self, purposes: tuple[str, ...], k: int, n: int) -> Packed:
        """The k-th batch."""
        before, length = self._last.get((purposes, n), (k, 0))
        length = length + 1 if before == k - 1 else 0
        self._last[purposes, n] = k, length
        request = self._request(purposes, k, n)
        asked = self._pending.pop(request, None)
        if length >= _PATIENCE and not self._alone and (drawers := self._drawers()):
            try:
                self._ask(drawers, request)
                if asked and (asked.done() or drawers.ready):
                    return asked.result()
            except Exception as error:  # no process, or one that ended: this one can do without
                self._alone = True
                reason = in_a_line(error)
                warnings.warn(f"batches are not drawn ahead: {reason}", RuntimeWarning, stacklevel=2)
        return request.drawn(self._task)

    def _request(self, purposes: tuple[str, ...], k: int, n: int) -> Request:
        return Request(self._task.task.name, self._task.lag, self._seeds, purposes, k, n)

    def _ask(self, drawers: Drawers, now: Request) -> None:
        """Asks for the batches after that one, and forgets the others."""
        ks = range(now.k + 1, now.k + 1 + _FOR_EACH * drawers.processes)
        wanted = [self._request(now.purposes, k, now.n) for k in ks]
        self._pending = {r: self._pending[r] if r in self._pending else drawers.submit(r) for r in wanted}


def _is_known(task: TaskAtLag) -> bool:
    """Whether another process finds this very task by its name."""
    name = task.task.name
    return name in registry.names("tasks") and registry.get("tasks", name) is task.task


class Drawers:
    """Processes that draw, and a thread for each that waits for it.

    ready: one has answered; until then they import torch.
    """

    def __init__(self, processes: int) -> None:
        self.processes, self.ready = processes, False
        self._own, self._workers = threading.local(), list[_Worker]()
        self._threads = ThreadPoolExecutor(processes, "draw", self._begin)
        atexit.register(self.close)

    def submit(self, request: Request) -> Future[Packed]:
        """Asks for a batch; its future fails if the process that draws it has ended."""
        return self._threads.submit(self._draw, request)

    def close(self) -> None:
        """Ends the processes, after what they were asked for."""
        self._threads.shutdown()
        for worker in self._workers:
            worker.close()

    def _begin(self) -> None:
        self._own.worker = _Worker()
        self._workers.append(self._own.worker)

    def _draw(self, request: Request) -> Packed:
        found: Packed = self._own.worker(request)
        self.ready = True
        return found


class _Worker:
    """A process that runs `serve`."""

    def __init__(self) -> None:
        found = os.pathsep.join(filter(None, [str(_PACKAGES), os.environ.get("PYTHONPATH")]))
        command = [sys.executable, "-P", "-c", "from longlag.engine.ahead import serve; serve()"]
        environment = os.environ | {"PYTHONPATH": found}
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)
        with suppress(ImportError, AttributeError, OSError):  # not Linux, or a limit of the system
            import fcntl

            fcntl.fcntl(self._process.stdout, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)  # type: ignore[arg-type]
        self._questions: Any = self._process.stdin
        self._answers: Any = self._process.stdout

    def __call__(self, request: Request) -> Packed:
        self._questions.write(json.dumps(asdict(request)).encode() + b"\n")
        self._questions.flush()
        head = self._answers.readline()
        if not head:
            raise EOFError("a process that draws has ended")
        size, layout = json.loads(head)
        memory = bytearray(size)
        if self._answers.readinto(memory) < size:
            raise EOFError("a process that draws has ended within an answer")
        return Packed.of(torch.frombuffer(memory, dtype=torch.uint8), layout)

    def close(self) -> None:
        """Lets the process end, and waits for it."""
        self._process.communicate()


def serve() -> None:
    """Draws what standard input asks for until it closes; signals are for the process that asks."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    denormals.flush()
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a task prints is no answer
    for line in sys.stdin:
        asked = json.loads(line)
        request = Request(**{**asked, "seeds": tuple(asked["seeds"]), "purposes": tuple(asked["purposes"])})
        found = request.drawn(TaskAtLag(registry.get("tasks", request.task), request.lag))
        answers.write(json.dumps([len(found.memory), found.layout()]).encode() + b"\n")
        answers.write(found.memory.numpy().data)
        answers.flush()


def shared() -> Drawers | None:
    """The processes of this one, at most four; one core is left for who asks. None if there is no other."""
    with _LOCK:  # threads may ask at once
        return _drawers(min(_MOST_PROCESSES, _cores() - 1))


@cache
def _drawers(processes: int) -> Drawers | None:
    return Drawers(processes) if processes > 0 else None


def _cores() -> int:
    """Processors that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not Linux
        return os.cpu_count() or 1
