"""Small Python programs in processes that begin with torch and scikit-learn imported: most of what these take.

`run` stands for `subprocess.run([sys.executable, ...], capture_output=True, text=True)`. The first call starts a
process that imports torch and nothing of longlag, with the same options of Python; every program runs in a fork of it,
with its own arguments, environment and folder. Variables that are read while Python starts or the two are imported have no
effect: a test of these starts Python itself. Where a process with torch cannot be forked, Python is started for each.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import json
import os
import runpy
import subprocess
import sys
import tempfile
import threading
import traceback
import types
from functools import cache
from pathlib import Path
from typing import NoReturn


def run(
    words: list[str], *, options: tuple[str, ...] = (), env: dict[str, str] | None = None, cwd: str | Path | None = None
) -> subprocess.CompletedProcess[str]:
    """What `python OPTIONS WORDS` prints and returns; words begin with a file, `-c` or `-m`."""
    words = [*map(str, words)]
    if sys.platform != "linux":
        command = [sys.executable, *options, *words]
        return subprocess.run(command, capture_output=True, text=True, env=env, cwd=cwd, check=False)
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder, name) for name in ("out", "error")]
        asked = {
            "words": words,
            "env": dict(env or os.environ),
            "cwd": str(cwd or Path.cwd()),
            "files": [*map(str, files)],
        }
        server = _server(options)
        assert server.stdin is not None
        assert server.stdout is not None
        server.stdin.write(json.dumps(asked) + "\n")
        server.stdin.flush()
        code = server.stdout.readline()
        assert code, f"the process that imports torch ended with {server.wait()}"
        return subprocess.CompletedProcess(words, int(code), *(file.read_text() for file in files))


@cache
def _server(options: tuple[str, ...]) -> subprocess.Popen[str]:
    command = [sys.executable, *options, __file__]
    server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    atexit.register(server.communicate)  # nothing more is asked: it ends
    return server


def _serve() -> None:
    """Forks for every line that it reads, and prints the exit code."""
    given = set(filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep)))
    own = [path for path in sys.path[1:] if path not in given]
    import torch  # noqa: F401

    with contextlib.suppress(ImportError):
        import sklearn.base  # noqa: F401
    gc.freeze()
    for line in sys.stdin:
        asked = json.loads(line)
        if child := os.fork():
            print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
        else:
            _end(_run(own, **asked))


def _run(own: list[str], words: list[str], env: dict[str, str], cwd: str, files: list[str]) -> int:
    """In the fork: all that a new process would have of its own; then its program. Returns the exit code."""
    for number, file in enumerate((os.devnull, *files)):
        opened = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    os.environ.clear()
    os.environ.update(env)
    os.chdir(cwd)
    first = {"-c": "", "-m": cwd}.get(words[0], os.path.dirname(os.path.abspath(words[0])))
    sys.path[:] = [first, *filter(None, env.get("PYTHONPATH", "").split(os.pathsep)), *own]
    sys.path_importer_cache.clear()
    sys.dont_write_bytecode = bool(env.get("PYTHONDONTWRITEBYTECODE"))
    try:
        _program(words)
    except SystemExit as ended:
        if ended.code is None or isinstance(ended.code, int):
            return ended.code or 0
        print(ended.code, file=sys.stderr)
        return 1
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def _program(words: list[str]) -> None:
    if words[0] == "-m":
        sys.argv = words[1:]
        runpy.run_module(words[1], run_name="__main__", alter_sys=True)
        return
    main = sys.modules["__main__"] = types.ModuleType("__main__")
    if words[0] == "-c":
        sys.argv = ["-c", *words[2:]]
        code = compile(words[1], "<string>", "exec")
    else:
        sys.argv = words
        main.__file__ = words[0]
        code = compile(Path(words[0]).read_bytes(), words[0], "exec")
    exec(code, main.__dict__)


def _end(code: int) -> NoReturn:
    """As Python ends, but that it does not take torch apart, which takes a second."""
    threading._shutdown()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code & 0xFF)


if __name__ == "__main__":
    _serve()
