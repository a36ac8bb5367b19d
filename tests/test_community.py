"""Every record in results/community is what its plug-in gives, on the grid of the reference; a sample is trained again.

`python tests/test_community.py` writes the table of all methods in results/community/README.md. It refuses a record that
is not whole, or whose rows are not of its plug-in; pytest trains the sample.
"""

from __future__ import annotations

import dataclasses
import re
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from longlag import cli, protocol, registry, resources, tables
from longlag.analysis import Analysis, stats
from longlag.cli import _older
from longlag.design import grid
from longlag.engine import verify
from longlag.engine.spec import resolve_elsewhere
from longlag.errors import LonglagError
from longlag.rng import stream
from longlag.store import designs
from longlag.store.records import Point, Row, is_final, read_rows, rows_in, write_rows
from longlag.tables.tools import render
from longlag.words import count
from pages import without_figures
from toy import outcome, spec, train_at_once

COMMUNITY = Path(__file__).parents[1] / "results/community"
RECORDS = sorted(path for path in COMMUNITY.iterdir() if path.is_dir())
TABLE = re.compile(r"(<!-- python tests/test_community.py -->\n).*?(<!-- end -->)", flags=re.S)
SAMPLE, MOST_SECONDS = 2, 30.0  # rows of each record that are trained again, and what one of them may have cost


def reference() -> list[Row]:
    return read_rows(rows_in(resources.find(resources.REFERENCE)))


def forget_plugins() -> None:
    for found in (*registry._plugins.values(), registry._origins):
        found.clear()


@pytest.fixture(autouse=True)
def _forget_plugins():
    yield
    forget_plugins()


def faults(folder: Path, known: Sequence[Row], sample: bool = True) -> list[str]:
    """What is wrong with a record beside the rows of the reference, one line each. sample: train some rows again."""
    forget_plugins()
    try:
        rows = read_rows(folder / "runs.csv")
        for plugin in sorted(folder.glob("*.py")):
            registry.load_plugin(str(plugin))
        methods = {row.method for row in rows}
        if methods != set(registry.loaded("methods")):
            return [f"rows of {sorted(methods)}, plug-ins of {registry.loaded('methods')}"]
        if mixed := methods & {row.method for row in known}:
            return [f"the reference has rows of {sorted(mixed)}"]
        found = [*_of_the_design(rows, known), *_of_the_digests(rows)]
        return [*found, *_of_a_sample(rows, folder.name)] if sample else found
    except LonglagError as error:
        return [str(error)]


def _of_the_design(rows: Sequence[Row], known: Sequence[Row]) -> list[str]:
    budgets = {(row.task, row.lag, row.budget) for row in known}
    found = [f"no cell {cell} in the reference" for cell in {(r.task, r.lag, r.budget) for r in rows} - budgets]
    keys = {(row.task, row.lag, row.seed) for row in rows}
    found += ["a run is there twice"] * (len(keys) < len(rows))
    whole = {(cell.task, lag, seed) for cell in grid.of(known) for lag in cell.lags for seed in range(*cell.seeds)}
    if missing := sorted(whole - keys):
        example = "{} at lag {}, seed {}".format(*missing[0])
        found.append(f"{len(missing)} of the {len(whole)} runs of the grid are missing, such as {example}")
    return found + [f"seed {row.seed} is one of tuning" for row in rows if row.seed >= protocol.FIRST_TUNING_SEED][:1]


def current(row: Row) -> bool:
    """Whether the row is of today's task and protocol, so that its digest can be worked out and its run repeated."""
    return (row.task_version, row.protocol_version) == (registry.get("tasks", row.task).version, protocol.VERSION)


def _of_the_digests(rows: Sequence[Row]) -> list[str]:
    of_spec = {(row.spec, row.spec_hash): row for row in rows if row.spec_hash and current(row)}
    wrong = [row for row in of_spec.values() if resolve_elsewhere(verify.spec_of(row)).spec_hash != row.spec_hash]
    return [f"{row.task} at lag {row.lag}: not a row of this plug-in with these settings" for row in wrong]


def _of_a_sample(rows: Sequence[Row], name: str) -> list[str]:
    quick = [row for row in rows if is_final(row) and current(row) and row.seconds <= MOST_SECONDS]
    picked = stream(0, "community", name).permutation(len(quick))[:SAMPLE]
    found = [verify.rerun(quick[i]) for i in picked]
    return [comparison.text for comparison in found if not comparison.same]


def test_every_record_is_what_its_plug_in_gives():
    known = reference()
    assert not {folder.name: found for folder in RECORDS if (found := faults(folder, known))}


def with_table(readme: str, records: Sequence[Path] = RECORDS) -> str:
    rows, known = [], {}
    for folder in [resources.find(resources.REFERENCE), *records]:
        own = read_rows(rows_in(folder))
        rows += own
        known |= designs.beside(folder / "runs.csv", [(row.method, row.spec_hash, row.origin) for row in own])
    registry.read_labels([plugin for folder in records for plugin in sorted(folder.glob("*.py"))])
    ranking = tables.get("ranking")
    analysis = Analysis(stats.frame(Row, rows), stats.frame(Point, []), designs=known)
    text = render.to_markdown(ranking.build(analysis), ranking.TITLE, ranking.note(analysis))
    if outdated := _older.outdated(rows):
        text += f"\n{outdated}\n"
    return TABLE.sub(lambda marks: f"{marks[1]}{text}{marks[2]}", readme)


