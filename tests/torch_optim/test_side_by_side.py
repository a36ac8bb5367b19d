"""The side-by-side runs, their figure and the table in the document come from the same rows."""

import re
import sys
from pathlib import Path

import pandas as pd
import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))  # benchmarks/ is no part of the package

from benchmarks import hessian_free, hessian_free_figure  # noqa: E402
from benchmarks.arm import Missing  # noqa: E402

sys.path.append(str(hessian_free.PEERS))
ROWS = pd.read_csv(ROOT / "results/benchmarks/hessian_free.csv")


def test_the_table_in_the_document_is_that_of_the_rows():
    text = (ROOT / "docs/hessian-free.md").read_text()
    (found,) = re.findall(r"<!-- python -m benchmarks.hessian_free_figure -->\n(.*?)\n<!-- end -->", text, flags=re.S)
    assert found == hessian_free_figure.table(ROWS)


def test_the_rows_are_of_all_methods_on_all_problems():
    assert set(ROWS.problem) == set(hessian_free.PROBLEMS)
    for _, rows in ROWS.groupby("problem"):
        names = set(rows.method.str.split(",").str[0])
        assert names == {"longlag HessianFree", "PyTorchHessianFree", "L-BFGS", "Adam"}
        assert (rows.groupby("method").seed.nunique() == 3).all()


def test_the_figure_is_drawn(tmp_path):
    hessian_free_figure.figure(ROWS).savefig(tmp_path / "figure.png")
    assert (tmp_path / "figure.png").stat().st_size


@pytest.mark.filterwarnings("ignore")  # peers warn
@pytest.mark.parametrize("method", hessian_free.METHODS)
def test_every_method_lowers_the_loss_and_counts_its_passes(method):
    try:
        points = hessian_free.run("regression", method, seed=0, budget=150)
    except Missing as reason:
        pytest.skip(str(reason))
    assert points[-1].loss < points[0].loss
    assert points[0].passes == 0 < points[1].passes
    assert points[-1].passes >= 150
