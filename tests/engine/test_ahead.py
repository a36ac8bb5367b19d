"""Batches drawn ahead, and packed for a GPU: the same bits, whoever draws, on a CPU here by the same code."""

import dataclasses
import os
import subprocess
import sys
from concurrent.futures import Future

import numpy as np
import pytest
import torch

from longlag import registry, tasks
from longlag.engine import ahead
from longlag.engine.ahead import Ahead, Drawers
from longlag.engine.block import Block
from longlag.engine.data import Data
from longlag.engine.packing import Packed, pack
from longlag.engine.spec import resolve
from longlag.store.records import Row
from longlag.tasks.base import Batch
from test_contracts import lasting
from toy import spec

TASKS = registry.names("tasks")
DEVICES = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]


@pytest.fixture(scope="module")
def drawers():
    found = Drawers(2)
    yield found
    found.close()


class Counted:
    """Drawers that note what they are asked for. broken: "answer", whose answers are errors, or "start"."""

    processes, ready = 2, True

    def __init__(self, task, broken=""):
        self.task, self.broken, self.asked = task, broken, []

    def submit(self, request):
        self.asked.append(request.k)
        if self.broken == "start":
            raise EOFError("a process that draws has ended")
        found = Future()
        if self.broken:
            found.set_exception(EOFError("a process that draws has ended"))
        else:
            found.set_result(request.drawn(self.task))
        return found


def same(found, wanted):
    for name in ("x", "start", "y"):
        a, b = getattr(found, name).cpu(), getattr(wanted, name)
        assert a.dtype == b.dtype
        assert a.shape == b.shape
        assert a.numpy().tobytes() == b.contiguous().numpy().tobytes()


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("task", TASKS)
def test_what_is_packed_has_the_same_bits(task, device):
    own = Data(resolve(spec("clipping", task, seeds=(3, 5, 8))), (3, 5, 8))
    packed = own.packed("train", 2, 7)
    sent = Packed.of(packed.memory, packed.layout())
    same(sent.to(device).tensors(), own.batch("train", 2, 7))


def test_ones_take_a_bit_and_other_numbers_keep_their_sign_and_nan():
    hot = np.eye(5, dtype=np.float32)[None].repeat(4, 0)
    start, y = np.zeros(5, dtype=np.int64), np.ones((1, 5), dtype=np.int64)
    assert pack([Batch(hot, start, y)] * 3).parts[0].size == 3 * 13  # a hundred bits
    for number in (-0.0, np.nan, 2.0, np.float32(1e-45)):
        other = hot.copy()
        other[3, 4, 4] = number
        packed = pack([Batch(hot, start, y), Batch(other, start, y)])
        assert packed.parts[0].size == 2 * 400
        assert packed.tensors().x[1].numpy().tobytes() == other.tobytes()


def test_a_run_that_draws_ahead_has_the_rows_of_one_that_does_not(drawers, monkeypatch):
    monkeypatch.setattr(ahead, "_PATIENCE", 1)
    setup = resolve(spec("clipping", "adding", seeds=(0, 1, 2), block=3, budget=900.0))
    found = []
    for own in (True, False):
        block = Block(setup, setup.spec.seeds)
        if own:
            one = Ahead(tasks.load("adding", 10), setup.spec.seeds, lambda: drawers)
            block.data = dataclasses.replace(block.data, ahead=one)
        with torch.no_grad():
            found.append([lasting(e) for e in block.train() if isinstance(e, Row)])
            kept = len(block._monitor)
        assert kept == own  # a GPU keeps the monitor set, and a CPU draws it again
    assert found[0] == found[1]


def test_other_processes_draw_the_same_batches(drawers):
    task = tasks.load("temporal_order", 20)
    request = ahead.Request("temporal_order", 20, (4, 7), ("train", "train"), 3, 6)
    same(drawers.submit(request).result(60).tensors(), request.drawn(task).tensors())
    assert drawers.ready


