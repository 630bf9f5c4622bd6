"""A user's own features as a table: CSV, TSV or Parquet, a row for each face.

    f0 ... f511   numbers   the vector of the face; or 0 ... 511, or from 1 on, as pandas, R and MATLAB count;
                            in Parquet also `features`, a column of lists
    track         whole     the track of the face, 0 or more, also called track_id; without it each row stands
                            alone                                                          (optional)
    frame         whole     its frame                                                      (optional)
    label         text      true person, empty or -1 for none                              (optional)
    quality       number    of the picture, 0 to 1                                         (optional)
    x, y, w, h    numbers   its box in pixels                                              (optional)

Values of a line are separated by commas, semicolons or tabs. Other columns are ignored.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from castlist.errors import InputError
from castlist.extras import needed
from castlist.research.features.columns import feature_set, labels_of_tracks
from castlist.research.features.table import (
    FeatureSet,
    NoVectors,
    check_amount,
    check_unpacked,
    numbered,
    sentence,
)

if TYPE_CHECKING:
    from types import ModuleType

    import pyarrow
    from pyarrow.csv import InvalidRow
    from pyarrow.parquet import ParquetFile

__all__ = ["PARQUET", "SUFFIXES", "read"]

PARQUET = b"PAR1"  # first bytes of a Parquet file
SUFFIXES = (".csv", ".tsv")  # of text files, which have no such mark
NAMES = {"track": "track_id"} | {name: name for name in ("track_id", "frame", "label", "quality", *"xywh")}
LISTS = "features"  # a column of Parquet with the whole vector of a face
LONGEST_LINE = 1 << 20  # bytes of the line of names; 65,536 dimensions need half of it
DIGITS = 6  # most digits of the number of a dimension


def read(path: Path) -> FeatureSet:
    """The features of one video.

    Raises:
        InputError: the file is not such a table, is damaged, empty or too large; a column is missing, or has
            text instead of numbers; or the faces of one track have different labels.
        MissingExtra: pyarrow is not installed.
    """
    with needed("a table of features (.csv, .tsv, .parquet)", "arrow"):
        from pyarrow import csv as arrow_csv
        from pyarrow import parquet

    with sentence(path):
        with path.open("rb") as stream:
            is_parquet = stream.read(len(PARQUET)) == PARQUET
        table, vector = _parquet(parquet.ParquetFile(path)) if is_parquet else _text(path, arrow_csv)
        if not len(table):
            raise InputError("has no rows; save a row for each face")
        column = {name: _column(table, name) for name in table.column_names if name in NAMES}
        named = {NAMES[name]: values for name, values in column.items()}
        named["features"] = _vectors(table, vector)
        named["track_id"] = numbered(named.get("track_id", np.arange(len(table))), "track", "faces")
        if "label" in named:
            named |= labels_of_tracks(np.asarray(named["track_id"], np.int64), named["label"])
        return feature_set(path.stem, named)


def _text(path: Path, arrow_csv: ModuleType) -> tuple[pyarrow.Table, list[str]]:
    """A table of text, and the columns of its vectors."""
    import pyarrow

    check_amount(path.stat().st_size, 1, "it")
    names, delimiter = _names(path)
    vector = _vector_columns(names)
    wanted = [name for name in names if name in NAMES or name in vector]
    _check_names(wanted)
    uneven: list[InvalidRow] = []

    def refused(row: InvalidRow) -> str:
        uneven.append(row)
        return "error"

    try:
        table = arrow_csv.read_csv(
            path,
            arrow_csv.ReadOptions(use_threads=False),  # rows are numbered only without threads
            arrow_csv.ParseOptions(delimiter=delimiter, invalid_row_handler=refused),
            arrow_csv.ConvertOptions(include_columns=wanted, column_types={"label": pyarrow.string()}),
        )
    except pyarrow.ArrowInvalid as error:
        if uneven:
            raise InputError(
                f"row {uneven[0].number} has {uneven[0].actual_columns} values, and the first row names "
                f"{uneven[0].expected_columns} columns; give each row a value for each column"
            ) from None
        if "UTF8" in str(error):
            raise InputError("is not UTF-8 text; save the table as UTF-8") from None
        raise
    return table, vector


def _names(path: Path) -> tuple[list[str], str]:
    """The names of the columns, and the separator.

    Raises:
        InputError: the first line is missing, too long, not UTF-8, or holds no names.
    """
    with path.open("rb") as stream:
        line = stream.readline(LONGEST_LINE)
    if not line.strip():
        raise InputError(
            "is empty, or its first line is; the first line names the columns: track,frame,f0,f1,..."
        )
    if len(line) == LONGEST_LINE:
        raise InputError("its first line is too long to be the names of columns; is it a table of features?")
    try:
        text = line.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError("is not UTF-8 text; save the table as UTF-8") from None
    delimiter = max(",;\t", key=text.count)
    return next(csv.reader([text], delimiter=delimiter)), delimiter


def _parquet(file: ParquetFile) -> tuple[pyarrow.Table, list[str]]:
    """A Parquet table, and the columns of its vectors."""
    names = file.schema_arrow.names
    vector = [LISTS] if LISTS in names else _vector_columns(names)
    wanted = [name for name in names if name in NAMES or name in vector]
    _check_names(wanted)
    chunks = [
        group.column(i)
        for group in map(file.metadata.row_group, range(file.num_row_groups))
        for i in range(group.num_columns)
        if group.column(i).path_in_schema.partition(".")[0] in wanted
    ]
    values = 8 * sum(chunk.num_values for chunk in chunks)  # as double precision
    check_unpacked(values, sum(chunk.total_compressed_size for chunk in chunks))
    return file.read(wanted, use_threads=False), vector


def _vector_columns(names: Sequence[str]) -> list[str]:
    """The columns of the vectors, in order.

    Raises:
        InputError: there are none, or one in between is missing.
    """
    for start in ("f", ""):
        columns = [name for name in names if re.fullmatch(rf"{start}[0-9]{{1,{DIGITS}}}", name)]
        if columns:
            dimension = {int(name.removeprefix(start)): name for name in columns}
            gaps = [number for number in range(max(dimension)) if number not in dimension]
            if gaps and gaps != [0]:
                raise InputError(
                    f"has a column {dimension[max(dimension)]!r} and no {f'{start}{gaps[-1]}'!r}; give every "
                    "dimension its column"
                )
            return sorted(columns, key=lambda name: int(name.removeprefix(start)))
    raise NoVectors(
        "has no columns f0, f1, ... of the vectors; name them so. Its columns are "
        f"{', '.join(map(repr, names[:8]))}{', ...' if len(names) > 8 else ''}"
    )


def _check_names(names: Sequence[str]) -> None:
    """Refuse two columns with one meaning, as f1 and f01, or track and track_id."""
    meant = [NAMES.get(name, re.sub(r"(?<![0-9])0+(?=[0-9])", "", name)) for name in names]
    known = set[str]()
    for name, meaning in zip(names, meant, strict=True):
        if meaning in known:
            first = names[meant.index(meaning)]
            raise InputError(
                f"has the columns {first!r} and {name!r}, which mean the same; leave one of them out"
            )
        known.add(meaning)


def _column(table: pyarrow.Table, name: str) -> NDArray[np.generic]:
    """The labels of a table as text, or the numbers of another column."""
    return _labels(table, name) if name == "label" else _numbers(table, name)


def _labels(table: pyarrow.Table, name: str) -> NDArray[np.generic]:
    """(rows,) the labels as text, "" for none; whole numbers unchanged."""
    import pyarrow

    values = table[name].combine_chunks()
    if pyarrow.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if pyarrow.types.is_integer(values.type) and not values.null_count:
        return np.asarray(values)
    if pyarrow.types.is_floating(values.type) or pyarrow.types.is_integer(values.type):
        return np.asarray(values.cast(pyarrow.float64()))
    return np.array([value or "" for value in values.cast(pyarrow.string()).to_pylist()], np.str_)


def _numbers(table: pyarrow.Table, name: str) -> NDArray[np.generic]:
    """(rows,) the numbers of a column.

    Raises:
        InputError: a value is missing or not a number; the message has its row, counted from 1.
    """
    import pyarrow

    values = table[name].combine_chunks()
    if pyarrow.types.is_decimal(values.type):
        values = values.cast(pyarrow.float64())
    if not (pyarrow.types.is_integer(values.type) or pyarrow.types.is_floating(values.type)):
        row, value = next((r, v) for r, v in enumerate(values.to_pylist(), 1) if not _is_number(v))
        raise InputError(f"row {row} of column {name!r} holds {_shown(value)}; give a number")
    if values.null_count:
        row = np.flatnonzero(np.asarray(values.is_null()))[0] + 1
        raise InputError(f"row {row} of column {name!r} holds no number; leave out such rows")
    return np.asarray(values)


def _is_number(value: object) -> bool:
    try:
        float(str(value))
    except ValueError:
        return False
    return not isinstance(value, bool)


def _shown(value: object) -> str:
    return "no number" if value is None or value == "" else repr(str(value)[:40])


def _vectors(table: pyarrow.Table, names: Sequence[str]) -> NDArray[np.generic]:
    """(rows, d) the vectors, from a column for each dimension or from a column of lists."""
    if list(names) != [LISTS]:
        return np.stack([_numbers(table, name) for name in names], axis=1)
    import pyarrow

    lists = table[LISTS].combine_chunks()
    kinds = (pyarrow.types.is_list, pyarrow.types.is_large_list, pyarrow.types.is_fixed_size_list)
    if not any(is_kind(lists.type) for is_kind in kinds):
        raise InputError(f"column `{LISTS}` must be lists of numbers, got {lists.type}")
    flat = lists.flatten()
    if lists.null_count or flat.null_count:
        raise InputError(f"column `{LISTS}` has empty values; leave out such rows")
    length = np.asarray(lists.value_lengths())
    uneven = np.flatnonzero(length != length[0])
    if not length[0]:
        raise InputError(f"column `{LISTS}` holds empty lists; give each row its vector")
    if len(uneven):
        raise InputError(
            f"row {uneven[0] + 1} of column `{LISTS}` has {length[uneven[0]]} numbers, and the first row "
            f"{length[0]}; give each row a vector of the same length"
        )
    values = _numbers(pyarrow.table({LISTS: flat}), LISTS)
    return values.reshape(len(lists), int(length[0]))
