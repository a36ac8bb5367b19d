"""Checkpoints: a run that resumes from one gives byte-identical results."""

import copy
import dataclasses
import errno
import fcntl
import hashlib
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import warm
from longlag import protocol, registry
from longlag.engine import checkpoint
from longlag.engine.block import Block
from longlag.engine.checkpoint import Checkpoints
from longlag.engine.codec import FORMAT, Unfit, flatten, pack, unflatten, unpack
from longlag.engine.interrupt import Interrupted, Interruption
from longlag.engine.ladder import Rungs, climb, setups
from longlag.engine.spec import resolve
from longlag.engine.train import attempt, run
from longlag.errors import LonglagError
from longlag.objective import Objective
from longlag.rng import stream
from longlag.store import lock
from longlag.store.records import VOLATILE, Point, Row
from toy import spec

METHODS = registry.names("methods")


class Killed(BaseException):
    """Stands for kill -9: nothing catches it."""


@pytest.fixture(scope="module", autouse=True)
def _small_evaluations():
    with pytest.MonkeyPatch.context() as patch:
        for name, n in (("MONITOR", 50), ("CONFIRM", 100), ("TEST", 100), ("TEST_EVERY_STEP", 50)):
            patch.setattr(protocol, name, n)
        yield


def plain(event: Point | Row) -> dict:
    """What may not differ: the rest of a row, a point without its seconds."""
    left_out = (*VOLATILE, "seconds")
    return {k: repr(v) for k, v in dataclasses.asdict(event).items() if k not in left_out}


def kill_after(steps: int, monkeypatch, process) -> None:
    """Runs a function until it begins its step number `steps`, where it dies."""
    advance, left = Block.advance, iter(range(steps))

    def counted(block):
        if next(left, None) is None:
            raise Killed
        return advance(block)

    with monkeypatch.context() as patch:
        patch.setattr(Block, "advance", counted)
        with pytest.raises(Killed):
            process()


def interrupted(one, folder, monkeypatch, steps):
    """The events of the last of several processes, each of which but the last is killed after some steps."""
    for n in steps:
        kill_after(n, monkeypatch, lambda: list(run(one, Checkpoints(folder, 1e-9))))
    return list(run(one, Checkpoints(folder, 1e-9)))


