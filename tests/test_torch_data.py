"""The tasks in plain torch: the engine's own batches, without a shared one among workers, and its own score."""

import copy
import dataclasses
import pickle
import re
import subprocess
import sys
from itertools import islice

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from longlag import protocol, registry, tasks
from longlag.engine import evaluate
from longlag.engine.data import Data
from longlag.engine.spec import resolve
from longlag.errors import LonglagError
from longlag.torch_data import TaskDataset, error_rate
from test_docs import blocks
from toy import spec

ORDER = TaskDataset("temporal_order", lag=20, batch=5, seed=3)


@pytest.mark.parametrize("name", registry.names("tasks"))
@pytest.mark.parametrize("batch_first", [False, True])
def test_batches_are_those_of_the_task_in_the_shapes_of_torch(name, batch_first):
    loaded = tasks.load(name, 20)
    found = list(TaskDataset(name, 20, batch=7, seed=1, batch_first=batch_first, starts=True, batches=2))
    for k, (x, y, start) in enumerate(found, 1):
        wanted = loaded.sample(7, 1, "train", k)
        one = loaded.task.traits.scored == 1
        np.testing.assert_array_equal(x.transpose(0, 1) if batch_first else x, wanted.x)
        np.testing.assert_array_equal(y[None] if one else y.transpose(0, 1) if batch_first else y, wanted.y)
        np.testing.assert_array_equal(start, wanted.start)
        assert (x.dtype, start.dtype) == (torch.float32, torch.int64)
        assert y.dtype == (torch.int64 if loaded.task.traits.classes else torch.float32)
        assert x.is_contiguous()
    assert len(found) == 2


def equal(one, other):
    return all(torch.equal(a, b) for pair in zip(one, other, strict=True) for a, b in zip(*pair, strict=True))


@pytest.mark.filterwarnings("ignore")  # of more workers than processors, and of fork beside threads
@pytest.mark.parametrize("workers", [1, 3])
def test_workers_share_no_batch_and_give_the_same_stream(workers):
    alone = list(dataclasses.replace(ORDER, batches=7))
    together = list(DataLoader(dataclasses.replace(ORDER, batches=7), batch_size=None, num_workers=workers))
    assert equal(alone, together)
    assert len({x.numpy().tobytes() for x, _ in together}) == 7


def test_a_stream_has_no_end_begins_where_it_is_asked_to_and_depends_on_the_seed():
    five = list(islice(ORDER, 5))
    assert equal(five[2:], islice(dataclasses.replace(ORDER, first=3), 3))
    assert equal(five, islice(ORDER, 5))
    assert not equal(five[:1], islice(dataclasses.replace(ORDER, seed=4), 1))


@pytest.mark.parametrize("workers", [0, 2])
def test_a_stream_with_an_end_has_a_length_that_torch_agrees_with(workers):
    some = dataclasses.replace(ORDER, batches=7, first=3)
    loader = DataLoader(some, batch_size=None, num_workers=workers)
    assert len(some) == len(loader) == len(list(loader)) == 7  # torch warns of a wrong length, which is an error here
    assert len(DataLoader(some, batch_size=2)) == 4


def test_a_stream_without_an_end_has_none():
    with pytest.raises(TypeError, match="without an end has no length; give it batches="):
        len(ORDER)
    with pytest.raises(TypeError):
        len(DataLoader(ORDER, batch_size=None))
    assert ORDER, "a stream is not empty"
    assert len(list(islice(DataLoader(ORDER, batch_size=None), 2))) == 2


def test_a_task_with_few_sequences_gives_all_of_them():
    assert next(iter(TaskDataset("memorization_5bit", 20, batch=100)))[0].shape[1] == 32


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"lag": 10, "batch_size": 3}, "TaskDataset has no argument batch_size=3: write batch="),
        ({"lag": 10, "bach": 3}, "did you mean 'batch'?"),
        ({"length": 10}, "TaskDataset has no argument length=10: write lag="),
        ({}, 'TaskDataset needs lag: TaskDataset("adding", lag=100)'),
        ({"T": 10}, "TaskDataset has no argument T=10: write lag="),
        ({"lag": 10, "device": "cuda"}, "write x.to(device) in the loop"),
        ({"lag": 10, "dtype": torch.float64}, "x is float32; write x.double() in the loop"),
        ({"lag": 10, "num_workers": 2}, "it is for a DataLoader around it"),
    ],
)
def test_a_wrong_name_is_answered_with_the_right_one(given, words):
    with pytest.raises(TypeError, match=re.escape(words)):
        TaskDataset("adding", **given)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"task": "ading"}, "did you mean 'adding'"),
        ({"lag": 3}, "lag >= 10"),
        ({"lag": 20.5}, "lag of TaskDataset cannot be 20.5; it must be a whole number, at least 1"),
        ({"batch": 0}, "batch of TaskDataset cannot be 0; it must be a whole number, at least 1"),
        ({"seed": -1}, "seed of TaskDataset cannot be -1; it must be a whole number, at least 0"),
        ({"first": 0}, "first of TaskDataset cannot be 0"),
        ({"batches": 0}, "batches of TaskDataset cannot be 0; it must be None or a whole number, at least 1"),
    ],
)
def test_arguments_are_checked_where_they_enter(wrong, words):
    with pytest.raises(LonglagError, match=re.escape(words)):
        TaskDataset(**{"task": "adding", "lag": 20} | wrong)


