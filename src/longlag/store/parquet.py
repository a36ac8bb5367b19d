"""Parquet files with a checksum of all their bytes, in their own metadata: a flipped bit is refused."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any

from longlag.store.files import write_atomically

_MARK, _BLANK = b"longlag checksum ", b"0" * 32


def write(path: str | Path, table: Any) -> None:
    """Writes a pyarrow table as parquet, atomically and with a checksum in its metadata."""
    import pyarrow.parquet as pq

    buffer = io.BytesIO()
    table = table.replace_schema_metadata({"check": _MARK + _BLANK})
    measured = _measured(table)
    # Sorted by bytes, numbers that hardly repeat take a third less than in a dictionary.
    pq.write_table(
        table,
        buffer,
        compression="zstd",
        compression_level=19,  # a tenth smaller than by default; 50,000 points take 0.3 s
        use_dictionary=[name for name in table.column_names if name not in measured],
        column_encoding=dict.fromkeys(measured, "BYTE_STREAM_SPLIT"),
    )
    before, _, after = buffer.getvalue().rpartition(_MARK + _BLANK)
    write_atomically(path, before + _MARK + _digest(before, after) + after)


def _measured(table: Any) -> list[str]:
    """The columns of floating-point numbers most of which occur once, such as losses and seconds."""
    import pyarrow as pa
    import pyarrow.compute as pc

    floats = [field.name for field in table.schema if pa.types.is_float64(field.type)]
    return [name for name in floats if 2 * pc.count_distinct(table[name]).as_py() > len(table)]


def column(values: Sequence[Any], kind: Any) -> Any:
    """Texts or numbers of 64 bits as a pyarrow array. kind: its type. `pyarrow.array` would import pandas for it, which
    costs a job a third of a second.

    Raises:
        OverflowError: an integer has more than 64 bits, or all texts together have more than 2 GiB.
    """
    import numpy as np
    import pyarrow as pa

    if not pa.types.is_string(kind):
        return pa.Array.from_buffers(kind, len(values), [None, pa.py_buffer(np.array(values, str(kind)))])
    texts = [text.encode() for text in values]
    ends = np.array([0, *accumulate(map(len, texts))], "int32")
    return pa.Array.from_buffers(kind, len(values), [None, pa.py_buffer(ends), pa.py_buffer(b"".join(texts))])


def parse(data: bytes) -> Any:
    """A parquet file's bytes as a pyarrow table, without threads: those of pyarrow 26 abort some processes at exit.

    Raises:
        OSError: the bytes are not a whole parquet file, or not those that were written.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    before, mark, rest = data.rpartition(_MARK)
    if mark and rest[: len(_BLANK)] != _digest(before, rest[len(_BLANK) :]):
        raise OSError("its checksum is not that of its bytes")
    try:
        return pq.ParquetFile(io.BytesIO(data), pre_buffer=False).read(use_threads=False)
    except pa.ArrowException as error:
        raise OSError(str(error)) from error


def _digest(*parts: bytes) -> bytes:
    """As many hexadecimal digits as the blank that they replace."""
    return hashlib.blake2b(b"".join(parts), digest_size=len(_BLANK) // 2).hexdigest().encode()
