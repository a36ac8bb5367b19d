"""Every number and every word of every part declares which values it may have, and no other value is accepted."""

import dataclasses
import importlib
import json
import math
import pkgutil
import re
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, get_args, get_origin

import numpy as np
import pytest

import longlag.methods
from longlag import cells, cli, inits, losses, model, optimisers, registry, tasks
from longlag.engine.spec import resolve
from longlag.errors import LonglagError
from longlag.methods import base as methods
from longlag.optimisers.clipping import ClipNorm
from longlag.optimisers.guessing import Guessing
from longlag.ranges import BELOW_ONE, COUNT, FINITE, Interval, OutOfRange, check, declared, part
from longlag.settings import paths, with_values
from longlag.store.records import read_rows
from toy import spec


def inside(part: Any) -> list[Any]:
    """The part and all parts that it is made of."""
    if not dataclasses.is_dataclass(part) or isinstance(part, type):
        return []
    return [part, *(piece for f in dataclasses.fields(part) for piece in inside(getattr(part, f.name)))]


def used() -> dict[type, Any]:
    """An instance of every class that some method builds for some task, or that a task's loss is."""
    values = [registry.get("tasks", name) for name in registry.names("tasks")]
    builds = [registry.get("methods", name).build for name in registry.names("methods")]
    built = [build(task.traits, lag) for build in builds for task in values for lag in (10, 50, 1000)]
    return {type(part): part for whole in [*built, *(task.loss for task in values)] for part in inside(whole)}


def checked() -> set[type]:
    """Every class of the packages of parts that checks its numbers."""
    modules = [losses, model, methods]
    for package in (cells, inits, optimisers, tasks, longlag.methods):
        names = [name for _, name, _ in pkgutil.iter_modules(package.__path__)]
        modules += [importlib.import_module(f"{package.__name__}.{name}") for name in names]
    found = {value for module in modules for value in vars(module).values() if isinstance(value, type)}
    return {value for value in found if dataclasses.is_dataclass(value) and hasattr(value, "__post_init__")}


USED = used()
MADE = {  # of the parts that no method uses as they are
    "Nesterov": lambda: optimisers.Nesterov(*(USED[optimisers.Nesterov].learning_rate,) * 2),
    "ForgetBias": lambda: checked_class("ForgetBias")(1.0),
    "Range": lambda: methods.Range(1e-3, 1.0),
}


def checked_class(name: str) -> Any:
    return next(value for value in checked() if value.__name__ == name)


def example(part: type) -> Any:
    return USED[part] if part in USED else MADE[part.__name__]()


def number(hint: Any) -> Any:
    """What a field declares of its numbers, which may also be given by a part."""
    return get_args(hint)[0] if get_origin(hint) is UnionType and NoneType not in get_args(hint) else hint


def outside(hint: Any) -> list[Any]:
    """Values that a field of that declaration must refuse; none if it declares nothing."""
    hint = number(hint)
    if get_origin(hint) is tuple:
        return [(), *((value,) for value in outside(get_args(hint)[0]))]
    if get_origin(hint) is Literal:
        return ["banana", "", 1]
    if get_origin(hint) is not Annotated:
        return []
    base, interval = get_args(hint)[:2]
    step = 1 if base is int else 1e-6
    ends = [(interval.low, -step, interval.open_low), (interval.high, step, interval.open_high)]
    beyond = [end if is_open else end + away for end, away, is_open in ends if math.isfinite(end)]
    return [*(base(value) for value in beyond), math.nan, math.inf, -math.inf, True, "1", None]


def numbers_and_words(part: type) -> list[tuple[str, Any]]:
    def plain(hint: Any) -> bool:
        hint = number(hint)
        kind = get_args(hint)[0] if get_origin(hint) in (Annotated, tuple) else hint
        return kind in (int, float, str, bool) or get_origin(kind) in (Annotated, Literal)

    return [(name, hint) for name, hint in declared(part).items() if plain(hint)]


@pytest.mark.parametrize("part", sorted(USED, key=lambda part: part.__name__), ids=lambda part: part.__name__)
def test_every_number_and_word_of_a_part_that_is_used_is_declared(part):
    assert not numbers_and_words(part) or part in checked(), f"{part.__name__} is no @part and does not call check"
    for name, hint in numbers_and_words(part):
        assert outside(hint), f"declare the range of {part.__name__}.{name}, such as Annotated[float, POSITIVE]"


FIELDS = [(part, name, hint) for part in checked() for name, hint in numbers_and_words(part) if outside(hint)]
FIELDS.sort(key=lambda field: (field[0].__name__, field[1]))
TOGETHER = {"gradient_batch", "curvature_batch"}  # the second is at most the first