@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize(
    "name", ["adding", "temporal_order", "memorization_5bit", "memorization_20bit", "random_permutation_every_step"]
)
def test_the_score_is_that_of_a_run(name, batch_first):
    """A model that answers as a trained one of the engine is wrong as often."""
    data = Data(resolve(spec("control", task=name)), (5,))
    params, model, task = data.start(), data.setup.model, data.setup.task
    lag = data.setup.spec.lag

    def answer(x):
        x = x.transpose(0, 1) if batch_first else x
        starts = torch.zeros(1, x.shape[1], dtype=torch.int64)
        outputs = model.outputs(params, x.unsqueeze(0), starts)[0]
        return outputs[0] if task.traits.scored == 1 else outputs.transpose(0, 1) if batch_first else outputs

    batches = [dataclasses.replace(b, start=torch.zeros_like(b.start)) for b in data.evaluation("test", 2000)]
    wanted = float(evaluate.score(data.setup, params, batches).wrong[0])
    found = error_rate(answer, name, lag, seed=5, batch_first=batch_first, sequences=2000)
    assert found == wanted
    assert 0 < found <= 1


@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("name", ["adding", "temporal_order", "memorization_20bit"])
@pytest.mark.parametrize("sequences", [3, 1500])
def test_the_score_of_fewer_sequences_is_that_of_the_first_ones(name, batch_first, sequences):
    seen = []

    def answer(x):
        seen.append(x if batch_first else x.transpose(0, 1))
        return answers.pop(0)

    drawn = [tasks.load(name, 20).sample(1000, seed=5, purpose="test", k=k) for k in range(2)]
    x, y = (np.concatenate([getattr(batch, part) for batch in drawn], 1)[:, :sequences] for part in "xy")
    outputs, y = TaskDataset(name, 20).outputs, torch.from_numpy(y)
    right = y if name == "adding" else torch.nn.functional.one_hot(y, outputs).double()
    right[:, 1::2] -= 9 * right[:, 1::2].sign()  # each second answer is wrong
    axis = 1 if len(y) > 1 and not batch_first else 0
    right = right[0] if len(y) == 1 else right.transpose(0, 1) if batch_first else right
    answers = list(right.split(1000, axis))
    found = error_rate(answer, name, 20, seed=5, batch_first=batch_first, sequences=sequences)
    np.testing.assert_array_equal(torch.cat(seen), x.swapaxes(0, 1))
    assert found == (sequences // 2) / sequences


def test_whole_numbers_of_numpy_are_whole_numbers():
    given = tasks.load("adding", np.int64(20)).sample(np.int64(3), seed=np.int64(1), purpose="train", k=np.int64(2))
    np.testing.assert_array_equal(given.x, tasks.load("adding", 20).sample(3, seed=1, purpose="train", k=2).x)

    def mean(x):
        return torch.full((x.shape[1], 1), 0.5)

    assert error_rate(mean, "adding", np.int64(20), sequences=np.int64(50)) == error_rate(
        mean, "adding", 20, sequences=50
    )


@pytest.mark.parametrize("name", ["latch", "adding"])
def test_outputs_that_are_no_numbers_are_wrong(name):
    outputs = 2 if name == "latch" else 1
    assert error_rate(lambda x: torch.full((x.shape[1], outputs), torch.nan), name, 20, sequences=100) == 1.0


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: tasks.load("adding", "20"), "lag cannot be '20'"),
        (lambda: tasks.load("adding", 20.0), "lag cannot be 20.0"),
        (lambda: tasks.load("adding", 20).sample(-1), "n cannot be -1"),
        (lambda: tasks.load("adding", 20).sample(2.5), "n cannot be 2.5"),
        (
            lambda: tasks.load("adding", 20).sample(3, seed=-1),
            "seed cannot be -1; it must be a whole number, at least 0",
        ),
        (lambda: tasks.load("adding", 20).sample(3, seed="a"), "seed cannot be 'a'"),
        (lambda: tasks.load("adding", 20).sample(3, k=-1), "k cannot be -1"),
        (lambda: tasks.load("adding", 20).sample(3, k=True), "k cannot be True"),
        (lambda: tasks.load("adding", 20).sample(3, purpose=3), "purpose cannot be 3; it must be text"),
        (
            lambda: TaskDataset("adding", 20, batch_first="no"),
            "batch_first of TaskDataset cannot be 'no'; it must be True",
        ),
    ],
)
def test_what_a_task_is_asked_for_is_checked(call, words):
    with pytest.raises(LonglagError, match=words):
        call()


