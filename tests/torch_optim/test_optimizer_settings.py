"""Parameters, their groups and the settings: what is equal, what may change, what is refused."""

import re

import pytest
import torch
from nets import CE, Recurrent, T, X, classes, double, normal, problem, same, weights
from torch import nn

from longlag.errors import LonglagError
from longlag.torch_optim import HessianFree


def test_groups_are_solved_for_together():
    net, opt, closure = problem()
    other = double(Recurrent())
    x, y = normal(40, T, X), classes(40)
    grouped = HessianFree([{"params": other.rnn.parameters()}], CE, damping=0.01)
    grouped.add_param_group({"params": other.out.parameters()})
    for _ in range(3):
        opt.step(closure)
        grouped.step(lambda: (other(x), y))
    assert same(weights(net), weights(other))
    assert len({group["damping"] for group in grouped.param_groups}) == 1
    with pytest.raises(LonglagError, match=r"groups of parameters differ in weight_decay: 0\.0 and 0\.1"):
        grouped.add_param_group({"params": [nn.Parameter(torch.zeros(1))], "weight_decay": 0.1})


def test_a_group_that_is_added_has_the_settings_that_the_others_have_by_then():
    edited = {"structural_damping": 0.2, "weight_decay": 0.1, "cg_iterations": 20, "curvature_batches": 1}
    net = double(Recurrent())
    opt = HessianFree(net.rnn.parameters(), CE)
    for group in opt.param_groups:
        group.update(edited)
    opt.add_param_group({"params": [net.out.weight]})
    assert {name: opt.param_groups[1][name] for name in edited} == edited
    again = HessianFree(net.rnn.parameters(), CE)
    again.add_param_group({"params": [net.out.weight]})
    again.load_state_dict(opt.state_dict())
    with pytest.raises(LonglagError, match="groups of parameters differ in cg_iterations: 20 and 9"):
        again.add_param_group({"params": [net.out.bias], "cg_iterations": 9})
    again.add_param_group({"params": [net.out.bias], "cg_iterations": 20})
    assert {name: again.param_groups[2][name] for name in edited} == edited


def test_edited_settings_count_from_the_next_step_and_are_checked():
    _, opt, closure = problem()
    opt.param_groups[0]["cg_iterations"] = 2
    opt.step(closure)
    assert opt.info["cg_iterations"] == 2
    opt.param_groups[0]["damping"] = -1.0
    with pytest.raises(LonglagError, match=r"damping of HessianFree cannot be -1\.0; it must be a number, at"):
        opt.step(closure)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"damping": -1}, "damping of HessianFree cannot be -1; it must be a number, at least 0"),
        ({"damping": float("nan")}, "damping of HessianFree cannot be nan"),
        ({"structural_damping": -1}, "structural_damping of HessianFree cannot be -1"),
        ({"weight_decay": float("inf")}, "weight_decay of HessianFree cannot be inf"),
        ({"cg_iterations": 0}, "cg_iterations of HessianFree cannot be 0; it must be a whole number"),
        ({"cg_iterations": 1.5}, "cg_iterations of HessianFree cannot be 1.5"),
        ({"curvature_batches": 0}, "curvature_batches of HessianFree cannot be 0"),
        ({"hidden": "rnn"}, "hidden cannot be 'rnn'; name a module, such as hidden=model.rnn"),
        ({"hidden": 3}, "hidden cannot be 3"),
        ({"batch_axis": "first"}, "batch_axis cannot be 'first'"),
    ],
)
def test_settings_are_checked_at_once(settings, words):
    with pytest.raises(LonglagError, match=re.escape(words)):
        HessianFree(nn.Linear(1, 1).parameters(), CE, **settings)


def test_no_hidden_states_may_be_said_by_none():
    net = nn.Linear(2, 1)
    opt = HessianFree(net.parameters(), nn.MSELoss(), hidden=None, batch_axis=None, structural_damping=None)
    x = torch.eye(2)
    assert opt.step(lambda: (net(x), x[:, :1])) > opt.step(lambda: (net(x), x[:, :1]))


def test_parameters_are_checked():
    with pytest.raises(LonglagError, match=re.escape("params is a Linear; write HessianFree(model.parameters(), ...)")):
        HessianFree(nn.Linear(1, 1), CE)
    for params in (None, 3, torch.zeros(3)):
        with pytest.raises(LonglagError, match=r"params cannot be .*; write HessianFree\(model\.parameters\(\), "):
            HessianFree(params, CE)
    used = nn.Linear(1, 1).parameters()
    for params in ([], [*used] and used):
        with pytest.raises(LonglagError, match=r"params hold no parameter; write HessianFree\(model\.parameters\(\), "):
            HessianFree(params, CE)
    half = nn.Linear(1, 1).bfloat16()
    with pytest.raises(LonglagError, match=r"a parameter is of torch\.bfloat16; curvature needs float32 or float64"):
        HessianFree(half.parameters(), CE).step(lambda: None)
    with pytest.raises(LonglagError, match=r"on the device meta, where it has no numbers: call model\.to_empty"):
        HessianFree(nn.Linear(1, 1, device="meta").parameters(), CE).step(lambda: None)
    with pytest.raises(LonglagError, match="there is nothing to train"):
        HessianFree(nn.Linear(1, 1).requires_grad_(False).parameters(), CE).step(lambda: None)


