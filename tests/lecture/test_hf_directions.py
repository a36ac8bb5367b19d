"""Claim 9: small gradient and even smaller curvature."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pytest
import torch

from longlag.cli import main
from longlag.directions import are_hidden
from longlag.figures.lecture import hf_directions as drawing
from longlag.figures.tools import style
from longlag.lecture import hf_directions
from longlag.lecture.base import columns, to_json
from longlag.lecture.tools import running
from longlag.lecture.tools.numbers import Verdict
from longlag.report import claim_figures, claims
from longlag.rng import stream

EXPONENT = "exponent of gradient against curvature"
HIDDEN = "directions of small gradient, even smaller curvature"
GAIN = "fall by one HF step / fall by the best gradient step"


def test_lanczos_finds_what_a_dense_eigensolver_finds():
    rng = stream(0, "test")
    root = torch.tensor(rng.standard_normal((12, 12)))
    matrix, start = root @ root.T, torch.tensor(rng.standard_normal(12))
    values, vectors = hf_directions.lanczos(lambda v: matrix @ v, start, 40)
    np.testing.assert_allclose(values.numpy(), np.linalg.eigvalsh(matrix)[::-1], rtol=1e-9)
    np.testing.assert_allclose((vectors @ vectors.T).numpy(), np.eye(12), atol=1e-10)
    few, directions = hf_directions.lanczos(lambda v: matrix @ v, start, 4)
    curved = torch.einsum("kp,pq,kq->k", directions, matrix, directions)
    np.testing.assert_allclose(few.numpy(), curved.numpy(), rtol=1e-9)  # curvature, converged or not


def test_an_operator_of_low_rank_ends_the_recurrence():
    v = torch.tensor([1.0, 2.0, 2.0], dtype=torch.float64)
    values, _ = hf_directions.lanczos(lambda x: v * (v @ x), v, 10)
    assert values.tolist() == pytest.approx([9.0])


def plateau(exponent=0.5, second=1.0, looks=(1.05, 1.0, 1.0, 1.0), equal=0.2):
    """Gradients that fall like curvature^exponent; one step of HF gains `second`, one of descent 0.1."""
    curvature = np.geomspace(100, 1e-4, 30)
    gradient = curvature**exponent
    steps, equal_passes = (second * gradient / curvature, gradient / 100), {"descent": 0.1, "momentum": equal}
    return hf_directions.Plateau(curvature, gradient, *steps, list(looks), second, 0.1, 5e4, equal_passes)


GONE = [plateau(second=1e-3)] * 5  # the control's start: a step gains next to nothing


@pytest.mark.parametrize("width", [style.PAGE_WIDTH, style.COLUMN_WIDTH])
def test_no_line_crosses_the_name_of_the_curvature(width):
    finding = hf_directions.judge([plateau()] * 5, GONE).to_dict()
    figure = drawing.draw(to_json(finding), width=width)
    figure.draw_without_rendering()
    panel = figure.axes[0]
    (word,) = [text for text in panel.texts if text.get_text() == "the curvature"]
    box = word.get_window_extent()
    for line in panel.lines:
        if line.get_linestyle() != "None":
            (x, y), (u, v) = line.get_transform().transform(line.get_xydata())
            along = np.linspace(0, 1, 1000)
            assert not any(box.contains(x + share * (u - x), y + share * (v - y)) for share in along)


def test_the_figure_marks_the_directions_that_the_claim_counts():
    draw = stream(0, "test", "hidden")
    nets = [plateau(exponent) for exponent in draw.uniform(-0.2, 1.2, 20)]
    series = to_json(columns(nets), digits=6)
    assert [int(marked.sum()) for marked in drawing._hidden(series)] == [net.hidden for net in nets]
    assert 0 < sum(net.hidden > 0 for net in nets) < len(nets)


def test_a_direction_without_curvature_is_not_hidden():
    assert are_hidden(np.array([100.0, 1e-4, 0.0]), np.array([10.0, 0.1, 0.1])).tolist() == [False, True, False]
    assert not are_hidden(np.zeros(3), np.zeros(3)).any()


def test_it_holds_with_what_is_gone_as_its_caveat(plain):
    assert plateau(0.5).exponent == pytest.approx(0.5)
    assert hf_directions.judge([plateau()] * 5, GONE).verdict == Verdict.CAVEAT
    assert hf_directions.judge([plateau()] * 5, [plateau()] * 5).verdict == Verdict.HOLDS
    assert "finds what is small, not what is gone" in plain(hf_directions.judge([plateau()] * 5, GONE))
    assert plain(hf_directions.judge([plateau()] * 5, [plateau()] * 5)).endswith(
        "10 times as much as the best gradient step."
    )


def test_what_the_same_passes_buy_otherwise_is_a_caveat(plain):
    dear = hf_directions.judge([plateau(equal=2.0)] * 5, [plateau()] * 5)
    assert dear.caveat.startswith("on 5 of 5 nets momentum or gradient descent gains as much or more for the passes")
    assert plain(dear).endswith(
        ". But for the same passes momentum or gradient descent gains as much or more on 5 of 5 nets."
    )
    assert plateau(equal=2.0).gain_per_pass == 0.5


@pytest.mark.parametrize(
    ("other", "names"),
    [
        (plateau(1.5), [EXPONENT, HIDDEN]),  # the gradient falls faster than the curvature
        (plateau(0.0), [HIDDEN]),  # no gradient is small
        (plateau(second=0.05), [GAIN]),  # a step of HF gains less than one of descent
    ],
    ids=["too steep", "no small gradient", "no gain"],
)
def test_it_fails_if_most_nets_miss(missed, other, names):
    assert missed(hf_directions.judge([other] * 5, GONE)) == names


def test_that_gradients_are_level_is_a_caveat():
    said = "the gradients are nearly level"
    assert said in hf_directions.judge([plateau(0.1)] * 5, GONE).caveat
    assert said not in hf_directions.judge([plateau(0.4)] * 5, GONE).caveat, "some direction is small all the same"
    assert said not in hf_directions.judge([plateau(1.5)] * 5, GONE).caveat, "nor where gradients fall too fast"


@pytest.mark.parametrize(
    ("looks", "place"),
    [((1.2, 1.04, 1.01, 0.8), 2), ((1.2, 1.1, 1.01, 1.0), 3), ((1.0, 0.9, 1.0, 0.9), None), ((1.0, 1.0), 1)],
)
def test_a_plateau_is_two_looks_in_a_row(looks, place):
    assert hf_directions._last_plateau(looks) == place
    found = hf_directions.judge([plateau(looks=looks)] * 5, GONE)
    assert found.numbers[0].value == (place is not None)
    if place is None:
        assert found.verdict == Verdict.UNDECIDED
        assert "5 of 5 nets (seeds 0, 1, 2, 3, 4) reached no plateau" in found.caveat


def test_without_a_net_on_a_plateau_there_is_no_figure_and_the_others_are_drawn(tmp_path, monkeypatch, capsys):
    none = hf_directions.judge([plateau(looks=(1.0, 0.9, 1.0, 0.9))] * 2, GONE)
    claim, real = to_json(asdict(hf_directions.CLAIM)), running.measured

    def measured(slugs, seeds, cores):
        yield "hf_directions", {"claim": claim, "finding": none.to_dict(), "error": "", "seconds": 0.0}
        yield from real(["linear_backward"], seeds, 1)

    monkeypatch.setattr(running, "measured", measured)
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures/hf_directions.png").write_text("of an earlier measurement")
    words = ["--claim", "linear_backward,hf_directions", "--seeds", "0:2", "--out", str(tmp_path), "--slides"]
    assert main(["lecture", *words]) == 0
    said = capsys.readouterr()
    assert "longlag: hf_directions has no figure: no net could be judged" in said.err
    assert "(hf_directions): undecided" in said.out
    assert sorted(path.name for path in (tmp_path / "figures").iterdir()) == [
        "linear_backward.pdf",
        "linear_backward.png",
    ]
    assert [row.thumbnail != "" for row in claims.read(tmp_path)] == [True, False]
    page = (tmp_path / "slides.html").read_text("utf-8")
    assert "There is none: no net could be judged." in page


def test_a_figure_of_judged_nets_hides_no_fault():
    judged = hf_directions.judge([plateau()] * 2, GONE).to_dict()
    del judged["series"]["curvature"]
    with pytest.raises(KeyError):
        claim_figures.draw("hf_directions", judged)


def test_curvature_and_gradient_along_a_direction_are_those_of_differences():
    """The second way: no Lanczos and no Gauss-Newton product, outputs and losses of moved nets alone."""
    data = hf_directions.esn_style("temporal_order", 10, 0)
    params = {name: value.double() for name, value in data.start().items()}
    objective = data.objective(data.batch("test of directions", 0, 20))
    _, gradient = objective.value_and_grad(params)
    g = hf_directions.flat(gradient)
    product = objective.head(20).gauss_newton(params)

    def curved(v):
        return hf_directions.flat(product(hf_directions.unflat(v, params)))

    values, directions = hf_directions.lanczos(curved, g, 5)
    batch, size = data.batch("test of directions", 0, 20), 1e-5
    for value, u in zip(values[:3], directions[:3], strict=True):
        ahead, behind = (moved(params, sign * size * u) for sign in (1, -1))
        slope = (float(objective.value(ahead)) - float(objective.value(behind))) / (2 * size)
        assert slope == pytest.approx(float(g @ u), rel=1e-4, abs=1e-9)
        outputs = [data.setup.model.outputs(at, batch.x, batch.start)[0] for at in (ahead, params, behind)]
        tangent = (outputs[0] - outputs[2]) / (2 * size)
        p = torch.softmax(outputs[1], -1)
        quadratic = (p * tangent**2).sum(-1) - (p * tangent).sum(-1) ** 2  # of the softmax's loss
        assert float(quadratic.mean()) == pytest.approx(float(value), rel=1e-4, abs=1e-9)


def moved(params, step):
    return {
        name: value + part
        for (name, value), part in zip(
            params.items(), (hf_directions.unflat(step, params)[name] for name in params), strict=True
        )
    }


def test_measured_small(draw):
    rivals = {"descent": (0.0, (0.1,)), "momentum": (0.9, (0.01,))}
    finding = hf_directions.measure([0], lag=10, looks=(0, 1), k=4, sequences=20, rivals=rivals)
    assert len(finding.series["curvature"][0]) == 4
    assert finding.series["passes"][0] > 0
    draw("hf_directions", finding, smallest=6.5, anywhere=("the curvature", "Hessian-Free", "gradient step"))
