"""A cast as tables of plain columns: people, appearances, faces."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from castlist.errors import InputError
from castlist.extras import needed
from castlist.types import INTERPOLATED, Fate

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow

    from castlist.cast import Cast

__all__ = ["TABLES", "columns", "to_arrow", "to_pandas", "to_polars"]

Columns = dict[str, NDArray[np.generic] | list[str]]  # name -> array or list, all of equal length


def columns(cast: Cast, table: str = "appearances") -> Columns:
    """The columns of a table by name; times are seconds as float64, frames count from 0.

    Args:
        table: "people" (one row for each person, including the background), "appearances" (one row for each
            appearance) or "faces" (one row for each face and frame; `person` is -1 and `name` empty for
            set-aside tracks). `person` is the person's permanent number, as in "Person 7".

    Raises:
        InputError: there is no such table.
    """
    if not isinstance(table, str) or table not in TABLES:
        raise InputError(f"a cast has the tables {', '.join(TABLES)}, not {table!r}")
    return TABLES[table](cast)


def _people(cast: Cast) -> Columns:
    people = cast.everybody
    return {
        "person": np.array([p.id for p in people], np.int64),
        "name": [p.name for p in people],
        "named": np.array([p.named for p in people], bool),
        "fate": [Fate(p.fate).word for p in people],
        "screen_time": np.array([p.screen_time for p in people], np.float64),
        "share": np.array([cast.share(p) for p in people], np.float64),
        "first": np.array([float(p.first) for p in people], np.float64),
        "last": np.array([float(p.last) for p in people], np.float64),
        "appearances": np.array([len(p.appearances) for p in people], np.int64),
        "tracks": np.array([len(p.tracks) for p in people], np.int64),
        "faces": np.array([p.face_count for p in people], np.int64),
    }


def _appearances(cast: Cast) -> Columns:
    rows = sorted(
        ((a, p) for p in cast.everybody for a in p.appearances), key=lambda r: (r[0].start, r[1].id)
    )
    tracks = cast.tracks
    return {
        "person": np.array([p.id for _, p in rows], np.int64),
        "name": [p.name for _, p in rows],
        "start": np.array([float(a.start) for a, _ in rows], np.float64),
        "stop": np.array([float(a.stop) for a, _ in rows], np.float64),
        "duration": np.array([float(a.duration) for a, _ in rows], np.float64),
        "first_frame": np.array([min(int(tracks.first[t]) for t in a.tracks) for a, _ in rows], np.int64),
        "stop_frame": np.array([max(int(tracks.last[t]) for t in a.tracks) + 1 for a, _ in rows], np.int64),
        "tracks": np.array([len(a.tracks) for a, _ in rows], np.int64),
    }


def _faces(cast: Cast) -> Columns:
    tracks = cast.tracks
    index = cast.person[tracks.track].astype(np.int64) if len(tracks) else np.zeros(0, np.int64)
    names = np.array([*(p.name for p in cast.everybody), ""], object)
    numbers = np.array([*(p.id for p in cast.everybody), -1], np.int64)
    box = tracks.box.astype(np.float64)
    return {
        "frame": tracks.frame,
        "time": cast.clock.seconds(tracks.frame),
        "person": numbers[index],
        "name": names[index].tolist(),
        "track": tracks.track,
        "left": box[:, 0],
        "top": box[:, 1],
        "right": box[:, 2],
        "bottom": box[:, 3],
        "score": tracks.score.astype(np.float64),
        "detected": tracks.detection != INTERPOLATED,
    }


TABLES: dict[str, Callable[[Cast], Columns]] = {
    "people": _people,
    "appearances": _appearances,
    "faces": _faces,
}


def to_pandas(cast: Cast, table: str = "appearances") -> pandas.DataFrame:
    """A table as a pandas.DataFrame; raises MissingExtra if pandas is not installed."""
    found = columns(cast, table)
    frame = _library("pandas").DataFrame(found)
    return frame.astype(dict.fromkeys(_texts(found), "str"))  # text columns, also of a table without rows


def to_polars(cast: Cast, table: str = "appearances") -> polars.DataFrame:
    """A table as a polars.DataFrame; raises MissingExtra if polars is not installed."""
    library, found = _library("polars"), columns(cast, table)
    return library.DataFrame(found, schema_overrides=dict.fromkeys(_texts(found), library.String))


def to_arrow(cast: Cast, table: str = "appearances") -> pyarrow.Table:
    """A table as a pyarrow.Table; raises MissingExtra if pyarrow is not installed."""
    library, found = _library("pyarrow"), columns(cast, table)
    texts = {name: library.array(found[name], library.string()) for name in _texts(found)}
    return library.table(found | texts)


def _texts(found: Columns) -> list[str]:
    """The columns of text."""
    return [name for name, column in found.items() if isinstance(column, list)]


def _library(name: str) -> ModuleType:
    with needed(f"a table for {name}", "tables"):
        return importlib.import_module(name)