def test_the_table_of_all_methods_is_current():
    readme = (COMMUNITY / "README.md").read_text()
    assert len(TABLE.findall(readme)) == 1
    assert with_table(readme) == readme, "python tests/test_community.py writes it"


def write_table(readme: Path, records: Sequence[Path], known: Sequence[Row]) -> int:
    """Writes the table, unless a record has a fault: then it prints all of them and returns 1."""
    wrong = [f"{folder.name}: {fault}" for folder in records for fault in faults(folder, known, sample=False)]
    if wrong:
        print("the table is not written:", *wrong, sep="\n  ", file=sys.stderr)
        return 1
    readme.write_text(with_table(readme.read_text(), records))
    print(f"{readme}: {count(len(records), 'record')} beside the reference")
    return 0


TWIN = """
import dataclasses
from longlag.methods.control import METHOD as PARENT
METHOD = dataclasses.replace(PARENT, name="twin", label="twin")
"""


@pytest.fixture(scope="module")
def sent(tmp_path_factory):
    """A folder as `longlag compare` writes it, and the rows of the reference that it belongs to. Its page, and its jobs'
    processes, are those of tests/cli/test_compare.py."""
    folder = tmp_path_factory.mktemp("sent")
    known = [row for name in ("control", "esn") for row in outcome(spec(name, seeds=(0, 1)))[1]]
    write_rows(folder / "reference.csv", known)
    (folder / "twin.py").write_text(TWIN)
    words = ["compare", "--plugin", str(folder / "twin.py"), "--reference", str(folder / "reference.csv"), "--yes"]
    with pytest.MonkeyPatch.context() as patch:
        train_at_once(patch)
        without_figures(patch)
        assert cli.main([*words, "--out", str(folder / "out")]) == 0
    return folder / "out/record", known


def changed(record: Path, to: Path, **values: object) -> Path:
    """A copy whose rows have other values, with checksums that are right."""
    shutil.copytree(record, to)
    write_rows(to / "runs.csv", [dataclasses.replace(row, **values) for row in read_rows(to / "runs.csv")])
    return to


def test_a_part_of_the_grid_is_no_record(sent, tmp_path):
    record, known = sent
    shutil.copytree(record, tmp_path / "part")
    first, *others = read_rows(record / "runs.csv")
    write_rows(tmp_path / "part/runs.csv", others)
    (fault,) = faults(tmp_path / "part", known)
    whole = len(others) + 1
    assert (
        fault
        == f"1 of the {whole} runs of the grid are missing, such as {first.task} at lag {first.lag}, seed {first.seed}"
    )


def test_the_table_is_not_written_with_a_part_of_the_grid(sent, tmp_path, capsys):
    record, known = sent
    readme, before = tmp_path / "README.md", (COMMUNITY / "README.md").read_text()
    readme.write_text(before)
    shutil.copytree(record, tmp_path / "part")
    write_rows(tmp_path / "part/runs.csv", read_rows(record / "runs.csv")[1:])
    assert write_table(readme, [tmp_path / "part"], known) == 1
    assert "the table is not written:\n  part: 1 of the 2 runs of the grid are missing" in capsys.readouterr().err
    assert readme.read_text() == before
    shutil.copytree(record, tmp_path / "whole")
    assert write_table(readme, [tmp_path / "whole"], known) == 0
    assert readme.read_text() == with_table(before, [tmp_path / "whole"])


def test_an_honest_record_passes(sent):
    record, known = sent
    assert {path.name for path in record.iterdir()} == {"runs.csv", "curves.parquet", "suite.json", "twin.py"}
    assert faults(record, known) == []


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"test_error": 0.0}, "differs"),
        ({"status": "solved", "solved": True}, "differs"),
        ({"budget": 1e9}, "no cell"),
        ({"lag": 11}, "no cell"),
        ({"seed": protocol.FIRST_TUNING_SEED}, "one of tuning"),
        ({"seed": 3}, "there twice"),
        ({"spec_hash": "0123456789abcdef"}, "not a row of this plug-in"),
        ({"method": "control"}, "plug-ins of ['twin']"),
    ],
)
def test_rows_that_were_changed_are_found(sent, tmp_path, values, said):
    found = faults(changed(sent[0], tmp_path / "copy", **values), sent[1])
    assert any(said in line for line in found), found


def test_an_edited_plug_in_is_found(sent, tmp_path):
    copy = changed(sent[0], tmp_path / "copy")
    (copy / "twin.py").write_text(TWIN + "# edited\n")
    assert any("not a row of this plug-in" in line for line in faults(copy, sent[1]))


def test_a_damaged_file_is_found(sent, tmp_path):
    copy = changed(sent[0], tmp_path / "copy")
    (copy / "runs.csv").write_text((copy / "runs.csv").read_text().replace("budget", "solved", 1))
    assert faults(copy, sent[1])


if __name__ == "__main__":
    sys.exit(write_table(COMMUNITY / "README.md", RECORDS, reference()))
