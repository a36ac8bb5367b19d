"""The frontier: rows and points come back as they were written, and damage is named."""

import dataclasses
import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from longlag.errors import LonglagError
from longlag.rng import stream
from longlag.store.files import check_writable
from longlag.store.records import (
    CHECK,
    COLUMNS,
    KEY,
    Point,
    Row,
    Status,
    read_points,
    read_rows,
    write_points,
    write_rows,
)

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\r\x00"), max_size=20)
KINDS = {"str": TEXT, "int": st.integers(-(2**40), 2**40), "float": st.floats(), "bool": st.booleans(),
         "int | None": st.none() | st.integers(0, 9999)}  # fmt: skip
ROWS = st.builds(
    Row, **{f.name: KINDS[f.type] for f in dataclasses.fields(Row)} | {"status": st.sampled_from([*Status])}
)
POINTS = st.builds(Point, **{f.name: KINDS[f.type] for f in dataclasses.fields(Point)})


def a_row(**changes):
    blank = {"str": "x", "int": 1, "float": 0.5, "bool": True, "int | None": None}
    return Row(**({f.name: blank[f.type] for f in dataclasses.fields(Row)} | {"status": "solved"} | changes))


def plain(record):
    return {k: "nan" if isinstance(v, float) and math.isnan(v) else v for k, v in dataclasses.asdict(record).items()}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(ROWS, max_size=3))
def test_rows_round_trip_sorted(tmp_path, rows):
    write_rows(tmp_path / "runs.csv", rows)
    expected = sorted(rows, key=lambda row: tuple(getattr(row, name) for name in KEY))
    assert [plain(row) for row in read_rows(tmp_path / "runs.csv")] == [plain(row) for row in expected]


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(points=st.lists(POINTS, max_size=4))
def test_points_round_trip(tmp_path, points):
    write_points(tmp_path / "c.parquet", points)
    assert [plain(p) for p in read_points(tmp_path / "c.parquet")] == [plain(p) for p in points]


@pytest.mark.parametrize("kind", ["rows", "points"])
def test_no_flipped_bit_is_accepted(tmp_path, kind):
    """The file is refused, or what it says is what was written."""
    path, draw = tmp_path / kind, stream(0, "flips", kind)
    write, read, written = {
        "rows": (write_rows, read_rows, [a_row(seed=seed, test_error=0.1 * seed) for seed in range(5)]),
        "points": (
            write_points,
            read_points,
            [Point("t", 1, "m", k, 1.0 * k, 1, 0.5, 0.5, 0.5, 0.1) for k in range(50)],
        ),
    }[kind]
    write(path, written)
    whole, refused = path.read_bytes(), 0
    for _ in range(300):
        damaged = bytearray(whole)
        damaged[draw.integers(len(whole))] ^= 1 << int(draw.integers(8))
        path.write_bytes(damaged)
        try:
            assert [plain(record) for record in read(path)] == [plain(record) for record in written]
        except LonglagError:
            refused += 1
    assert refused > 250


def test_files_of_older_versions_are_read(tmp_path):
    path = tmp_path / "runs.csv"
    write_rows(path, [a_row(resumed=0), a_row(seed=2, resumed=0)])
    lines = [line.split(",") for line in path.read_text().splitlines()]
    assert lines[0][-2:] == ["resumed", CHECK]
    for left_out in (1, 2):  # the checksum; the newest column too
        path.write_text("".join(",".join(line[:-left_out]) + "\n" for line in lines))
        assert read_rows(path) == [a_row(resumed=0), a_row(seed=2, resumed=0)]
    path.write_text("".join(",".join(line[:-3] + line[-2:]) + "\n" for line in lines))
    with pytest.raises(LonglagError, match="has not the columns"):
        read_rows(path)


def test_a_status_that_is_none_is_refused(tmp_path):
    write_rows(tmp_path / "runs.csv", [a_row(status="sloved")])
    with pytest.raises(LonglagError, match=r"line 2: column status cannot be 'sloved'; known: solved, budget"):
        read_rows(tmp_path / "runs.csv")


def test_every_column_says_what_it_means():
    assert all(f.metadata["meaning"] for f in dataclasses.fields(Row))
    assert set(KEY) <= set(COLUMNS)


def test_every_truncation_of_a_runs_file_is_an_error_or_whole_rows(tmp_path):
    path = tmp_path / "runs.csv"
    rows = [a_row(seed=0, reason='said "no", twice'), a_row(seed=1)]
    write_rows(path, rows)
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        try:
            found = read_rows(path)
        except LonglagError as error:
            assert "runs.csv" in str(error)  # noqa: PT017 - either outcome is right
        else:
            assert whole[:length].endswith(b"\n")
            assert found == rows[: len(found)]


def test_every_truncation_of_a_curve_is_an_error(tmp_path):
    path = tmp_path / "curve.parquet"
    write_points(path, [Point("t", 1, "m", 0, 1.0, 1, 0.5, 0.5, 0.5, 0.1)])
    whole = path.read_bytes()
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        with pytest.raises(LonglagError, match="not a whole file of learning curves"):
            read_points(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n1,2\n", "has not the columns"),
        ("", "has not the columns"),
        (",".join(COLUMNS) + "\n1,2\n", "line 2: 2 of"),
        (",".join(COLUMNS) + "\n" + ",".join(["zebra"] * len(COLUMNS)) + "\n", "line 2: column lag cannot be 'zebra'"),
    ],
)
def test_foreign_and_damaged_rows_are_named(tmp_path, text, message):
    (tmp_path / "runs.csv").write_text(text)
    with pytest.raises(LonglagError, match=message):
        read_rows(tmp_path / "runs.csv")


def test_missing_files_and_unwritable_places_are_named(tmp_path):
    with pytest.raises(LonglagError, match="cannot read"):
        read_rows(tmp_path / "none.csv")
    (tmp_path / "file").write_text("")
    for place in (tmp_path / "file" / "runs.csv", tmp_path):
        with pytest.raises(LonglagError, match="cannot write"):
            check_writable(place)
    with pytest.raises(LonglagError, match="cannot write"):
        write_rows(tmp_path / "file" / "runs.csv", [])


def test_nothing_half_written_is_left_behind(tmp_path, monkeypatch):
    write_rows(tmp_path / "runs.csv", [a_row()])
    before = (tmp_path / "runs.csv").read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(LonglagError, match="No space left on device; make room and run it again"):
        write_rows(tmp_path / "runs.csv", [a_row(), a_row(seed=2)])
    assert (tmp_path / "runs.csv").read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["runs.csv"]
