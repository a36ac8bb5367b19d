"""The digits: a fixed split, training images alone in the batches, the record on the page, a clear word without
scikit-learn."""

import csv
import sys
from pathlib import Path

import numpy as np
import pytest

from longlag.demos import digits
from longlag.errors import LonglagError
from longlag.rng import stream

ROOT = Path(__file__).parents[2]
with (ROOT / "results/demos/digits.csv").open(newline="") as file:
    RECORD = list(csv.DictReader(file))


def test_the_split_is_every_fifth_image():
    images = digits.load()
    training, test = images.part(test=False), images.part(test=True)
    assert (training.pixels.shape, test.pixels.shape) == ((64, 1438), (64, 359))
    assert (test.pixels[:, 0] == images.pixels[:, 4]).all()
    assert (training.pixels[:, 4] == images.pixels[:, 5]).all()
    assert (images.pixels.min(), images.pixels.max()) == (0, 1)
    counts = np.bincount(test.labels)
    assert (counts.min(), counts.max()) == (21, 52)  # as the documents say


def test_permuted_are_the_same_images_in_one_other_order():
    plain, permuted = digits.load(), digits.load(permuted=True)
    order = stream(0, "digits").permutation(64)
    assert (permuted.pixels == plain.pixels[order]).all()
    assert order[:5].tolist() == [4, 1, 59, 27, 57]
    assert (permuted.labels == plain.labels).all()


def test_batches_hold_training_images_with_their_labels():
    training = digits.load().part(test=False)
    batch = digits.as_task(training).sample(stream(0, "x"), 64, 500)
    known = {image.tobytes(): label for image, label in zip(training.pixels.T, training.labels, strict=True)}
    found = [known[np.ascontiguousarray(sequence).tobytes()] for sequence in batch.x[..., 0].T]
    assert batch.x.shape == (64, 500, 1)
    assert (found == batch.y[0]).all()
    assert len(set(found)) == 10


def test_the_linear_baseline_is_that_of_the_record():
    kept = {row["order"]: float(row["accuracy"]) for row in RECORD if row["method"] == digits.LINEAR}
    found = digits.linear(permuted=True)
    assert float(found["accuracy"]) == pytest.approx(kept["permuted"], abs=0.01)
    assert kept["permuted"] == pytest.approx(kept["row by row"], abs=0.01)  # it hears all pixels at once


def test_a_method_is_trained_for_its_passes_and_tested_once():
    row = digits.train("lstm", permuted=True, passes=600)
    assert tuple(row) == digits.COLUMNS
    assert (row["passes"], row["order"]) == (600, "permuted")
    assert 0 <= float(row["accuracy"]) <= 1
    assert float(digits.train("constant", passes=600)["accuracy"]) == pytest.approx(0.1, abs=0.03)


def test_the_page_shows_the_record():
    assert {row["method"] for row in RECORD} == {digits.LINEAR, *digits.METHODS}
    assert digits.table(RECORD) in (ROOT / "docs/demos.md").read_text(), "write what --record prints to docs/demos.md"


def test_without_scikit_learn_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(LonglagError, match=r"the digits come with scikit-learn; pip install 'longlag\[sklearn\]'"):
        digits.load()
    for words in ([], ["--record", "digits.csv"]):
        with pytest.raises(SystemExit, match="longlag: the digits come with scikit-learn"):
            digits.main(words)


def test_the_command(capsys):
    digits.main(["--method", "constant", "--passes", "600"])
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("logistic regression")
    assert second.endswith("of 359 test images")
    with pytest.raises(SystemExit, match="longlag: unknown method 'lstn'; did you mean 'lstm'"):
        digits.main(["--method", "lstn"])
