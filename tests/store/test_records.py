"""The frontier: rows and points come back as they were written, and damage is named."""

import csv
import dataclasses
import gzip
import io
import math
import re

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import fake_results
from fake_results import a_row
from longlag.errors import LonglagError
from longlag.rng import stream
from longlag.store import csv_text
from longlag.store.curves import TICK, curves_schema, read_points, write_points
from longlag.store.files import check_writable, checksum
from longlag.store.records import (
    CHECK,
    COLUMNS,
    FLOW,
    KEY,
    Point,
    Row,
    Status,
    check_columns,
    check_row,
    read_rows,
    rows_in,
    write_rows,
)

NEWER = (
    "resumed",
    "peak_megabytes",
    "origin",
    "test_error_by_lag",
    "beginning",
)  # columns that older files lack, the newest last
DEFAULTS = {column.name: column.default for column in dataclasses.fields(Row)}
ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=20)  # lone surrogates too
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
NAME = st.text(st.characters(categories=["L", "N", "P", "S"]), max_size=20)


def values(column):
    """All that a column may hold."""
    about, kind = column.metadata, str(column.type)
    if kind == "str":
        few = {"status": [*Status], "spec": ["", '{"a": [1, {}]}'], "test_error_by_lag": ["", '{"9": 0.5, "20": NaN}']}
        return st.sampled_from(few[column.name]) if column.name in few else NAME if about["name"] else TEXT
    whole = st.integers(-(2**63) + 1 if about["least"] is None else int(about["least"]), 2**63 - 1)
    least = {} if about["least"] is None else {"min_value": about["least"], "max_value": 1e60}
    number = st.floats(**least, allow_nan=False) | st.just(math.nan)
    return {"int": whole, "int | None": st.none() | whole, "float": number, "bool": st.booleans()}[kind]


def point_values(column):
    if column.name == "seconds":
        return st.integers(0, 2**53).map(lambda ticks: ticks * TICK)
    kind, count = str(column.type), column.name in ("lag", "seed", "passes", "updates")
    number = st.floats(0, allow_infinity=False, allow_nan=False) if count else st.floats()
    return {"str": NAME, "int": st.integers(1, 2**63 - 1), "float": number}[kind]


ROWS = st.builds(Row, **{f.name: values(f) for f in dataclasses.fields(Row)})
POINTS = st.builds(Point, **{f.name: point_values(f) for f in dataclasses.fields(Point)})


def plain(record):
    return {k: "nan" if isinstance(v, float) and math.isnan(v) else v for k, v in dataclasses.asdict(record).items()}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(ROWS, max_size=3))
def test_rows_round_trip_sorted(tmp_path, rows):
    write_rows(tmp_path / "runs.csv", rows)
    expected = sorted(rows, key=lambda row: tuple(getattr(row, name) for name in KEY))
    assert [plain(row) for row in read_rows(tmp_path / "runs.csv")] == [plain(row) for row in expected]


def test_packed_rows_are_read_and_damaged_ones_named(tmp_path):
    write_rows(tmp_path / "runs.csv", [a_row(seed=0), a_row(seed=1)])
    packed = gzip.compress((tmp_path / "runs.csv").read_bytes())
    file = tmp_path / "packed.csv.gz"
    file.write_bytes(packed)
    assert read_rows(file) == read_rows(tmp_path / "runs.csv")
    for damaged in (packed[:-9], packed[:20] + b"xx" + packed[22:], b"no gzip"):
        file.write_bytes(damaged)
        with pytest.raises(LonglagError, match=r"packed\.csv\.gz is no whole gzip file .*; pack it again"):
            read_rows(file)


def test_a_packed_file_that_is_cut_within_its_first_line_is_named(tmp_path):
    write_rows(tmp_path / "runs.csv", [a_row()])
    file = tmp_path / "runs.csv.gz"
    file.write_bytes(gzip.compress((tmp_path / "runs.csv").read_bytes()))
    check_columns(file)
    file.write_bytes(file.read_bytes()[:40])
    with pytest.raises(LonglagError, match=r"cannot read .*runs\.csv\.gz: Compressed file ended"):
        check_columns(file)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(points=st.lists(POINTS, max_size=4))
def test_points_round_trip(tmp_path, points):
    write_points(tmp_path / "c.parquet", points)
    assert [plain(p) for p in read_points(tmp_path / "c.parquet")] == [plain(p) for p in points]


def test_seconds_of_points_are_kept_to_a_tick(tmp_path):
    point = fake_results.points([a_row()])[0]
    for seconds in (0.1, 12.345678901, 1e300):
        write_points(tmp_path / "c.parquet", [dataclasses.replace(point, seconds=seconds)])
        (kept,) = read_points(tmp_path / "c.parquet")
        assert abs(kept.seconds - seconds) <= TICK / 2
        assert kept.seconds == 1e300 or (kept.seconds / TICK).is_integer()


