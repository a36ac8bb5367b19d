"""The data cards: generated from the schema, complete, true of the files, and of the structure that their standards ask."""

import csv
import gzip
import hashlib
import json
import shutil
from dataclasses import fields
from pathlib import Path

import pytest

import fake_results
from longlag.cli import main
from longlag.errors import LonglagError
from longlag.store import curves, datacard, parquet
from longlag.store.records import KEY, Point, Row

REFERENCE = Path(__file__).parents[2] / "results/reference"


@pytest.fixture
def cards(tmp_path):
    fake_results.write(tmp_path, seeds=[0, 1], methods=["esn", "control"], tasks=["adding"])
    assert main(["datacard", str(tmp_path), "--title", "A title"]) == 0
    return tmp_path, *(json.loads((tmp_path / name).read_text()) for name in datacard.FILES)


def test_every_column_has_a_type_and_a_meaning():
    assert [column["name"] for column in datacard.row_fields()] == [*(f.name for f in fields(Row)), "check"]
    assert [column["name"] for column in datacard.point_fields()] == [f.name for f in fields(Point)]
    for column in [*datacard.row_fields(), *datacard.point_fields()]:
        assert column["type"] in ("string", "integer", "number", "boolean")
        assert len(column["description"]) > 5
    assert set(datacard.POINTS) <= {f.name for f in fields(Point)}


def test_the_package_describes_the_files_beside_it(cards):
    folder, package, _ = cards
    assert package["title"] == "A title"
    runs, curves = package["resources"]
    for resource in (runs, curves):
        data = (folder / resource["path"]).read_bytes()
        assert resource.get("bytes") == (len(data) if resource is runs else None), (
            "frictionless refuses those of parquet"
        )
        assert resource["hash"] == f"sha256:{hashlib.sha256(data).hexdigest()}"
    with open(folder / "runs.csv", newline="") as file:
        header, *rows = csv.reader(file)
    columns = runs["schema"]["fields"]
    assert [column["name"] for column in columns] == header
    keys = {tuple(row[header.index(name)] for name in runs["schema"]["primaryKey"]) for row in rows}
    assert tuple(runs["schema"]["primaryKey"]) == KEY
    assert len(keys) == len(rows)


def read(text, column):
    """A text of the file as its field says; it fails where the field is wrong."""
    if text == "":
        assert not column.get("constraints", {}).get("required")
        return None
    kinds = {"integer": int, "number": float, "string": str, "boolean": {"True": True, "False": False}.__getitem__}
    value = kinds[column["type"]](text)
    assert value >= column.get("constraints", {}).get("minimum", value)
    return value


def test_every_value_of_the_file_is_of_its_field_s_type(cards):
    folder, package, _ = cards
    with open(folder / "runs.csv", newline="") as file:
        rows = [*csv.DictReader(file)]
    assert rows
    for row in rows:
        for column in package["resources"][0]["schema"]["fields"]:
            read(row[column["name"]], column)


def test_seconds_of_curves_are_described_as_they_are(tmp_path):
    """Files of the first versions have seconds with all their digits; what is joined from them has not."""
    fake_results.write(tmp_path / "old", seeds=[0], methods=["esn", "control"], tasks=["adding"])
    path = tmp_path / "old/curves.parquet"

    def described(folder):
        assert main(["datacard", str(folder)]) == 0
        columns = json.loads((folder / "datapackage.json").read_text())["resources"][1]["schema"]["fields"]
        return next(column["description"] for column in columns if column["name"] == "seconds")

    assert described(tmp_path / "old") == "CPU seconds so far, a multiple of 2^-14"
    table = curves.read_curves(path)
    seconds = [k / 1000 for k in range(len(table))]
    parquet.write(path, table.set_column(table.schema.get_field_index("seconds"), "seconds", [seconds]))
    assert described(tmp_path / "old") == "CPU seconds so far"
    assert main(["merge", str(tmp_path / "new"), str(tmp_path / "old")]) == 0
    assert described(tmp_path / "new") == "CPU seconds so far, a multiple of 2^-14"
    joined = curves.read_curves(tmp_path / "new/curves.parquet")["seconds"].to_pylist()
    assert sorted(joined) == pytest.approx(seconds, abs=2**-15)


def test_the_croissant_refers_to_what_it_holds(cards):
    _, package, card = cards
    assert card["conformsTo"] == "http://mlcommons.org/croissant/1.0"
    assert {"@context", "@type", "name", "description", "license", "distribution", "recordSet"} <= card.keys()
    files = {file["@id"]: file for file in card["distribution"]}
    assert set(files) == {resource["path"] for resource in package["resources"]}
    assert all(len(file["sha256"]) == 64 for file in files.values())
    for records, resource in zip(card["recordSet"], package["resources"], strict=True):
        ids = [field["@id"] for field in records["field"]]
        assert len(ids) == len(set(ids)) == len(resource["schema"]["fields"])
        assert {key["@id"] for key in records.get("key", [])} <= set(ids)
        assert all(field["source"]["fileObject"]["@id"] in files for field in records["field"])
        assert all(field["dataType"].startswith("sc:") for field in records["field"])


def test_a_column_that_an_older_file_lacks_is_in_no_card(tmp_path):
    fake_results.write(tmp_path, seeds=[0], methods=["esn"], tasks=["adding"])
    header, *lines = (tmp_path / "runs.csv").read_text().splitlines()
    older = [name for name in header.split(",") if name != "peak_megabytes"]
    (tmp_path / "runs.csv").write_text("\n".join([",".join(older), *lines]) + "\n")
    datacard.write(tmp_path, "t")
    runs, _ = json.loads((tmp_path / "datapackage.json").read_text())["resources"]
    assert [column["name"] for column in runs["schema"]["fields"]] == older


def test_the_cards_of_packed_rows_describe_the_packed_file(cards):
    folder, plain, _ = cards
    data = gzip.compress((folder / "runs.csv").read_bytes())
    (folder / "runs.csv").unlink()
    (folder / "runs.csv.gz").write_bytes(data)
    datacard.write(folder, "t")
    (runs, _), (unpacked, _) = json.loads((folder / "datapackage.json").read_text())["resources"], plain["resources"]
    assert (runs["path"], runs["format"], runs["compression"]) == ("runs.csv.gz", "csv", "gz")
    assert (runs["bytes"], runs["hash"]) == (len(data), f"sha256:{hashlib.sha256(data).hexdigest()}")
    assert (runs["name"], runs["schema"]) == (unpacked["name"], unpacked["schema"])
    assert "compression" not in unpacked


def test_a_folder_without_rows_is_refused(tmp_path):
    with pytest.raises(LonglagError, match="cannot read"):
        datacard.write(tmp_path, "t")
    assert main(["datacard", str(tmp_path)]) == 2
    assert list(tmp_path.iterdir()) == []


def test_a_table_from_elsewhere_is_refused(tmp_path, capsys):
    (tmp_path / "runs.csv").write_text("epoch,loss\n1,0.3\n")
    assert main(["datacard", str(tmp_path)]) == 2
    assert "runs.csv does not have the columns of a runs file" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["runs.csv"]


def test_the_cards_of_the_reference_describe_its_present_files(tmp_path):
    for name in ("runs.csv.gz", "curves.parquet"):
        shutil.copy(REFERENCE / name, tmp_path)
    datacard.write(tmp_path, json.loads((REFERENCE / "suite.json").read_text())["title"])
    for name in datacard.FILES:
        assert (REFERENCE / name).read_text() == (tmp_path / name).read_text(), "python -m longlag datacard"
