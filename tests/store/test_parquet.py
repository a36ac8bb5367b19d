"""Parquet files: numbers that hardly repeat are packed by bytes, and every table comes back as it was."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from longlag.store import parquet

N = 1000


def encodings(path):
    """From a column to the encodings of its pages."""
    group = pq.ParquetFile(path).metadata.row_group(0)
    columns = [group.column(k) for k in range(group.num_columns)]
    return {column.path_in_schema: column.encodings for column in columns}


def test_measured_numbers_are_split_into_bytes_and_others_are_not(tmp_path):
    draw = np.random.default_rng(0)
    table = pa.table({
        "loss": draw.random(N),
        "passes": np.arange(N) // 10 * 3e4,
        "updates": draw.permutation(N),
        "method": ["lstm"] * N,
    })  # fmt: skip
    parquet.write(tmp_path / "curves.parquet", table)
    found = encodings(tmp_path / "curves.parquet")
    assert [name for name, used in found.items() if "BYTE_STREAM_SPLIT" in used] == ["loss"]
    assert parquet.parse((tmp_path / "curves.parquet").read_bytes()).equals(table)


@pytest.mark.parametrize(
    "values",
    [[], [None, None], [float("nan")] * 3, [1.5], [[1.0, 2.0], [3.0]]],
    ids=["no rows", "nulls", "nan", "one number", "lists"],
)
def test_unusual_columns_come_back_as_they_were(tmp_path, values):
    kind = pa.list_(pa.float64()) if values and isinstance(values[0], list) else pa.float64()
    table = pa.table({"loss": pa.array(values, kind)})
    parquet.write(tmp_path / "curves.parquet", table)
    again = parquet.parse((tmp_path / "curves.parquet").read_bytes())
    assert again.schema.equals(table.schema)
    assert repr(again["loss"].to_pylist()) == repr(table["loss"].to_pylist())