def shown(text):
    """A text as the file has it: what UTF-8 has no code for is escaped."""
    return text.encode(errors="backslashreplace").decode()


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(reason=ANY_TEXT, loss=ANY_TEXT)
@example(reason="a\rb\r\nc\x00d\x85e\u2028f", loss="a\r\nb")
@example(reason="\ud800", loss="\udfff")
@example(reason="x" * 140_000, loss="y" * 140_000)
def test_any_text_that_is_written_can_be_read(tmp_path, reason, loss):
    """A reason comes back as it was, a name in one line."""
    write_rows(tmp_path / "runs.csv", [a_row(reason=reason, loss=loss), a_row(seed=2)])
    first, second = read_rows(tmp_path / "runs.csv")
    assert (first.reason, second.reason) == (shown(reason), "x")
    assert first.loss.isprintable()
    assert first.loss == loss or not loss.isprintable()
    write_points(tmp_path / "c.parquet", [Point(loss, 1, "m", 0, 1.0, 1, 0.5, 0.5, 0.5, 0.1)])
    assert read_points(tmp_path / "c.parquet")[0].task == first.loss


def test_a_long_field_is_read_whatever_the_limit_of_others(tmp_path):
    before = csv.field_size_limit()
    write_rows(tmp_path / "runs.csv", [a_row(reason="x" * (before + 1))])
    assert len(read_rows(tmp_path / "runs.csv")[0].reason) == before + 1
    assert csv.field_size_limit() == before


def write_by_hand(path, **cells):
    """A file whose checksums were left out, as its errors advise."""
    write_rows(path, [a_row(), a_row(seed=2, reason="two\nlines"), a_row(seed=3)])
    lines = [line[:-1] for line in csv.reader(io.StringIO(path.read_text()))]
    lines[3] = [cells.get(name, text) for name, text in zip(lines[0], lines[3], strict=True)]
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(lines)


DAMAGED = {
    "lag": ["9" * 19, "9" * 400, "9" * 5000, "0", "-1", "1.5", ""],
    "seed": [str(2**63), "-1"],
    "parameters": ["1e3"],
    "minimal_lag": ["-1", "x"],
    "passes": ["-inf", "inf", "-1", "1e999", "x"],
    "seconds": ["-inf", "inf", "-0.5", "1e300"],
    "budget": ["inf"],
    "test_error": ["-0.1", "inf"],
    "solved": ["true", "1", ""],
    "task": ["a\nb", "a\rb", "\x00"],
    "method": ["a\u2028b"],
    "loss": ["a\x1bb"],
    "spec": [
        "[]",
        "1",
        "null",
        "{",
        '"a"',
        "[" * 100_000,
        '{"a":' * 400 + "1" + "}" * 400,
        '{"a":' * 51 + "1" + "}" * 51,
        '{"a": ' + "9" * 5000 + "}",
        *(
            f'{{"{key}": {value}}}'
            for key, values in {
                "device": ["1", "null"],
                "method": ['"hf"', '{"name": ["hf"]}'],
                "overrides": ["null", "[]", '"a"', "3"],
                "rules": ["null", "[1]"],
                "stop": ["[]", "1"],
                "timeout": ["[60]", '"60"', "{}", "true", "0", "-1", "NaN", "Infinity"],
            }.items()
            for value in values
        ),
    ],
    "test_error_by_lag": ["[]", "3", "{", '{"20": "0.5"}', '{"20": [0.5]}', '{"20": 2}', '{"20": null}'],
}


@pytest.mark.parametrize(("column", "text"), [(name, text) for name, texts in DAMAGED.items() for text in texts])
def test_a_cell_that_cannot_be_is_named_with_file_line_and_column(tmp_path, column, text):
    write_by_hand(tmp_path / "runs.csv", **{column: text})
    with pytest.raises(LonglagError, match=f"runs.csv, line 5: column {column} cannot be .*; it must be ") as error:
        read_rows(tmp_path / "runs.csv")
    assert len(str(error.value)) < 400
    assert str(error.value).isprintable()


def test_a_value_of_the_wrong_kind_in_a_spec_is_named_with_what_it_must_be(tmp_path):
    write_by_hand(tmp_path / "runs.csv", spec='{"overrides": {"optimiser.batch": [1]}, "timeout": [60]}')
    said = "it must be a JSON object whose 'timeout' is a positive number of seconds or null, not [60]"
    with pytest.raises(LonglagError, match=re.escape(said)):
        read_rows(tmp_path / "runs.csv")