def test_a_worker_that_is_a_new_process_loads_the_plug_in_of_its_task(tmp_path):
    """Workers are new processes on macOS and Windows, and with Python 3.14 on Linux."""
    file = tmp_path / "later.py"
    file.write_text(
        "from dataclasses import replace\nfrom longlag.tasks.adding import TASK\nTASK = replace(TASK, name='later')\n"
    )
    loader = "import pickle, sys; print(*(len(x) for x, y in pickle.load(sys.stdin.buffer)))"
    registry.load_plugin(str(file))
    try:
        sent = pickle.dumps(TaskDataset("later", lag=20, batches=2))
        done = subprocess.run([sys.executable, "-c", loader], input=sent, capture_output=True, check=True)
        assert done.stdout.split() == [b"22", b"22"]
        assert pickle.loads(sent) == copy.deepcopy(pickle.loads(sent)) == TaskDataset("later", lag=20, batches=2)
    finally:
        registry._plugins["tasks"].clear()
        registry._origins.clear()


@pytest.mark.parametrize("name", registry.names("tasks"))
def test_a_dataset_says_the_sizes_that_a_model_needs(name):
    data = TaskDataset(name, lag=max(20, registry.get("tasks", name).shortest), batch=3, batches=1)
    (x, y) = next(iter(data))
    assert x.shape[-1] == data.inputs
    classes = registry.get("tasks", name).traits.classes
    assert data.outputs == classes or (classes == 0 and y.shape[-1] == data.outputs)


def test_a_readout_of_the_wrong_size_is_told_its_size():
    with pytest.raises(LonglagError, match=re.escape("its readout needs 3 outputs, TaskDataset(...).outputs")):
        error_rate(lambda x: torch.zeros(5, x.shape[1], 2), "memorization_5bit", lag=20)


def test_outputs_of_another_shape_are_refused():
    words = re.escape("must return outputs of shape [1000, 1] for task 'adding', not [1000]")
    with pytest.raises(LonglagError, match=words):
        error_rate(lambda x: x[0, :, 0], "adding", 20)
    with pytest.raises(LonglagError, match="not tuple"):
        error_rate(lambda x: (x, x), "adding", 20)
    with pytest.raises(LonglagError, match="sequences cannot be 0"):
        error_rate(lambda x: x, "adding", 20, sequences=0)
    with pytest.raises(LonglagError, match="sequences=20,000 of a test set of 10,000"):
        error_rate(lambda x: x, "adding", 20, sequences=20_000)


class LastStep(torch.nn.Module):
    def __init__(self, layer):
        super().__init__()
        self.layer, self.out = layer, torch.nn.Linear(6, 4)

    def forward(self, x):
        return self.out(self.layer(x[-1]))


@pytest.mark.parametrize(
    ("layer", "does"),
    [(torch.nn.Dropout(0.5), "draws random numbers"), (torch.nn.BatchNorm1d(6), "normalises by the test sequences")],
    ids=["dropout", "normalised"],
)
def test_a_model_in_training_mode_is_scored_with_a_warning(layer, does):
    model = LastStep(layer)
    for form in (model, model.forward, lambda x: model(x)):
        with pytest.warns(UserWarning, match=rf"in training mode, in which it {does}.*Call eval\(\)") as caught:
            error_rate(form, "temporal_order", 10, sequences=50)
        assert len(caught) == 1
    model.eval()
    assert (
        0
        < error_rate(model, "temporal_order", 10, sequences=50)
        == error_rate(model, "temporal_order", 10, sequences=50)
    )


@pytest.mark.parametrize("model", ["adding", torch.nn.Linear])
def test_what_is_no_model_is_refused(model):
    with pytest.raises(LonglagError, match=r"^model is a function of x, such as a module of torch, not "):
        error_rate(model, "adding", 20)


def test_the_documented_loop_solves_the_task():
    code, _ = blocks("docs/plain-torch.md", "python")
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True)
    (share,) = re.findall(r"([\d.]+)% of 10000 wrong", done.stdout)
    assert float(share) / 100 <= protocol.CRITERION
