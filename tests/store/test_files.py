"""Files and locks in folders where somebody else may write: no link is followed, and nothing of theirs is changed."""

import os
import signal
import stat
import subprocess
import sys
import threading
from contextlib import ExitStack
from pathlib import Path

import pytest

from longlag.cli import _gpu
from longlag.errors import LonglagError
from longlag.store import files, lock, system_lock

HOLD = """
import sys, time
from longlag.store import lock
with lock.held(sys.argv[1]):
    print("held", flush=True)
    time.sleep(600)
"""

WRITE = """
import os, sys, time
from longlag.store import files
def sync(file):
    print("writing", flush=True)
    time.sleep(600)
os.fsync = sync
files.write_atomically(sys.argv[1], b"half a page")
"""


@pytest.fixture
def victim(tmp_path):
    path = tmp_path / "victim"
    path.write_text("precious")
    yield path
    assert path.read_text() == "precious"


def opened(monkeypatch):
    """The names and flags of all that is opened from now on."""
    seen, real = [], os.open

    def note(path, flags, *rest, **named):
        seen.append((Path(os.fsdecode(path)).name, flags))
        return real(path, flags, *rest, **named)

    monkeypatch.setattr(os, "open", note)
    return seen


def test_a_temporary_file_has_a_new_name_each_time_and_is_no_link(tmp_path, monkeypatch):
    seen = opened(monkeypatch)
    for _ in range(2):
        files.write_atomically(tmp_path / "page.html", b"page")
    (one, flags), (two, _) = seen
    assert one != two
    assert str(os.getpid()) not in one.removeprefix(".page.html.").split(".")
    assert flags & os.O_EXCL
    assert flags & os.O_NOFOLLOW
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]


def test_a_link_that_has_the_name_of_a_temporary_file_is_not_followed(tmp_path, victim, monkeypatch):
    monkeypatch.setattr(files.secrets, "token_hex", lambda n: "known")
    (tmp_path / ".page.html.known.tmp").symlink_to(victim)
    with pytest.raises(LonglagError, match=r"cannot write .*page.html"):
        files.write_atomically(tmp_path / "page.html", b"page")
    assert not (tmp_path / "page.html").exists()


def aged(path):
    os.utime(path, (1, 1))
    return path


def test_what_a_killed_writer_left_goes_with_the_next_write_and_what_a_living_one_writes_stays(tmp_path):
    page = tmp_path / "page.html"
    with subprocess.Popen([sys.executable, "-c", WRITE, str(page)], stdout=subprocess.PIPE) as writer:
        try:
            assert writer.stdout is not None
            writer.stdout.readline()
            (temporary,) = tmp_path.iterdir()
            aged(temporary)
            files.write_atomically(page, b"page")
            assert temporary.exists(), "its writer is at work"
        finally:
            writer.send_signal(signal.SIGKILL)
    files.write_atomically(page, b"page")
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]


def test_only_temporary_files_of_the_same_output_are_left_over(tmp_path, victim):
    token = "0123456789abcdef"
    others = [
        tmp_path / name for name in (f".[p]age.html.{token}.tmp", ".page.html.notes.tmp", f".page.html.{token[1:]}.tmp")
    ]
    for path in others:
        path.write_text("theirs")
        aged(path)
    link, folder, second = (tmp_path / f".page.html.{token[:-1]}{k}.tmp" for k in range(3))
    link.symlink_to(victim)
    folder.mkdir()
    aged(victim)
    second.hardlink_to(victim)
    fresh = tmp_path / f".page.html.{token}.tmp"
    fresh.write_text("just written")
    files.write_atomically(tmp_path / "page.html", b"page")
    assert {*others, link, folder, second, fresh} <= {*tmp_path.iterdir()}


def test_an_output_that_is_a_link_is_replaced_and_not_followed(tmp_path, victim):
    (tmp_path / "page.html").symlink_to(victim)
    files.write_atomically(tmp_path / "page.html", b"page")
    assert not (tmp_path / "page.html").is_symlink()


def test_a_temporary_file_that_cannot_be_deleted_hides_no_error(tmp_path, monkeypatch):
    def refused(*_, **__):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "unlink", refused)
    files.write_atomically(tmp_path / "page.html", b"page")
    monkeypatch.setattr(os, "replace", refused)
    with pytest.raises(LonglagError, match="Operation not permitted; choose a place"):
        files.write_atomically(tmp_path / "page.html", b"page")


@pytest.mark.parametrize("name", ["a\x00b", "x" * 300])
def test_a_name_that_no_file_can_have_is_refused_in_a_line(tmp_path, name):
    for call in (lambda path: files.write_atomically(path, b""), files.read):
        with pytest.raises(LonglagError, match=r"cannot (read|write)"):
            call(tmp_path / name)


def put_link(path, victim):
    path.symlink_to(victim)


def put_dangling_link(path, victim):
    path.symlink_to(victim.with_name("not there"))


def put_pipe(path, victim):
    os.mkfifo(path)


def put_folder(path, victim):
    path.mkdir()


def put_hard_link(path, victim):
    path.hardlink_to(victim)


