"""A data card of a folder of results, generated from the schema of rows and points: for people and programs who load
the files without longlag.

`datapackage.json` follows Frictionless Data (Data Package, Tabular Data Resource), `croissant.json` follows Croissant
1.0 (JSON-LD), which search engines and loaders of data sets read.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import Field, fields
from pathlib import Path
from typing import Any

from longlag.errors import LonglagError
from longlag.store import files
from longlag.store.curves import are_in_ticks, read_curves
from longlag.store.records import CHECK, KEY, Point, Row, rows_in

FILES = ("datapackage.json", "croissant.json")
_LICENCE = ("MIT", "https://opensource.org/license/mit")
_KINDS = {"str": "string", "int": "integer", "float": "number", "bool": "boolean", "int | None": "integer"}
_CROISSANT = {"string": "sc:Text", "integer": "sc:Integer", "number": "sc:Float", "boolean": "sc:Boolean"}
_DESCRIPTIONS = {
    "runs": "one row per task, method, lag and seed; the last column is a checksum of the others",
    "curves": "learning curves: one row per evaluation of a run on the fixed grid of passes",
}
# the columns of learning curves that rows do not have
POINTS = {
    "passes": "sequence passes spent so far",
    "updates": "steps of the optimiser so far",
    "train_loss": "training loss of the last step",
    "error": "share of the validation sequences wrong",
    "loss": "loss on the validation sequences",
    "seconds": "CPU seconds so far",
    "saturated": "share of hidden units beyond +-0.9",
    "spectral_radius": "spectral radius of the recurrent weights",
    "update_norm": "norm of the last update",
    "damping": "damping of Hessian-Free",
    "cg_iterations": "iterations of conjugate gradients in the last step of Hessian-Free",
    "reduction_ratio": "reduction of the loss over that of the quadratic model, in the last step of Hessian-Free",
    "cg_stopped": "why conjugate gradients stopped: progress, limit or breakdown",
}
_TICKS = ", a multiple of 2^-14"
_BACK = "mean norm of the loss's derivative in the net's state {} steps before the last"


def row_fields() -> list[dict[str, Any]]:
    """Columns of runs.csv as Frictionless fields: name, type, description, constraints."""
    found = [_field(column, str(column.metadata["meaning"])) for column in fields(Row)]
    check = {"name": CHECK, "type": "string", "description": "checksum of the fields before it, in this line"}
    return [*found, check]


def point_fields(in_ticks: bool = True) -> list[dict[str, Any]]:
    """Columns of curves.parquet, likewise. Those of the gradient flow are absent where it was not recorded.

    in_ticks: whether its seconds are rounded; those of the first versions' files are not.
    """
    known = {column.name: str(column.metadata["meaning"]) for column in fields(Row)} | POINTS
    known["seconds"] += _TICKS if in_ticks else ""
    return [
        _field(column, known.get(column.name) or _BACK.format(column.name.removeprefix("gradient_")))
        for column in fields(Point)
    ]


def _field(column: Field[Any], meaning: str) -> dict[str, Any]:
    kind = _KINDS[str(column.type)]
    found: dict[str, Any] = {"name": column.name, "type": kind, "description": meaning}
    if kind == "boolean":
        found |= {"trueValues": ["True"], "falseValues": ["False"]}
    constraints: dict[str, Any] = {"required": True} if column.name in KEY else {}
    if column.metadata.get("least") is not None:
        constraints["minimum"] = column.metadata["least"]
    return found | ({"constraints": constraints} if constraints else {})


def write(folder: Path, title: str) -> list[Path]:
    """Writes both cards of the rows (and curves.parquet, if there is one) in that folder; returns their paths.

    Raises:
        LonglagError: there is neither runs.csv nor runs.csv.gz, it has other columns, or the folder cannot be written.
    """
    rows = rows_in(folder)
    header = files.read(rows).split(b"\n", 1)[0].decode("utf-8", "replace").strip().split(",")
    if not set(KEY) <= set(header):
        raise LonglagError(f"{rows} does not have the columns of a runs file; name a folder that longlag wrote")
    columns = [column for column in row_fields() if column["name"] in header]  # an older file may lack some
    resources = [_resource(rows, "text/csv", columns)]
    if files.is_file(curves := folder / "curves.parquet"):
        table = read_curves(str(curves))
        columns = [column for column in point_fields(are_in_ticks(table)) if column["name"] in table.column_names]
        resources.append(_resource(curves, "application/x-parquet", columns))
    cards = dict(zip(FILES, (_datapackage(title, resources), _croissant(title, resources)), strict=True))
    for name, card in cards.items():
        files.write_atomically(folder / name, (json.dumps(card, indent=1, ensure_ascii=False) + "\n").encode())
    return [folder / name for name in FILES]


def _resource(path: Path, media: str, columns: list[dict[str, Any]]) -> dict[str, Any]:
    data = files.read_packed(path)
    name, form, *packed = path.name.split(".")
    schema = {"fields": columns, "missingValues": [""]}
    if name == "runs":
        schema["primaryKey"] = list(KEY)
    return {
        "name": name,
        "type": "table",
        "path": path.name,
        "description": _DESCRIPTIONS[name],
        "format": form,
        **({"compression": packed[0]} if packed else {}),
        "mediatype": media,
        "encoding": "utf-8",
        "bytes": len(data),
        "hash": f"sha256:{hashlib.sha256(data).hexdigest()}",
        "schema": schema,
    }


def _datapackage(title: str, resources: list[dict[str, Any]]) -> dict[str, Any]:
    # frictionless counts the bytes of text alone, and calls a file of parquet with a number of them damaged
    told = [{k: v for k, v in each.items() if k != "bytes" or each["format"] == "csv"} for each in resources]
    return {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": "longlag-results",
        "title": title,
        "description": "Recorded runs: the longest time lag that recurrent nets bridge with each remedy, and the cost.",
        "keywords": ["recurrent neural networks", "long-term dependencies", "benchmark"],
        "licenses": [{"name": _LICENCE[0], "path": _LICENCE[1]}],
        "resources": told,
    }


def _croissant(title: str, resources: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "@context": {
            "@language": "en",
            "@vocab": "https://schema.org/",
            "sc": "https://schema.org/",
            "cr": "http://mlcommons.org/croissant/",
            "dct": "http://purl.org/dc/terms/",
            "conformsTo": "dct:conformsTo",
            "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
            "recordSet": "cr:recordSet",
            "field": "cr:field",
            "key": "cr:key",
            "source": "cr:source",
            "fileObject": "cr:fileObject",
            "extract": "cr:extract",
            "column": "cr:column",
        },
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": "longlag-results",
        "description": title,
        "license": _LICENCE[1],
        "distribution": [_file_object(resource) for resource in resources],
        "recordSet": [_record_set(resource) for resource in resources],
    }


def _file_object(resource: dict[str, Any]) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": resource["path"],
        "name": resource["path"],
        "description": resource["description"],
        "contentUrl": resource["path"],
        "contentSize": f"{resource['bytes']} B",
        "encodingFormat": resource["mediatype"],
        "sha256": resource["hash"].removeprefix("sha256:"),
    }


def _record_set(resource: dict[str, Any]) -> dict[str, Any]:
    name, schema = resource["name"], resource["schema"]
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "description": resource["description"],
        **({"key": [{"@id": f"{name}/{column}"} for column in schema["primaryKey"]]} if "primaryKey" in schema else {}),
        "field": [
            {
                "@type": "cr:Field",
                "@id": f"{name}/{column['name']}",
                "name": column["name"],
                "description": column["description"],
                "dataType": _CROISSANT[column["type"]],
                "source": {"fileObject": {"@id": resource["path"]}, "extract": {"column": column["name"]}},
            }
            for column in schema["fields"]
        ],
    }