@pytest.mark.parametrize(("part", "name", "hint"), FIELDS, ids=[f"{part.__name__}.{name}" for part, name, _ in FIELDS])
def test_values_just_outside_are_refused_and_the_ends_accepted(part, name, hint):
    present = example(part)
    for value in outside(hint):
        with pytest.raises(OutOfRange, match=f"^{name} of {part.__name__} cannot be .*it must be "):
            dataclasses.replace(present, **{name: value})
    hint = number(hint)
    if get_origin(hint) is Annotated and part is not methods.Range:
        base, interval = get_args(hint)[:2]
        for end, is_open in ((interval.low, interval.open_low), (interval.high, interval.open_high)):
            if math.isfinite(end) and not is_open:
                changed = dict.fromkeys(TOGETHER if name in TOGETHER else {name}, base(end))
                assert getattr(dataclasses.replace(present, **changed), name) == end


@pytest.mark.parametrize("method", registry.names("methods"))
def test_settings_out_of_range_are_refused_by_their_path(method):
    parts = resolve(spec(method)).parts
    for path in paths(parts):
        *above, name = path.split(".")
        part = parts
        for step in above:
            part = getattr(part, step)
        for value in outside(declared(type(part))[name]):
            given = value * len(getattr(part, name)) if isinstance(value, tuple) else value
            with pytest.raises(LonglagError, match=f"setting '{path}' (cannot be|takes)"):
                with_values(parts, {path: given})


NAMED = {
    "control": ["cell.hidden=0", "optimiser.batch=0", "optimiser.learning_rate=-1", "cell.hidden=1" + "0" * 400],
    "clipping": ["optimiser.clipping.threshold=-1"],
    "lstm": ["optimiser.beta_1=2", "optimiser.epsilon=0"],
    "hf": ["optimiser.gradient_batch=-5", "optimiser.damping.start=-1", "optimiser.cg.most_iterations=0",
           "optimiser.structural_damping=-1", "optimiser.line_search_factor=1", "init.connections=0",
           "optimiser.warm_start=1" + "0" * 400],
    "esn": ["cell.leak=3", "loss.name=banana", "loss.name=a\nb", "loss.classes=3", "loss.classes=9"],
    "esn_momentum": ["optimiser.momentum.most=1", "optimiser.learning_rate.value=-1"],
    "random_guessing": ["optimiser.replicas=2", "optimiser.trained=[]", "optimiser.guess.bound=0"],
}  # fmt: skip


@pytest.mark.parametrize(("method", "setting"), [(m, s) for m, settings in NAMED.items() for s in settings])
def test_the_command_refuses_them_in_a_line(tmp_path, capsys, method, setting):
    out = tmp_path / "runs.csv"
    words = ["train", "--task", "temporal_order", "--lag", "10", "--method", method, "--out", str(out)]
    assert cli.main([*words, "--set", setting]) == 2
    said = capsys.readouterr().err
    assert setting.partition("=")[0] in said
    assert said.startswith("longlag: ")
    assert said.count("\n") == 1
    assert len(said) < 400
    assert not out.exists()


def test_a_momentum_is_below_one_whatever_its_schedule_and_a_search_goes_up():
    nesterov = USED[optimisers.Nesterov]
    with pytest.raises(OutOfRange, match=r"momentum of Nesterov cannot be 1\.5; it must be a number, at least 0 and"):
        dataclasses.replace(nesterov, momentum=dataclasses.replace(nesterov.learning_rate, value=1.5))
    with pytest.raises(LonglagError, match=r"1\.0 to 0\.1"):
        methods.Range(1.0, 0.1)


@dataclasses.dataclass(frozen=True)
class Plugged:
    """A part from outside the tree that checks its numbers in its own way."""

    odd: int = 3
    size: Annotated[float, Interval(0, 1)] = 0.5
    words: tuple[Annotated[int, COUNT], ...] = (1,)

    def __post_init__(self) -> None:
        check(self)
        if self.odd % 2 == 0:
            raise ValueError("it must be odd")


def test_hessian_free_has_no_more_sequences_for_the_curvature_than_for_the_gradient():
    said = "curvature_batch must be at most gradient_batch, whose first sequences it takes"
    with pytest.raises(OutOfRange, match=rf"curvature_batch of HessianFree cannot be 1000; {said} \(1,000 > 100\)"):
        optimisers.HessianFree(gradient_batch=100)
    hf = registry.get("methods", "hf").build(registry.get("tasks", "adding").traits, 10)
    with pytest.raises(LonglagError, match=rf"setting 'optimiser.gradient_batch' cannot be 50; {said} \(100 > 50\)"):
        with_values(hf, {"optimiser.gradient_batch": 50, "optimiser.curvature_batch": 100})


