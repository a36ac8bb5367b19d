"""Progress: a bar where a person looks on, plain lines elsewhere."""

import io
import re

from longlag.engine.progress import Bars, Lines, progress
from longlag.engine.spec import resolve, unmeasured_row
from longlag.store.records import Point
from toy import spec


class Terminal(io.StringIO):
    """A stream that says it is one."""

    def isatty(self) -> bool:
        return True


def events():
    row = unmeasured_row(
        resolve(spec("control")), 0, "now", status="budget", reason="why", passes=500.0, test_error=0.25
    )
    yield from (
        Point("temporal_order", 10, "control", 0, passes, 1, 0.5, 0.5 / passes, 0.5, 1.0) for passes in (1.0, 2.0)
    )
    yield row


def test_bars_show_the_best_error_and_end_with_the_outcome():
    stream = Terminal()
    see = progress(1000.0, stream)
    assert isinstance(see, Bars)
    for event in events():
        see(event)
    assert "temporal_order T=10 control seed 0" in stream.getvalue()
    assert "best 25.0% wrong" in stream.getvalue()
    assert "budget after 500 passes" in stream.getvalue().splitlines()[-1]


def test_a_bar_of_seeds_that_train_together_shows_the_best_of_the_seed_it_names():
    stream = Terminal()
    see = progress(1000.0, stream)
    for passes, errors in ((1.0, (0.5, 0.2)), (2.0, (0.4, 0.3))):
        for seed, error in enumerate(errors):
            see(Point("temporal_order", 10, "control", seed, passes, 1, 0.5, error, 0.5, 1.0))
    shown = [part for part in re.split(r"[\r\n]", stream.getvalue()) if "best" in part]
    assert "seed 1" in shown[-1]
    assert "best 20.0%" in shown[-1]
    assert all(("seed 1" in line) == ("best 20.0%" in line) for line in shown)


def test_lines_hold_no_control_characters():
    stream = io.StringIO()
    see = progress(1000.0, stream)
    assert isinstance(see, Lines)
    for event in events():
        see(event)
    assert stream.getvalue().count("\n") == 1
    assert "25.00% of the test set wrong (why)" in stream.getvalue()
    assert stream.getvalue().replace("\n", "").isprintable()
