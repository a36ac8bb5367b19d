"""One GPU per process on a machine with several: Snakemake counts GPUs but does not assign them.

`snakemake --resources gpu=4` runs at most four jobs on GPUs at a time. Each job locks the first free GPU and sees no
other; the kernel releases the lock when the job ends, however it ends. SLURM shows a job only its own GPUs: with one
visible there is nothing to choose.
"""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from longlag.errors import LonglagError
from longlag.store import lock

_DRIVER = Path("/proc/driver/nvidia/gpus")


def visible() -> list[str]:
    """The GPUs that this process may use: those of CUDA_VISIBLE_DEVICES, else all of the machine."""
    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    if named is not None:
        return [name.strip() for name in named.split(",") if name.strip()]
    return [str(number) for number, _ in enumerate(_DRIVER.iterdir())] if _DRIVER.is_dir() else []


@contextmanager
def slot(device: str) -> Iterator[None]:
    """Holds one of several visible GPUs if the device is cuda; cuda:1, cpu and a single GPU are left as they are.

    Must begin before torch looks for GPUs.

    Raises:
        LonglagError: other jobs hold all of them, or the folder of their locks is somebody else's.
    """
    names = visible() if device == "cuda" else []
    if len(names) < 2:
        yield
        return
    folder = _own_folder(Path(tempfile.gettempdir()) / f"longlag-gpus-{_user()}")
    with ExitStack() as held:
        for name in names:
            try:
                held.enter_context(lock.held(folder / name.replace("/", "_")))
            except lock.Held:
                continue
            os.environ["CUDA_VISIBLE_DEVICES"] = name
            break
        else:
            count = len(names)
            raise LonglagError(f"all {count} GPUs are held by others; run fewer jobs: --resources gpu={count}")
        yield


def _user() -> int:
    """Windows has no such numbers, calls every owner 0, and gives each user a temporary folder of their own."""
    return os.getuid() if hasattr(os, "getuid") else 0


def _own_folder(path: Path) -> Path:
    """A folder in a shared place that nobody else can write to.

    Raises:
        LonglagError: it cannot be made, or it is there and is not a folder of this user.
    """
    try:
        with suppress(FileExistsError):
            path.mkdir(mode=0o700)
        about = path.lstat()
        if not stat.S_ISDIR(about.st_mode) or about.st_uid != _user():
            raise LonglagError(f"{path} is not a folder of yours; set TMPDIR to a place of your own")
        if about.st_mode & 0o077:
            path.chmod(0o700)
    except OSError as error:
        raise LonglagError(f"cannot make {path}: {error.strerror}; set TMPDIR to a place of your own") from error
    return path