@pytest.mark.parametrize("sizes", [(5000, 3000), (50, 20)])
def test_settings_that_allow_each_other_may_stand_in_any_order(sizes):
    hf = registry.get("methods", "hf").build(registry.get("tasks", "adding").traits, 10)
    given = dict(zip(("optimiser.gradient_batch", "optimiser.curvature_batch"), sizes, strict=True))
    for values in (given, dict(reversed(given.items()))):
        found = with_values(hf, values).optimiser
        assert (found.gradient_batch, found.curvature_batch) == sizes


@pytest.mark.parametrize("optimiser", [optimisers.HessianFree, optimisers.Adam, optimisers.SGD, optimisers.Nesterov])
@pytest.mark.parametrize("form", [iter, list])
def test_parameters_of_a_torch_module_are_refused_with_the_optimiser_that_takes_them(optimiser, form):
    others = [0.9] if optimiser is optimisers.Nesterov else []
    with pytest.raises(
        OutOfRange, match=r"longlag\.torch_optim\.HessianFree\(model\.parameters\(\), \.\.\.\) trains a"
    ):
        optimiser(form([np.zeros(3)]), *others)


@pytest.mark.parametrize("wrong", [{"gradient_batch": 0}, {"structural_damping": -1}, {"structural_damping": math.nan},
                                   {"weight_decay": math.nan}, {"line_search_factor": math.nan}, {"curvature_batch": 1.5}])  # fmt: skip
def test_numbers_that_hessian_free_cannot_use_are_refused_by_name(wrong):
    ((name, value),) = wrong.items()
    with pytest.raises(
        OutOfRange, match=rf"^{name} of HessianFree cannot be {value}; it must be a .*(at least|above) [01]"
    ):
        optimisers.HessianFree(**wrong)


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda: optimisers.Momentum(0.1, 0.9), "learning_rate of Momentum cannot be 0.1; it must be a part, "
         "such as Constant(...) or WarmMomentum(...)"),
        (lambda: optimisers.Adam(clipping=1.0), "it must be a part, such as NoClipping(...) or ClipNorm(...)"),
        (lambda: optimisers.Adam(clipping=None), "clipping of Adam cannot be None; it must be a part, such as NoCl"),
        (lambda: optimisers.Adam(clipping=ClipNorm), "ClipNorm'>; it must be a part"),
        (lambda: optimisers.HessianFree(cg=None), "it must be a part, such as ConjugateGradient(...)"),
        (lambda: Guessing(guess=()), "it must be a part, one that longlag.inits.base.Init describes"),
        (lambda: optimisers.Ridge(penalties=[0.1]), "penalties of Ridge cannot be [0.1]; it must be a tuple of at least"),
    ],
)  # fmt: skip
def test_what_is_no_part_is_refused_with_something_that_can_be_written(build, words):
    with pytest.raises(OutOfRange, match=re.escape(words)):
        build()


def test_a_part_with_rules_of_its_own_does_not_lose_them():
    with pytest.raises(TypeError, match="Odd has a __post_init__; write"):

        @part
        class Odd:
            def __post_init__(self) -> None:
                raise ValueError("it must be odd")


def test_what_a_part_says_of_its_own_numbers_names_the_setting():
    with pytest.raises(LonglagError, match="setting 'odd' cannot be 4; it must be odd"):
        with_values(Plugged(), {"odd": 4})
    assert Plugged(size=np.float32(0.5), words=(np.int64(2),)).words == (2,)  # numbers of numpy are numbers
    with pytest.raises(OutOfRange, match="size of Plugged cannot be 2"):
        Plugged(size=2)


@pytest.mark.parametrize(
    ("interval", "text"),
    [(COUNT, "at least 1 and at most 1,000,000,000"), (BELOW_ONE, "at least 0 and below 1"), (FINITE, "finite"),
     (Interval(0, open_low=True), "above 0")],
)  # fmt: skip
def test_an_interval_reads_as_a_sentence(interval, text):
    assert str(interval) == text


def test_recorded_settings_of_the_repository_are_in_range():
    """Rows that are committed were made with values that are accepted still."""
    records = sorted((Path(longlag.__file__).parents[2] / "results/reference").rglob("runs.csv*"))
    assert records
    seen = {(row.task, row.lag, row.method, row.spec) for path in records for row in read_rows(path)}
    for task, lag, method, text in seen:
        build, traits = registry.get("methods", method).build, registry.get("tasks", task).traits
        with_values(build(traits, lag), json.loads(text)["overrides"])