def test_a_spec_may_have_fifty_levels(tmp_path):
    spec = '{"a":' * 50 + "1" + "}" * 50
    write_by_hand(tmp_path / "runs.csv", spec=spec)
    assert read_rows(tmp_path / "runs.csv")[2].spec == spec


@pytest.mark.parametrize(
    ("column", "value"),
    [("passes", None), ("passes", math.inf), ("passes", math.nan), ("updates", None), ("updates", -1), ("lag", 0),
     ("seed", -1), ("seconds", -math.inf), ("task", "a\nb"), ("method", None), ("loss", None), ("cg_stopped", "a\nb")],
)  # fmt: skip
def test_a_point_that_cannot_be_is_named_with_file_row_and_column(tmp_path, column, value):
    point = dataclasses.asdict(Point("t", 1, "m", 0, 1.0, 1, 0.5, math.inf, math.nan, 0.1))
    schema = curves_schema({column} & set(FLOW))
    table = pa.Table.from_pylist([point, point | {column: value}]).select(schema.names)
    pq.write_table(table.cast(schema), tmp_path / "c.parquet")
    with pytest.raises(LonglagError, match=rf"c.parquet .*row 2: column {column} cannot be "):
        read_points(tmp_path / "c.parquet")


@pytest.mark.parametrize("kind", ["rows", "points"])
def test_no_flipped_bit_is_accepted(tmp_path, kind):
    """The file is refused, or what it says is what was written."""
    path, draw = tmp_path / kind, stream(0, "flips", kind)
    write, read, written = {
        "rows": (write_rows, read_rows, [a_row(seed=seed, test_error=0.1 * seed) for seed in range(5)]),
        "points": (
            write_points,
            read_points,
            [Point("t", 1, "m", k, 1.0 * k, 1, 0.5, 0.5, 0.5, 0.125) for k in range(50)],
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
    older = {name: DEFAULTS[name] for name in NEWER}
    rows = [a_row(**older), a_row(seed=2, **older)]
    write_rows(path, rows)
    lines = list(csv.reader(io.StringIO(path.read_text())))
    assert lines[0][-len(NEWER) - 1 :] == [*NEWER, CHECK]
    for left_out in range(len(NEWER) + 1):
        kept = [line[: len(line) - 1 - left_out] for line in lines]
        for check in (False, True):  # the first files had no checksums
            written = [[*line, *([checksum(line) if number else CHECK] * check)] for number, line in enumerate(kept)]
            path.write_text("".join(csv_text.line(line) for line in written), newline="")
            assert repr(read_rows(path)) == repr(rows)
    path.write_text("".join(csv_text.line(line[:-3] + line[-2:]) for line in lines), newline="")
    with pytest.raises(LonglagError, match="does not have the columns"):
        read_rows(path)
    path.write_text("".join(csv_text.line(line[: -2 - len(NEWER)]) for line in lines), newline="")
    with pytest.raises(LonglagError, match="does not have the columns"):
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
        ("a,b\n1,2\n", "does not have the columns of a runs file: column 1 is 'a', not 'task'; name one"),
        (";".join(COLUMNS) + "\n", r"column 1 is 'task;lag;.*\.\.\., not 'task'"),
        (",".join(["task", *COLUMNS[2:]]) + "\n", f"column 2 is '{COLUMNS[2]}', not '{COLUMNS[1]}'"),
        (",".join([*COLUMNS, "zebra"]) + "\n", f"column {len(COLUMNS) + 1} is 'zebra', and no such file has that"),
        ("task,lag\n", f"it ends before column 3, '{COLUMNS[2]}'"),
        ("", "it ends before column 1, 'task'"),
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
    with pytest.raises(LonglagError, match="No space left on device; make room and run the same command again"):
        write_rows(tmp_path / "runs.csv", [a_row(), a_row(seed=2)])
    assert (tmp_path / "runs.csv").read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["runs.csv"]


def test_the_rows_of_a_folder_are_those_written_else_those_packed(tmp_path):
    written, packed = tmp_path / "runs.csv", tmp_path / "runs.csv.gz"
    assert rows_in(tmp_path) == written
    packed.touch()
    assert rows_in(tmp_path) == packed
    written.touch()
    assert rows_in(tmp_path) == written


def test_a_row_of_another_format_is_checked_as_one_of_a_file():
    check_row(a_row(status="solved"))
    for wrong, said in (({"status": "won"}, "column status cannot be 'won'"), ({"lag": 0}, "a whole number from 1")):
        with pytest.raises(ValueError, match=said):
            check_row(a_row(**wrong))