@pytest.mark.parametrize("put", [put_link, put_dangling_link, put_hard_link, put_pipe, put_folder])
def test_what_is_no_lock_file_is_refused(tmp_path, victim, put):
    put(tmp_path / ".runs.csv.lock", victim)
    before = sorted(tmp_path.iterdir())
    words = r"\.runs\.csv\.lock is not a lock file; delete it"
    with pytest.raises(LonglagError, match=words), lock.held(tmp_path / "runs.csv"):
        pass
    assert sorted(tmp_path.iterdir()) == before


def test_a_file_that_has_the_name_of_a_lock_keeps_its_content_until_the_lock_is_held(tmp_path):
    path = tmp_path / ".runs.csv.lock"
    with subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path / "runs.csv")], stdout=subprocess.PIPE) as holder:
        try:
            assert holder.stdout is not None
            holder.stdout.readline()
            before = path.read_text()
            words = f"is being written by process {holder.pid} on "
            with pytest.raises(lock.Held, match=words), lock.held(tmp_path / "runs.csv"):
                pass
            assert path.read_text() == before
        finally:
            holder.send_signal(signal.SIGKILL)
    assert path.exists()
    with lock.held(tmp_path / "runs.csv"):
        assert path.read_text().startswith(f"{os.getpid()} on ")
    assert not path.exists()


def test_a_lock_file_that_its_holder_deletes_before_we_lock_it_is_opened_again(tmp_path, monkeypatch):
    path, real, deleted = tmp_path / ".runs.csv.lock", system_lock.take, []

    def late(opened):
        if not deleted:
            deleted.append(path.unlink())
        real(opened)

    monkeypatch.setattr(system_lock, "take", late)
    with lock.held(tmp_path / "runs.csv"):
        assert path.exists(), "what is locked is the file that others find"
        with pytest.raises(lock.Held), lock.held(tmp_path / "runs.csv"):
            pass
    assert not path.exists()


def test_a_lock_that_another_user_left_does_not_block(tmp_path, monkeypatch):
    """Their file cannot be written, but it can be locked."""
    path, real = tmp_path / ".runs.csv.lock", os.open
    path.write_text("4711 on elsewhere\n")

    def theirs(name, flags, *rest, **named):
        if Path(name) == path and flags & (os.O_RDWR | os.O_CREAT):
            raise PermissionError(13, "Permission denied")
        return real(name, flags, *rest, **named)

    monkeypatch.setattr(os, "open", theirs)
    with lock.held(tmp_path / "runs.csv"), pytest.raises(lock.Held), lock.held(tmp_path / "runs.csv"):
        pass


def test_a_lock_is_waited_for_as_long_as_is_asked(tmp_path):
    with ExitStack() as holder:
        holder.enter_context(lock.held(tmp_path / "runs.csv"))
        release = threading.Timer(0.5, holder.close)
        release.start()
        with pytest.raises(lock.Held), lock.held(tmp_path / "runs.csv"):
            pass
        with lock.held(tmp_path / "runs.csv", wait=60):
            release.join()


def test_a_lock_file_that_cannot_be_deleted_ends_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(Path, "unlink", lambda *_, **__: (_ for _ in ()).throw(OSError(5, "Input/output error")))
    for _ in range(2):
        with lock.held(tmp_path / "runs.csv"):
            pass


@pytest.fixture
def two_gpus(tmp_path, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "MIG-a/0,../1")
    monkeypatch.setattr(_gpu.tempfile, "gettempdir", lambda: str(tmp_path))
    return tmp_path / f"longlag-gpus-{os.getuid()}"


def test_locks_of_gpus_lie_in_a_folder_of_this_user_alone(two_gpus, monkeypatch):
    with _gpu.slot("cuda"):
        assert stat.S_IMODE(two_gpus.stat().st_mode) == 0o700
        assert [path.name for path in two_gpus.iterdir()] == [".MIG-a_0.lock"]
        assert os.environ["CUDA_VISIBLE_DEVICES"] == "MIG-a/0"
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "MIG-a/0,../1")
        with _gpu.slot("cuda"):
            assert os.environ["CUDA_VISIBLE_DEVICES"] == "../1"
            monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "MIG-a/0,../1")
            with pytest.raises(LonglagError, match="all 2 GPUs are held by others"), _gpu.slot("cuda"):
                pass
    assert not [*two_gpus.iterdir()]
    assert not [path for path in two_gpus.parent.iterdir() if path != two_gpus]


def test_a_folder_that_an_older_version_left_open_to_others_is_closed(two_gpus):
    two_gpus.mkdir(mode=0o755)
    with _gpu.slot("cuda"):
        assert stat.S_IMODE(two_gpus.stat().st_mode) == 0o700


@pytest.mark.parametrize("theirs", ["link", "file", "owner"])
def test_a_folder_of_somebody_else_is_refused(two_gpus, tmp_path, monkeypatch, theirs):
    if theirs == "link":
        (tmp_path / "elsewhere").mkdir()
        two_gpus.symlink_to(tmp_path / "elsewhere")
    elif theirs == "file":
        two_gpus.write_text("")
    else:
        two_gpus.mkdir()
        another = os.getuid() + 1
        monkeypatch.setattr(os, "getuid", lambda: another)
        two_gpus.rename(two_gpus.with_name(f"longlag-gpus-{os.getuid()}"))
    with pytest.raises(LonglagError, match="is not a folder of yours; set TMPDIR"), _gpu.slot("cuda"):
        pass
