"""A library as Parquet: one file for each view, for DuckDB, pandas, Polars, Spark."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np

from castlist.extras import needed
from castlist.library.schema import VIEWS
from castlist.outputs import check_output_folder, remove_unfinished
from castlist.store.folder import Folder
from castlist.store.rows import blob

if TYPE_CHECKING:
    import pyarrow

__all__ = ["COLUMNS", "write_parquet"]

ROWS = 20_000  # rows of a group: the rows held in memory at once
COLUMNS = {  # Arrow type of each column that is not text
    "film_id": "int64",
    "film_person_id": "int64",
    "width": "int32",
    "height": "int32",
    "people": "int64",
    "films": "int64",
    "faces": "int64",
    "number": "int32",
    "named": "bool",
    "seconds": "float64",
    "start": "float64",
    "stop": "float64",
    "probability": "float64",
    "quality": "float32",
    "left": "float32",
    "top": "float32",
    "right": "float32",
    "bottom": "float32",
    "vector": "vector",
}


def write_parquet(db: sqlite3.Connection, folder: Path) -> list[Path]:
    """Write every view of a catalogue into a folder as NAME.parquet; each file appears whole or not at all.

    Vectors are lists of 32-bit floats.

    Raises:
        MissingExtra: pyarrow is not installed.
        InputError: the folder is a file, a workspace, a library, or inside one.
        OSError: the folder cannot be written.
    """
    with needed("a library as Parquet", "arrow"):
        import pyarrow as pa
        import pyarrow.parquet as pq
    check_output_folder(folder, apart=True)
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for view in VIEWS:
        remove_unfinished(folder / f"{view}.parquet")
        rows = db.execute(f"SELECT * FROM {view}")  # noqa: S608
        names = [column[0] for column in rows.description]
        schema = pa.schema([(name, _type(pa, COLUMNS.get(name, "string"))) for name in names])
        with Folder(folder).written(f"{view}.parquet") as file, pq.ParquetWriter(file, schema) as out:
            while group := rows.fetchmany(ROWS):
                columns = zip(names, zip(*group, strict=True), strict=True)
                out.write_table(pa.table([_column(pa, n, c) for n, c in columns], schema=schema))
        made.append(Path(os.path.join(folder, f"{view}.parquet")))
    return made


def _type(pa: ModuleType, name: str) -> pyarrow.DataType:
    return pa.list_(pa.float32()) if name == "vector" else pa.type_for_alias(name)


def _column(pa: ModuleType, name: str, values: tuple[object, ...]) -> pyarrow.Array:
    kind = COLUMNS.get(name, "string")
    if kind == "vector":
        values = tuple(np.frombuffer(blob(value), "<f2").astype(np.float32) for value in values)
    elif kind == "bool":
        values = tuple(bool(value) for value in values)
    return pa.array(values, _type(pa, kind))