@pytest.mark.parametrize("method", METHODS)
def test_a_run_that_was_killed_twice_gives_the_same_bytes(method, tmp_path, monkeypatch, capsys):
    one = spec(method, "adding", lag=12, budget=900.0)
    whole = list(run(one))
    steps = whole[-1].updates
    found = interrupted(one, tmp_path, monkeypatch, [n for n in (1, steps // 2) if n < steps])
    assert [plain(event) for event in found] == [plain(event) for event in whole]
    if steps > 1:
        assert found[-1].resumed >= 1
        assert "resuming from update" in capsys.readouterr().err
    assert not list(tmp_path.rglob("*.ckpt"))


@pytest.mark.parametrize("name", ["params", "optimiser", "meter", "evaluated", "drawn", "last_evaluation", "updates"])
def test_whatever_is_not_restored_shows(name, tmp_path, monkeypatch):
    """The comparison above can fail: without any of these parts of the state the bytes are others."""
    one = spec("lstm", "adding", lag=12, budget=3500.0)
    whole, restore = [plain(event) for event in run(one)], Block.restore

    def forgetful(block, state):
        restore(block, dataclasses.replace(state, **{name: getattr(block.state, name)}))

    monkeypatch.setattr(Block, "restore", forgetful)
    found = interrupted(one, tmp_path, monkeypatch, [60])
    assert [plain(event) for event in found] != whole


def test_a_learning_curve_and_a_confirmation_are_gone_on_with(tmp_path, monkeypatch):
    """Points before the kill are part of the result, and so is the count of what was confirmed."""
    monkeypatch.setattr(protocol, "CRITERION", 0.9)
    monkeypatch.setattr(protocol, "CONFIRMATION", 0.1)
    one = spec("clipping", "temporal_order", budget=9000.0)
    whole = list(run(one))
    assert len(whole) > 3
    found = interrupted(one, tmp_path, monkeypatch, [150, 50])
    assert [plain(event) for event in found] == [plain(event) for event in whole]
    assert found[-1].evaluation_passes == whole[-1].evaluation_passes > 300


@pytest.mark.parametrize(
    "one",
    [
        spec("clipping", "adding", seeds=(0, 1), block=2, budget=9000.0),
        spec("lstm_1997", "adding_1997", seeds=(0, 1), block=2, rules={"recent": 30, "error_below": 1.0}),
    ],
)
def test_a_kept_state_is_not_changed_by_later_steps(one, monkeypatch):
    monkeypatch.setattr(protocol, "CRITERION", 0.9)
    monkeypatch.setattr(protocol, "CONFIRMATION", 0.1)
    block = Block(resolve(one), (0, 1))
    with torch.no_grad():
        for _ in range(3):
            list(block.advance())
        kept = block.keep()
        copied = copy.deepcopy(kept)
        list(block.train())
    found, wanted = {}, {}
    assert flatten(kept, found) == flatten(copied, wanted)
    assert found.keys() == wanted.keys()
    for name, array in found.items():
        assert array.tobytes() == wanted[name].tobytes()


def test_points_before_a_kill_have_gradient_flow_if_it_is_asked_for(tmp_path, monkeypatch, capsys):
    """A checkpoint of a run that did not record it cannot be resumed by one that does."""
    one = spec("clipping", "adding", budget=3500.0)  # 117 updates of 30 passes; a point after 34, 100 and 117
    kill_after(80, monkeypatch, lambda: list(run(one, Checkpoints(tmp_path, 1e-9))))
    wanted = dataclasses.replace(one, gradient_flow=True)
    found = list(run(wanted, Checkpoints(tmp_path, 1e9)))
    assert "its points have no gradient flow" in capsys.readouterr().err
    points = [event for event in found if isinstance(event, Point)]
    assert len(points) > 2
    assert not any(np.isnan(point.update_norm) for point in points)
    kill_after(80, monkeypatch, lambda: list(run(wanted, Checkpoints(tmp_path, 1e-9))))
    assert list(run(one, Checkpoints(tmp_path, 1e9)))[-1].resumed == 1, "one without it may resume one with it"


def test_layout_in_memory_and_order_of_names_are_kept():
    """Both decide in which order numbers are summed."""
    wide = torch.arange(24.0).reshape(4, 6)
    state = {"b": wide[:, 1:4], "a": wide.T, "c": wide[1:].clone()[2], "n": torch.tensor(3.0), "e": torch.zeros(0, 2)}
    arrays: dict[str, np.ndarray] = {}
    kept = json.loads(json.dumps(flatten(state, arrays)))
    template = {name: torch.zeros(state[name].shape) for name in sorted(state)}
    back = unflatten(template, kept, arrays)
    assert list(back) == list(state)
    for name, leaf in state.items():
        assert torch.equal(back[name], leaf)
        assert back[name].stride() == leaf.stride() or not leaf.numel()
        assert back[name].data_ptr() % 64 == leaf.data_ptr() % 64 or not leaf.numel()


@dataclasses.dataclass(frozen=True)
class Odd:
    """A state of every kind that can be kept."""

    count: int
    damping: float
    history: tuple[torch.Tensor, ...]
    nothing: None = None


def test_numbers_of_every_size_come_back_exactly():
    state = Odd(2**64 - 1, 0.1 + 0.2, (torch.tensor([float("nan"), -0.0]), torch.tensor([True])))
    arrays: dict[str, np.ndarray] = {}
    header, arrays = unpack(pack({"state": flatten(state, arrays)}, arrays))
    back = unflatten(Odd(0, 0.0, (torch.zeros(2), torch.zeros(1, dtype=torch.bool))), header["state"], arrays)
    assert (back.count, back.damping, back.nothing) == (state.count, state.damping, None)
    assert back.history[0].numpy().tobytes() == state.history[0].numpy().tobytes()
    assert torch.equal(back.history[1], state.history[1])


@pytest.mark.parametrize(
    "template",
    [
        {"x": torch.zeros(3)},
        {"x": torch.zeros(2, dtype=torch.float64)},
        {"x": np.zeros(2, dtype=np.float32)},
        {"y": torch.zeros(2)},
        {"x": torch.zeros(2), "y": 1},
        {"x": 1.0},
        {"x": None},
        {"x": (torch.zeros(2),)},
        Odd(0, 0.0, ()),
        3,
    ],
)
def test_what_has_not_the_structure_of_a_fresh_start_is_refused(template):
    arrays: dict[str, np.ndarray] = {}
    found = flatten({"x": torch.ones(2)}, arrays)
    assert torch.equal(unflatten({"x": torch.zeros(2)}, found, arrays)["x"], torch.ones(2))
    with pytest.raises(Unfit):
        unflatten(template, found, arrays)


@pytest.mark.parametrize(
    "value", [{1: 2.0}, {"x": {1, 2}}, lambda: 0, np.float64(1.0), torch.zeros(1, dtype=torch.bfloat16)]
)
def test_what_cannot_be_kept_is_said(value):
    with pytest.raises(Unfit, match="its state holds a"):
        flatten(value, {})


def test_a_method_whose_state_cannot_be_kept_is_trained_all_the_same(tmp_path, monkeypatch, capsys):
    step = type(resolve(spec("clipping")).parts.optimiser).step

    def growing(self, draw, params, state):
        return dataclasses.replace(step(self, draw, params, None), state=(*(state or ()), 1))

    monkeypatch.setattr(type(resolve(spec("clipping")).parts.optimiser), "step", growing)
    one = spec("clipping", "adding")
    assert [plain(e) for e in run(one, Checkpoints(tmp_path, 1e-9))] == [plain(e) for e in run(one)]
    assert capsys.readouterr().err.count("no checkpoints of clipping") == 1
    assert not list(tmp_path.rglob("*.ckpt"))


def killed(one, folder):
    """The spec, its undisturbed outcome, and the folder with both checkpoints of a run that was killed after step 5."""
    whole = list(run(one))
    with pytest.MonkeyPatch.context() as patch:
        kill_after(5, patch, lambda: list(run(one, Checkpoints(folder, 1e-9))))
    return one, whole, folder


@pytest.fixture(scope="module")
def killed_lstm(tmp_path_factory):
    return killed(spec("lstm", "adding", lag=12, budget=900.0), tmp_path_factory.mktemp("lstm"))


@pytest.fixture(scope="module")
def killed_clipping(tmp_path_factory):
    return killed(spec("clipping", "adding", budget=300.0), tmp_path_factory.mktemp("clipping"))


@pytest.fixture
def stopped(killed_lstm, tmp_path):
    """A killed run with a copy of its folder."""
    one, whole, folder = killed_lstm
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    return one, whole, tmp_path


def checkpoints(folder):
    """The newer and the older file."""
    return sorted(folder.rglob("*.ckpt"), key=lambda path: unpack(path.read_bytes())[0]["saved"], reverse=True)


def rewritten(path, change):
    """Another header, with a checksum that is right."""
    header, arrays = unpack(path.read_bytes())
    change(header)
    path.write_bytes(pack(header, arrays))


def cut(path):
    path.write_bytes(path.read_bytes()[:-100])


def flip(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 4
    path.write_bytes(data)


def of_format(version):
    def change(path):
        line, _, body = path.read_bytes().partition(b"\n")
        path.write_bytes(re.sub(rb"checkpoint \d+", b"checkpoint %d" % version, line) + b"\n" + body)

    return change


def scalar_of_another_kind(header):
    header["state"]["fields"]["drawn"]["value"] = "5"


def array_of_another_name(header):
    header["state"]["fields"]["active"]["tensor"] = "nowhere"


def impossible_layout(header):
    dict(header["state"]["fields"]["params"]["items"])["W_hy"]["stride"] = [2**40, 2**40, 1]


DAMAGE: dict[str, tuple[Any, str]] = {
    "cut": (cut, "its checksum is not that of its content"),
    "flipped": (flip, "its checksum is not that of its content"),
    "empty": (lambda path: path.write_bytes(b""), "it is not a checkpoint"),
    "a folder": (lambda path: (path.unlink(), path.mkdir()), "Is a directory"),
    "pickle": (lambda path: path.write_bytes(b"\x80\x04\x95" + bytes(50)), "it is not a checkpoint"),
    "newer format": (
        of_format(FORMAT + 1),
        f"its format is version {FORMAT + 1}, this longlag's is",
    ),
    "older format": (
        of_format(FORMAT - 1),
        f"its format is version {FORMAT - 1}, this longlag's is",
    ),
    "newer package": (lambda path: rewritten(path, lambda h: h.update(longlag="99.0")), "longlag is .* here, not 99.0"),
    "another commit": (lambda path: rewritten(path, lambda h: h.update(commit="0123")), "commit is .* here, not 0123"),
    "another processor": (lambda path: rewritten(path, lambda h: h.update(cpu="An 8086")), "not An 8086"),
    "another spec": (lambda path: rewritten(path, lambda h: h.update(spec_hash="feed")), "spec_hash is .* not feed"),
    "a hole": (lambda path: rewritten(path, lambda h: h.pop("state")), "state"),
    "foreign header": (lambda path: rewritten(path, lambda h: (h.clear(), h.update(a=1))), "active"),
    "another kind": (lambda path: rewritten(path, scalar_of_another_kind), "does not have the structure"),
    "no such array": (lambda path: rewritten(path, array_of_another_name), "nowhere"),
    "a layout of exabytes": (lambda path: rewritten(path, impossible_layout), "impossible layout"),
    "points": (lambda path: rewritten(path, lambda h: h.update(points=[{"x": 1}])), "unexpected keyword"),
}


@pytest.mark.parametrize("both", [False, True])
@pytest.mark.parametrize("kind", DAMAGE)
def test_a_checkpoint_that_is_not_ours_is_passed_over(stopped, capsys, kind, both):
    """For the one before it, or for a fresh start; in either case the result is the same."""
    one, whole, folder = stopped
    damage, words = DAMAGE[kind]
    files = checkpoints(folder)
    assert len(files) == 2
    for path in files[: 2 if both else 1]:
        damage(path)
    capsys.readouterr()
    found = list(run(one, Checkpoints(folder, 1e9)))
    said = capsys.readouterr().err.splitlines()
    assert [plain(event) for event in found] == [plain(event) for event in whole]
    ignored = [line for line in said if "ignoring the checkpoint" in line]
    assert len(ignored) == 1 + both
    assert re.search(words, ignored[0])
    assert any("resuming from update [4]" in line for line in said) == (not both)
    assert found[-1].resumed == (not both)


def in_state(name, **change):
    return lambda header, arrays: header["state"]["fields"][name].update(change)


def another_array(name, change):
    """One of the state's arrays is replaced by what the function makes of it."""

    def edit(header, arrays):
        field = header["state"]["fields"][name]
        part = field.get("tensor") or field["array"]
        arrays[part] = change(arrays[part])

    return edit


def in_params(change, name="W_hy"):
    def edit(header, arrays):
        part = dict(header["state"]["fields"]["params"]["items"])[name]
        change(part, arrays)

    return edit


OTHER_LAYOUTS: dict[str, Any] = {
    "seeds, a mapping": lambda h, a: h.update(seeds={"0": 0}),
    "seeds, a text": lambda h, a: h.update(seeds="0"),
    "seeds, twice": lambda h, a: h.update(seeds=[0, 0]),
    "seeds, fractions": lambda h, a: h.update(seeds=[0.0], active=[0.0]),
    "seeds, more": lambda h, a: h.update(seeds=[0, 1]),
    "active, others": lambda h, a: h.update(active=[0, 7]),
    "saved, a list": lambda h, a: h.update(saved=[1]),
    "saved, a truth": lambda h, a: h.update(saved=True),
    "saved, huge": lambda h, a: h.update(saved=10**400),
    "state, a number": lambda h, a: h.update(state=1),
    "state, nested": lambda h, a: h.update(state={"fields": {"fields": [[[[]]]]}}),
    "points, a mapping": lambda h, a: h.update(points={}),
    "points, numbers": lambda h, a: h.update(points=[1]),
    "points, of another run": lambda h, a: h.update(points=[dataclasses.asdict(A_POINT) | {"lag": 13}]),
    "points, of another seed": lambda h, a: h.update(points=[dataclasses.asdict(A_POINT) | {"seed": 3}]),
    "points, infinite": lambda h, a: h.update(points=[dataclasses.asdict(A_POINT) | {"passes": float("inf")}]),
    "threads, a text": lambda h, a: h.update(threads="1"),
    "drawn, a fraction": in_state("drawn", value=5.0),
    "drawn, a truth": in_state("drawn", value=True),
    "drawn, negative": in_state("drawn", value=-1),
    "resumed, huge": in_state("resumed", value=10**30),
    "wall, not a number": another_array("wall", lambda a: a * np.nan),
    "last evaluation, never": in_state("last_evaluation", value=float("inf")),
    "started, two lines": in_state("started", value="a\nb"),
    "active, bytes": another_array("active", lambda a: a.astype(np.uint8)),
    "updates, narrow": another_array("updates", lambda a: a.astype(np.int32)),
    "updates, fractions": another_array("updates", lambda a: a.astype(np.float64)),
    "updates, big-endian": another_array("updates", lambda a: a.astype(">i8")),
    "updates, negative": another_array("updates", lambda a: -a),
    "cpu, negative": another_array("cpu", lambda a: a - 1e9),
    "best, complex": another_array("best", lambda a: a.astype(np.complex128)),
    "evaluated, two": another_array("evaluated", lambda a: np.repeat(a, 2)),
    "evaluated, a number": another_array("evaluated", lambda a: a[0]),
    "parameters, double": in_params(lambda part, a: a.update({part["tensor"]: a[part["tensor"]].astype(np.float64)})),
    "parameters, half": in_params(lambda part, a: a.update({part["tensor"]: a[part["tensor"]].astype(np.float16)})),
    "parameters, transposed": in_params(lambda part, a: a.update({part["tensor"]: a[part["tensor"]].transpose(0, 2, 1)})),
    "parameters, overlapping": in_params(lambda part, a: part.update(stride=[1, 1, 1]), "W_xh"),
    "parameters, spread": in_params(lambda part, a: part.update(stride=[2**33, 2**30, 1])),
    "parameters, backwards": in_params(lambda part, a: part.update(stride=[4, -1, 1])),
    "parameters, half steps": in_params(lambda part, a: part.update(stride=[4.0, 1.0, 1.0])),
    "parameters, steps of text": in_params(lambda part, a: part.update(stride="411")),
    "parameters, beside": in_params(lambda part, a: part.update(offset=10**9)),
}  # fmt: skip
A_POINT = Point("adding", 12, "lstm", 0, 1.0, 1, 0.5, 0.5, 0.5, 0.1)


@pytest.mark.parametrize("kind", OTHER_LAYOUTS)
def test_a_checkpoint_of_another_layout_with_a_right_checksum_is_passed_over(stopped, capsys, kind):
    """In a line, for the one before it; a row is then the same."""
    one, whole, folder = stopped
    newer, _ = checkpoints(folder)
    header, arrays = unpack(newer.read_bytes())
    OTHER_LAYOUTS[kind](header, arrays)
    newer.write_bytes(pack(header, arrays))
    capsys.readouterr()
    found = list(run(one, Checkpoints(folder, 1e9)))
    assert [plain(event) for event in found] == [plain(event) for event in whole]
    assert found[-1].resumed == 1
    (ignored,) = [line for line in capsys.readouterr().err.splitlines() if "ignoring the checkpoint" in line]
    assert newer.name in ignored


def array_file(shape, data, compress=zipfile.ZIP_STORED):
    """A checkpoint with a right checksum, one of whose arrays declares a shape."""
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(head, {"descr": "<f4", "fortran_order": False, "shape": shape})
    body = io.BytesIO()
    np.savez(body, header=np.frombuffer(b"{}", dtype=np.uint8))
    with zipfile.ZipFile(body, "a", compress) as archive:
        archive.writestr("array0.npy", head.getvalue() + data)
    digest = hashlib.sha256(body.getvalue()).hexdigest().encode()
    return b"longlag checkpoint %d " % FORMAT + digest + b"\n" + body.getvalue()


def test_an_array_takes_no_more_memory_than_its_file(monkeypatch):
    assert unpack(array_file((2,), bytes(8)))[1]["array0"].tolist() == [0, 0]
    monkeypatch.setattr(np, "load", lambda *_, **__: pytest.fail("memory was asked for"))
    for shape in ((2**31,), (2**20, 2**20), (3,), (-1,), (1,)):
        with pytest.raises(Unfit, match="declares the shape"):
            unpack(array_file(shape, bytes(8)))
    with pytest.raises(Unfit, match="larger than the file"):
        unpack(array_file((2**22,), bytes(2**24), zipfile.ZIP_DEFLATED))


def test_a_named_pipe_is_not_waited_for(tmp_path, monkeypatch):
    one = spec("clipping", "adding", budget=200.0)
    kill_after(5, monkeypatch, lambda: list(run(one, Checkpoints(tmp_path, 1e-9))))
    newer, _ = checkpoints(tmp_path)
    newer.unlink()
    os.mkfifo(newer)
    assert list(run(one, Checkpoints(tmp_path, 1e9)))[-1].resumed == 1


CALLS = {  # a call that fails while a block is trained, and whether the folder can still be written
    "unlink": (Path, "unlink"),
    "replace": (os, "replace"),
    "stat": (os, "lstat"),
    "open": (os, "open"),
    "mkdir": (Path, "mkdir"),
    "list": (os, "scandir"),
    "flush": (os, "fsync"),
    "lock": (fcntl, "flock"),
    "is_file": (Path, "is_file"),
}


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("number", [errno.EIO, errno.EROFS, errno.EACCES])
def test_a_cache_that_fails_is_a_line_and_not_the_end(killed_clipping, tmp_path, monkeypatch, capsys, name, number):
    """From some moment on each call of a kind fails, in the folder of the cache and below."""
    one, whole, folder = killed_clipping
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    owner, call = CALLS[name]
    real = getattr(owner, call)

    def failing(path, *rest, **named):
        if isinstance(path, int) or str(tmp_path) in str(path):
            raise OSError(number, os.strerror(number))
        return real(path, *rest, **named)

    monkeypatch.setattr(owner, call, failing)
    ((row, _),) = climb(setups(one, [10]), Rungs(tmp_path), lambda event: None, Checkpoints(tmp_path, 1e-9))
    monkeypatch.undo()
    assert plain(row) == plain(whole[-1])
    assert "Traceback" not in capsys.readouterr().err


def test_two_processes_with_one_cache_leave_each_other_alone(tmp_path, capsys):
    """On whatever machine the other one is: what it locks are its files. Here both are runs of one process."""
    one = spec("lstm", "adding", lag=12, budget=900.0)
    whole = [plain(event) for event in run(one)]
    held = Checkpoints(tmp_path, 1e-9)(Block(resolve(one), (0,)))
    with torch.no_grad():
        next(held)
        (file,) = tmp_path.rglob("*.0.ckpt")
        half_written = file.with_name(f".{file.name}.0123.tmp")
        half_written.write_bytes(b"the other one is writing")
        before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
        assert [plain(event) for event in run(one, Checkpoints(tmp_path, 1e-9))] == whole
    assert "this run keeps no checkpoints, since another one with the same cache does" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
    held.close()
    assert list(run(one, Checkpoints(tmp_path, 1e9)))[-1].resumed == 1
    assert not half_written.exists()


def test_a_seed_of_a_block_leaves_the_checkpoint_of_the_block(tmp_path, monkeypatch):
    one = spec("clipping", "adding", seeds=(0, 1), block=2, budget=900.0)
    kill_after(10, monkeypatch, lambda: list(run(one, Checkpoints(tmp_path, 1e-9))))
    (row,) = [e for e in run(dataclasses.replace(one, seeds=(1,)), Checkpoints(tmp_path, 1e9)) if isinstance(e, Row)]
    assert row.resumed == 1
    assert [e.resumed for e in run(one, Checkpoints(tmp_path, 1e9)) if isinstance(e, Row)] == [1, 1]


def test_no_damage_is_believed(stopped):
    """A flipped bit anywhere is noticed; so is any truncation."""
    _, _, folder = stopped
    data, draw = checkpoints(folder)[0].read_bytes(), stream(0, "flips")
    for _ in range(200):
        damaged = bytearray(data)
        damaged[draw.integers(len(data))] ^= 1 << int(draw.integers(8))
        with pytest.raises(Unfit):
            unpack(bytes(damaged))
        with pytest.raises(Unfit):
            unpack(data[: draw.integers(len(data))])


def test_nothing_in_a_checkpoint_is_run(tmp_path):
    """An array of Python objects, which numpy would unpickle if it were let."""

    class Bomb:
        def __reduce__(self):
            return (open, (str(tmp_path / "it went off"), "w"))

    body = io.BytesIO()
    np.savez(body, header=np.array([Bomb()], dtype=object))
    digest = hashlib.sha256(body.getvalue()).hexdigest().encode()
    with pytest.raises(Unfit, match="allow_pickle"):
        unpack(b"longlag checkpoint %d " % FORMAT + digest + b"\n" + body.getvalue())
    assert not (tmp_path / "it went off").exists()


@pytest.mark.parametrize(
    ("method", "budget", "steps"), [("clipping", 3500.0, 40), ("lstm", 900.0, 10), ("esn_momentum", 900.0, 10)]
)
def test_replicas_that_are_done_need_not_be_gone_on_with(method, budget, steps, tmp_path, monkeypatch):
    """Of a block of three seeds one has its rung already: the others resume from the block's checkpoint, with their
    points (`clipping` has one of each seed by then)."""
    one = spec(method, "adding", seeds=(0, 1, 2), block=3, budget=budget)
    whole = [plain(e) for e in run(one) if e.seed != 1]
    kill_after(steps, monkeypatch, lambda: list(run(one, Checkpoints(tmp_path, 1e-9))))
    found = list(run(dataclasses.replace(one, seeds=(0, 2), block=2), Checkpoints(tmp_path, 1e9)))
    assert found[-1].resumed == 1
    assert [plain(event) for event in found] == whole
    assert not list(tmp_path.rglob("*.ckpt"))


def test_the_interval_bounds_what_is_lost_and_what_is_written(tmp_path, monkeypatch):
    clock, saves = [0.0], []
    monkeypatch.setattr(checkpoint.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(checkpoint, "write_atomically", lambda path, data: saves.append(clock[0]))
    advance = Block.advance

    def slow(block):
        clock[0] += 7
        return advance(block)

    monkeypatch.setattr(Block, "advance", slow)
    list(run(spec("clipping", "adding"), Checkpoints(tmp_path, 60.0)))
    assert saves == [63.0, 126.0]


def test_a_full_disk_costs_the_checkpoint_and_not_the_run(tmp_path, monkeypatch, capsys):
    def full(path, data):
        raise LonglagError(f"cannot write {path}: No space left on device")

    one = spec("clipping", "adding", budget=200.0)
    whole = [plain(event) for event in run(one)]
    monkeypatch.setattr(checkpoint, "write_atomically", full)
    assert [plain(event) for event in run(one, Checkpoints(tmp_path, 1e-9))] == whole
    assert "No space left on device); training continues" in capsys.readouterr().err


def test_a_checkpoint_that_cannot_be_written_leaves_the_two_newest(tmp_path, monkeypatch):
    """The next one again replaces the older file, not the newest."""
    tries, write = iter(range(1, 99)), checkpoint.write_atomically

    def full_at_the_third(path, data):
        if next(tries) == 3:
            raise LonglagError(f"cannot write {path}: No space left on device")
        write(path, data)

    monkeypatch.setattr(checkpoint, "write_atomically", full_at_the_third)
    kill_after(4, monkeypatch, lambda: list(run(spec("clipping", "adding"), Checkpoints(tmp_path, 1e-9))))
    headers = [unpack(path.read_bytes())[0] for path in checkpoints(tmp_path)]
    updates = [header["state"]["fields"]["drawn"]["value"] for header in headers]
    assert updates == [4, 2]


@pytest.fixture
def ignored():
    """SIGTERM is ignored: neither what a run does while it listens, nor the default, which a first signal restores."""
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.mark.usefixtures("ignored")
def test_a_signal_writes_a_last_checkpoint_and_is_no_error_row(tmp_path, monkeypatch):
    one, stop = spec("clipping", "adding", seeds=(0, 1)), Interruption()
    whole = [plain(event) for event in run(one)]
    advance = Block.advance

    def asked(block):
        if block.state.drawn == 7:
            signal.raise_signal(signal.SIGTERM)
        return advance(block)

    with monkeypatch.context() as patch, stop.listening():
        patch.setattr(Block, "advance", asked)
        with pytest.raises(Interrupted) as error:
            list(attempt(resolve(one), Checkpoints(tmp_path, 1e9, stop)))
    assert error.value.number == signal.SIGTERM
    (file,) = tmp_path.rglob("*.ckpt")
    assert unpack(file.read_bytes())[0]["state"]["fields"]["drawn"] == {"value": 7}  # the step in hand is given up
    found = list(attempt(resolve(one), Checkpoints(tmp_path, 1e9)))
    assert [plain(event) for event in found] == whole
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_IGN, "as before it listened"


def test_a_signal_just_after_the_look_for_one_is_not_taken_before_a_checkpoint_is_written(tmp_path):
    looks = []

    class Late(Interruption):
        def __bool__(self):
            looks.append(self.number)
            if len(looks) == 7:
                self.number = signal.SIGTERM
            return bool(looks[-1])

    one = spec("clipping", "adding")
    with pytest.raises(Interrupted):
        list(run(one, Checkpoints(tmp_path, 1e9, Late())))
    (file,) = tmp_path.rglob("*.ckpt")
    assert unpack(file.read_bytes())[0]["state"]["fields"]["drawn"] == {"value": 7}
    assert [plain(e) for e in run(one, Checkpoints(tmp_path, 1e9))] == [plain(e) for e in run(one)]


@pytest.mark.parametrize("answers", [1, 5, 12])
def test_a_signal_within_a_long_step_ends_it_and_the_run_resumes_to_the_same_bytes(tmp_path, monkeypatch, answers):
    one, stop = spec("hf", "adding", budget=4000.0), Interruption()
    whole = [plain(event) for event in run(one)]
    charge, seen = Objective._charge, []

    def asked(objective, passes, params):
        seen.append(passes)
        if len(seen) == 20 + answers:  # a step of these asks its oracle about 20 times
            stop.number = signal.SIGTERM
        charge(objective, passes, params)

    with monkeypatch.context() as patch:
        patch.setattr(Objective, "_charge", asked)
        with pytest.raises(Interrupted):
            list(run(one, Checkpoints(tmp_path, 1e9, stop)))
    assert len(seen) == 20 + answers  # nothing was asked after the signal
    assert len(list(tmp_path.rglob("*.ckpt"))) == 1
    assert [plain(event) for event in run(one, Checkpoints(tmp_path, 1e9))] == whole


STOPS = """
import os, signal
from longlag.methods.base import Method
from longlag.methods.clipping import METHOD as PARENT
from longlag.engine.block import Block

METHOD, advance = Method("clipped", "as clipping", "asks its process to end", "nobody", 1, PARENT.build), Block.advance

def asked(block):
    if 1 in block.seeds and block.state.drawn == 5 and "STOP" in os.environ:
        os.kill(os.getpid(), signal.SIGTERM)
    return advance(block)

Block.advance = asked
"""


@pytest.mark.parametrize("cache", ["rungs", ".runs.csv.cache"])
def test_a_ladder_of_a_real_process_is_ended_by_a_signal_and_gone_on_with(tmp_path, cache):
    """Without --cache the folder lies beside the rows until they are written."""
    (tmp_path / "stops.py").write_text(STOPS)
    words = ["-m", "longlag", "ladder", "--task", "adding", "--lags", "10", "--method", "clipped",
             "--plugin", str(tmp_path / "stops.py"), "--seeds", "0:2", "--budget", "2000", "--set", "cell.hidden=8"]  # fmt: skip

    def call(name, **env):
        outputs = {"--out": "runs.csv", "--curves": "curves.parquet"}
        outputs |= {"--cache": cache} if cache == "rungs" else {}
        more = [word for flag, file in outputs.items() for word in (flag, str(tmp_path / name / file))]
        fresh = {"PYTHONDONTWRITEBYTECODE": "1"}
        done = warm.run([*words, *more], options=("-W", "error"), env=os.environ | fresh | env)
        return done.returncode, done.stderr

    assert call("whole")[0] == 0
    code, said = call("stopped", STOP="1")
    assert code == 128 + signal.SIGTERM
    assert "interrupted by SIGTERM" in said
    assert len(list(tmp_path.glob(f"stopped/{cache}/**/*.ckpt"))) == 1
    code, said = call("stopped")
    assert code == 0
    assert "resuming from update [5 5]" in said  # the sixth was in hand
    assert [*climbed(tmp_path / "whole")] == [*climbed(tmp_path / "stopped")]
    assert not [*tmp_path.rglob("*.ckpt"), *tmp_path.rglob(".*")]


def climbed(folder):
    from longlag.store.curves import read_points
    from longlag.store.records import read_rows

    yield from (plain(row) for row in read_rows(folder / "runs.csv"))
    yield from (plain(point) for point in read_points(folder / "curves.parquet"))


def test_the_clock_may_go_backwards(tmp_path, monkeypatch):
    """Only order and length of time count, and neither is asked of the calendar."""
    monkeypatch.setattr(time, "time", lambda: pytest.fail("the calendar was asked"))
    one = spec("clipping", "adding", budget=200.0)
    found = interrupted(one, tmp_path, monkeypatch, [5])
    assert all(event.seconds >= 0 for event in found)
    assert found[-1].wall_seconds >= 0


def test_two_writers_of_one_output_are_told_apart(tmp_path):
    out = tmp_path / "runs.csv"
    code = f"from longlag.store import lock\nimport sys\nwith lock.held({str(out)!r}):\n    print(flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        other.stdout.readline()
        with pytest.raises(LonglagError, match=f"is being written by process {other.pid} on"), lock.held(out):
            pass
        with lock.held(tmp_path / "other.csv"):
            pass
        other.kill()
    with lock.held(out):  # freed by the kernel
        assert (tmp_path / ".runs.csv.lock").exists()
    assert not list(tmp_path.iterdir())


def test_a_writer_that_starts_while_somebody_asks_who_holds_its_lock_gets_it(tmp_path, monkeypatch):
    out, left = tmp_path / "runs.csv", tmp_path / ".runs.csv.lock"
    left.write_text("123 on a machine where it was killed\n")
    with left.open() as asking:
        fcntl.flock(asking, fcntl.LOCK_EX)
        monkeypatch.setattr(time, "sleep", lambda seconds: fcntl.flock(asking, fcntl.LOCK_UN))
        with lock.held(out):
            assert lock.holder(left).startswith(f"{os.getpid()} on ")


def test_a_finished_ladder_leaves_rungs_alone(tmp_path, monkeypatch):
    """A kill between two lags and within one; what is kept is not trained again."""
    one = spec("clipping", "adding", seeds=(0,), budget=300.0)

    def rows(driver, rungs):
        return [plain(row) for row, _ in climb(setups(one, [10, 12]), rungs, lambda event: None, driver)]

    whole = rows(Checkpoints(tmp_path / "a", 1e9), Rungs(tmp_path / "a"))
    kill_after(15, monkeypatch, lambda: rows(Checkpoints(tmp_path / "b", 1e-9), Rungs(tmp_path / "b")))
    (rung,) = (tmp_path / "b").rglob("*.json")
    before = rung.stat().st_mtime_ns
    assert rows(Checkpoints(tmp_path / "b", 1e9), Rungs(tmp_path / "b")) == whole
    assert rung.stat().st_mtime_ns == before


@pytest.mark.parametrize("deleted", [0, 1, 2])
def test_a_kill_between_the_last_row_and_the_end_of_its_checkpoints_leaves_none_after_the_next_start(
    tmp_path, monkeypatch, deleted
):
    one = spec("clipping", "adding", seeds=(0, 1), block=1, budget=300.0)

    def rows():
        return [plain(row) for row, _ in climb(setups(one, [10]), Rungs(tmp_path), lambda event: None, driver)]

    def killed(shelf):
        for path in shelf.own[:deleted]:
            path.unlink()
        left.write_text("123 on a machine where it was killed")
        raise Killed

    driver, left = Checkpoints(tmp_path, 1e-9), tmp_path / "left"
    with monkeypatch.context() as patch:
        patch.setattr(checkpoint._Shelf, "clear", killed)
        with pytest.raises(Killed):
            rows()
    (rung,) = tmp_path.rglob("*.json")
    name = rung.name.replace(".json", ".0.ckpt")
    left.rename(rung.with_name(f".{name}.lock"))  # a process that is killed does not delete its lock
    assert len(list(tmp_path.rglob("*.ckpt"))) == 2 - deleted
    assert rows() == [plain(event) for event in run(one) if isinstance(event, Row)]
    assert [path.suffix for path in tmp_path.rglob("*") if path.is_file()] == [".json", ".json"]


def test_a_checkpoint_stays_while_a_seed_can_resume_from_it_or_somebody_holds_it(tmp_path, monkeypatch):
    one = spec("clipping", "adding", seeds=(0, 1), block=2)
    kill_after(5, monkeypatch, lambda: list(run(one, Checkpoints(tmp_path, 1e-9))))
    setup, both = resolve(one), checkpoints(tmp_path)
    checkpoint.clear_finished(tmp_path, setup, [0])
    with lock.held(both[0].with_name(both[0].name.replace(".1.", ".0."))):
        checkpoint.clear_finished(tmp_path, setup, [0, 1])
    cut(both[0])
    assert {*tmp_path.rglob("*.ckpt")} == {*both}
    checkpoint.clear_finished(tmp_path, setup, [0, 1, 2])
    assert [*tmp_path.rglob("*.ckpt")] == [both[0]], "nobody knows whose the damaged one is"
