"""YAML that PyYAML would take, and that no suite may be."""

import string

import pytest
import yaml

from longlag.design import _yaml, suite
from longlag.errors import LonglagError


@pytest.mark.parametrize(
    ("text", "key", "lines"),
    [
        ("lags: [10]\nseeds: 3\nlags: [20]\n", "lags", "1 and 3"),
        ("cells:\n  - {methods: [hf], tasks: [xor],\n     methods: [lstm]}\n", "methods", "2 and 3"),
        ("methods: {hf: {optimiser.batch: 1, optimiser.batch: 2}}", "optimiser.batch", "1 and 1"),
    ],
)
def test_a_key_that_stands_twice_is_refused(text, key, lines, tmp_path):
    (tmp_path / "suite.yaml").write_text(text)
    with pytest.raises(LonglagError, match=rf"suite.yaml: key '{key}' stands twice, in lines {lines}"):
        suite.read(tmp_path / "suite.yaml")


def test_equal_keys_of_two_mappings_and_merges_are_no_fault():
    text = "a: &a {x: 1, y: 2}\nb: {<<: *a, x: 3}\nc: [{x: 1}, {x: 2}]\n"
    assert _yaml.load(text) == {"a": {"x": 1, "y": 2}, "b": {"x": 3, "y": 2}, "c": [{"x": 1}, {"x": 2}]}


@pytest.mark.parametrize("text", ["", "a", "[1, {b: c}]", "1: 2", "a: 1e6\nb: ~\n", "? x\n: y\n"])
def test_all_else_is_as_pyyaml_reads_it(text):
    assert _yaml.load(text) == yaml.safe_load(text)


def laughs(item: str) -> str:
    """Twelve levels, each nine times the one before: 9^12 values in a kilobyte."""
    lines = [f"{level}: &{level} " + item % ",".join(["*" + before] * 9)
             for before, level in zip(string.ascii_lowercase, string.ascii_lowercase[1:13], strict=False)]  # fmt: skip
    return "a: &a {k: 1}\n" + "\n".join(lines)


@pytest.mark.parametrize("item", ["[%s]", "{x: [%s]}", "{<<: [%s]}"])
def test_aliases_cannot_blow_a_document_up(item, tmp_path):
    (tmp_path / "suite.yaml").write_text(laughs(item))
    with pytest.raises(LonglagError, match="stand for more than 1,000,000 values"):
        suite.read(tmp_path / "suite.yaml")


def test_a_design_that_holds_itself_is_refused():
    with pytest.raises(LonglagError, match="stand for more than"):
        _yaml.load("a: &a [*a]")


def test_shared_lists_of_a_config_are_counted_too():
    shared = [1] * 10
    for _ in range(12):
        shared = [shared] * 10
    with pytest.raises(LonglagError, match="stand for more than"):
        suite.parse({"suite": "s", "cells": shared})