def test_a_lazy_module_is_called_before_the_first_step():
    net, x = nn.LazyLinear(2), torch.randn(9, 3)
    opt = HessianFree(net.parameters(), CE)
    words = r"no shape yet, as in nn\.LazyLinear before its first call: call the model once"
    with pytest.raises(LonglagError, match=words):
        opt.step(lambda: (net(x), torch.zeros(9, dtype=torch.int64)))
    with pytest.raises(LonglagError, match=words):
        opt.load_state_dict(opt.state_dict())
    net(x)
    assert opt.step(lambda: (net(x), torch.zeros(9, dtype=torch.int64))).isfinite()


def groups_of(net, **options):
    return HessianFree([{"params": net.rnn.parameters()}, {"params": net.out.parameters(), **options}], CE)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"lr": 0.1}, r"a group of parameters has lr=0\.1, but Hessian-Free has no learning rate: .* Leave it out"),
        ({"momentum": 0.9}, "unknown option of a group of parameters 'momentum'; known: cg_iterations, .*weight_decay"),
        ({"weigth_decay": 0.1}, "'weigth_decay'; did you mean 'weight_decay'"),
        ({"damping": 1.0}, r"groups of parameters differ in damping: 0\.1 and 1\.0; .*give it to HessianFree"),
        ({"cg_iterations": 9}, "groups of parameters differ in cg_iterations: 150 and 9"),
    ],
)
def test_options_of_one_group_are_refused_and_the_group_is_not_added(options, words):
    net = double(Recurrent())
    with pytest.raises(LonglagError, match=words):
        groups_of(net, **options)
    opt = HessianFree(net.rnn.parameters(), CE)
    with pytest.raises(LonglagError, match=words):
        opt.add_param_group({"params": net.out.parameters(), **options})
    assert len(opt.param_groups) == 1
    with pytest.raises(
        LonglagError, match=r'a group of parameters is \{"params": model\.parameters\(\)\}, not <generator'
    ):
        opt.add_param_group(net.out.parameters())


def test_equal_options_of_groups_are_taken():
    opt = groups_of(double(Recurrent()), name="head", cg_iterations=150, initial_lr=0.1)
    assert [len(group["params"]) for group in opt.param_groups] == [4, 2]


@pytest.mark.skipif(torch.__version__.startswith(("2.4.", "2.5.")), reason="torch's optimisers take names since 2.6")
def test_names_of_parameters_are_taken():
    assert len(HessianFree(double(Recurrent()).named_parameters()).param_groups[0]["param_names"]) == 6


def test_groups_that_were_edited_apart_are_noticed_at_the_next_step_but_for_their_rate():
    net, x, y = double(Recurrent()), normal(40, T, X), classes(40)
    opt = groups_of(net)
    opt.param_groups[1]["lr"] = 0.01  # as schedulers do
    with pytest.warns(UserWarning, match="which changes nothing: Hessian-Free has no learning rate") as warned:
        opt.step(lambda: (net(x), y))
    assert [each.filename for each in warned] == [__file__]  # the line of the user
    opt.param_groups[1] |= {"lr": 1.0, "weight_decay": 0.1}
    with pytest.raises(LonglagError, match=r"differ in weight_decay: 0\.0 and 0\.1; .*into all param_groups"):
        opt.step(lambda: (net(x), y))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda p: HessianFree(p, CE, lr=0.1), "HessianFree has no argument lr=0.1: Hessian-Free has no learning rate"),
        (lambda p: HessianFree(p, criterion=CE), "HessianFree has no argument criterion=CrossEntropyLoss(): it is called loss"),
        (lambda p: HessianFree(p, CE, dampin=1), "unknown argument of HessianFree 'dampin'; did you mean 'damping'?"),
        (lambda p: HessianFree(p, CE, 0.1), "HessianFree takes only params and loss by position, not 0.1 too"),
        (lambda p: HessianFree(), "HessianFree needs params: HessianFree(model.parameters()"),
        (lambda p: HessianFree(p, params=p), "HessianFree: multiple values for argument 'params'"),
        (lambda p: HessianFree(p, CE).step(), "HessianFree.step needs closure: step(lambda: (model(x), y))"),
        (lambda p: HessianFree(p, CE).step(None, batch=[]), "unknown argument of HessianFree.step 'batch'; did you mean 'batches'?"),
    ],
)  # fmt: skip
def test_calls_that_do_not_fit_say_what_would(call, words):
    with pytest.raises(LonglagError, match=re.escape(words)) as error:
        call(list(nn.Linear(1, 1).parameters()))
    assert isinstance(error.value, TypeError)
