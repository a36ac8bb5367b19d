"""What two spec columns say of each other, and of the method that a row is a variant of."""

import pytest

from longlag.store import specs

OLD = '{"budget": 1.0, "method": {"name": "hf", "parts": {"damping": 1}}, "gone": true}'
NEW = '{"budget": 2.0, "method": {"name": "hf", "parts": {"clipping": 5}}}'


def test_paths_of_either_spec_are_compared():
    found = [
        ("budget", 1.0, 2.0),
        ("gone", True, specs.ABSENT),
        ("method.parts.clipping", specs.ABSENT, 5),
        ("method.parts.damping", 1, specs.ABSENT),
    ]
    assert specs.differences(OLD, NEW) == found
    assert specs.differences(NEW, OLD) == [(path, new, old) for path, old, new in found]
    assert specs.differences(OLD, OLD) == []
    assert specs.spec_changes(OLD, NEW)[:2] == ["budget 1.0 and 2.0", "gone True and absent"]


@pytest.mark.parametrize("damaged", ["", "{"])
def test_a_damaged_spec_is_said_to_be_so(damaged):
    with pytest.raises(ValueError, match=r"Expecting"):
        specs.differences(OLD, damaged)
    assert specs.spec_changes(damaged, OLD) == ["one of the specs is damaged"]


@pytest.mark.parametrize(("spec", "method"), [(OLD, "hf"), ("", "hf-low"), ("[]", "hf-low"), ('{"a": 1}', "hf-low")])
def test_the_method_of_a_row_is_that_of_its_spec(spec, method):
    assert specs.base_method(spec, "hf-low") == method


@pytest.mark.parametrize(
    ("spec", "ends"), [('{"stop":"budget"}', "budget"), (OLD, "solved"), ("", "solved"), ("[]", "solved")]
)
def test_when_a_run_ends_is_read_from_its_spec(spec, ends):
    assert specs.stop(spec) == ends