@pytest.mark.parametrize("device", DEVICES)
def test_training_gets_the_batches_that_others_drew(drawers, device, monkeypatch):
    monkeypatch.setattr(ahead, "_PATIENCE", 0)
    setup = resolve(spec("clipping", "temporal_order", seeds=(0, 1)))
    here = Data(setup, (0, 1))
    wanted = [here.batch("train", k, 100) for k in range(1, 9)]
    task = tasks.load("temporal_order", 10)
    drawers.submit(ahead.Request("temporal_order", 10, (0, 1), ("train", "train"), 1, 100)).result(60)
    own, drawn = [], ahead.Request.drawn
    monkeypatch.setattr(ahead.Request, "drawn", lambda self, at: own.append(self.k) or drawn(self, at))
    there = Data(setup, (0, 1), device, ahead=Ahead(task, (0, 1), lambda: drawers))
    for k, batch in enumerate(wanted, 1):
        same(there.batch("train", k, 100), batch)
    assert own == [1]  # nobody could be asked for the first before it was needed


def test_only_a_series_of_one_purpose_is_foreseen(monkeypatch):
    monkeypatch.setattr(ahead, "_PATIENCE", 3)
    task = tasks.load("adding", 20)
    counted = Counted(task)
    one, own = Ahead(task, (0, 1), lambda: counted), Data(resolve(spec("clipping", "adding", 20, seeds=(0, 1))), (0, 1))
    purposes = ("train",) * 2
    for k in (1, 2, 3):
        one(purposes, k, 5)
    for k in range(1, 30):
        one(("monitor",) * 2, 0, 5)  # again and again
        one(("gradient", "curve")[k % 2 :][:1] * 2, k, 5)  # one counter, two purposes
    assert not counted.asked
    for k in (4, 5, 6, 9, 3, 4):
        same(one(purposes, k, 5).tensors(), own.batch("train", k, 5))
    assert counted.asked == [5, 6, 7, 8, 9, 10]
    assert not one._pending.keys() - {one._request(purposes, k, 5) for k in range(5, 11)}


@pytest.mark.parametrize("broken", ["start", "answer"])
def test_a_process_that_failed_is_not_asked_again(monkeypatch, broken):
    monkeypatch.setattr(ahead, "_PATIENCE", 0)
    task = tasks.load("adding", 20)
    counted = Counted(task, broken)
    one, here = Ahead(task, (0,), lambda: counted), Data(resolve(spec("clipping", "adding", 20)), (0,))
    with pytest.warns(RuntimeWarning, match="not drawn ahead: EOFError: a process that draws has ended"):
        found = [one(("train",), k, 5) for k in (1, 2)]
    for k, batch in zip((1, 2), found, strict=True):
        same(batch.tensors(), here.batch("train", k, 5))
    before = len(counted.asked)
    one(("train",), 3, 5)
    assert len(counted.asked) == before


def test_nobody_else_draws_a_task_that_is_not_found_by_its_name(monkeypatch):
    monkeypatch.setattr(ahead, "_PATIENCE", 0)
    task = tasks.load("adding", 20)
    other = tasks.TaskAtLag(dataclasses.replace(task.task, sample=task.task.sample), 20)
    counted = Counted(other)
    one = Ahead(other, (0,), lambda: counted)
    for k in (1, 2, 3):
        one(("train",), k, 5)
    assert not counted.asked


def test_a_machine_without_a_core_to_spare_starts_no_process(monkeypatch):
    monkeypatch.setattr(ahead, "_cores", lambda: 1)
    assert ahead.shared() is None
    assert ahead._cores() >= 1


def test_the_processes_end_with_who_asks():
    code = """if True:
        from longlag.engine import ahead
        drawers = ahead.Drawers(1)
        drawers.submit(ahead.Request("adding", 10, (0,), ("train",), 1, 2)).result()
        print(drawers._workers[0]._process.pid)
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not done.stderr
    with pytest.raises(ProcessLookupError):
        os.kill(int(done.stdout), 0)
