"""The job environment: what it reads of the processor."""

from pathlib import Path

import pytest

from longlag import environment
from longlag.engine import provenance

SOURCES = Path(__file__).parents[1]
TWO_PROCESSORS = """processor\t: 0
cpu family\t: 23
model\t\t: 106
model name\t: A processor: the 2nd
flags\t\t: fpu avx2 fma
bugs\t\t:

processor\t: 1
model name\t: Another
"""


@pytest.fixture
def cpuinfo(monkeypatch):
    def says(text):
        def read(path, *_, **__):
            if text is None:
                raise FileNotFoundError(path)
            return text

        monkeypatch.setattr(Path, "read_text", read)

    return says


def test_the_first_processor_is_the_one_that_is_read(cpuinfo):
    cpuinfo(TWO_PROCESSORS)
    assert environment.cpuinfo("model name") == "A processor: the 2nd"
    assert environment.cpuinfo("model") == "106"
    assert environment.cpuinfo("bugs") == environment.cpuinfo("no such key") == ""
    assert environment.processor_flags() == {"fpu", "avx2", "fma"}


def test_where_linux_does_not_say_python_does(cpuinfo, monkeypatch):
    cpuinfo(None)
    monkeypatch.setattr(provenance.platform, "processor", lambda: "arm")
    monkeypatch.setattr(provenance, "_commit", lambda: "unknown")
    assert environment.processor_flags() == set()
    assert provenance.provenance.__wrapped__("cpu")["cpu"] == "arm"


def test_one_place_reads_the_processor():
    files = [path for folder in ("src", "benchmarks") for path in (SOURCES / folder).rglob("*.py")]
    assert [path.name for path in files if 'Path("/proc/cpuinfo")' in path.read_text()] == ["environment.py"]
