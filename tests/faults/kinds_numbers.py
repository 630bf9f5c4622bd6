"""Numbers that no castlist writes into the arrays of a workspace: columns, text, shards of vectors."""

from __future__ import annotations

import io
import json
import random
import shutil
import sqlite3
import zlib
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from tests.faults.campaign import Box, Case, Command, kind
from tests.faults.kinds_workspace import change
from tests.faults.server import Limits

PLACE = "film.castlist"
FORMATS = (
    "appearances", "faces", "csv", "json", "otio", "fcp7", "fcpxml", "edl", "avid", "ale", "srt", "webvtt",
    "webvtt-metadata", "ffmetadata", "matroska", "mot", "coco", "cvat", "label-studio", "rttm", "xmp",
    "web-annotation", "mmif",
)  # fmt: skip
READING = (
    ["info", PLACE],
    ["decide", PLACE, "list"],
    ["decide", PLACE, "history"],
    ["decide", PLACE, "questions"],
    ["decide", PLACE, "sheet"],
    ["explain", PLACE, "0", "1"],
    ["sheet", PLACE, "-o", "out/sheet.html"],
    ["report", PLACE, "-o", "out/report.html"],
    ["features", PLACE, "-o", "out/film.npz"],
    ["propose", PLACE],
    ["export", PLACE, "--format", "stills", "-o", "out/stills"],
    ["decide", "copy.castlist", "import", PLACE],
)
WRITING = (
    ["decide", PLACE, "split", "0"],
    ["decide", PLACE, "merge", "p1", "p2"],
    ["decide", PLACE, "undo"],
    ["decide", PLACE, "import", "copy.castlist"],
    ["library", "add", "season", PLACE, "-q"],
    ["library", "update", "season"],
)
SLOW = (  # they read or write a film, which takes seconds
    ["redact", PLACE, "--keep", "p1", "-o", "out/public.mp4"],
    ["reel", PLACE, "p1", "-o", "out/reel.mp4"],
    ["find", "film.mp4", "-q"],
    ["find", "film.mp4", "-q", "--replace"],
)

Change = Callable[[random.Random, NDArray[np.generic]], NDArray[np.generic]]


def _whole(array: NDArray[np.generic], value: float) -> NDArray[np.generic]:
    return np.full_like(array, value)


def _one(rng: random.Random, array: NDArray[np.generic], value: float) -> NDArray[np.generic]:
    changed = array.copy()
    changed.reshape(-1)[rng.randrange(array.size)] = value
    return changed


def _values(array: NDArray[np.generic]) -> list[float]:
    """Numbers of its own kind that such a column does not hold."""
    if array.dtype.kind == "f":
        top = float(np.finfo(array.dtype).max)
        return [np.nan, np.inf, -np.inf, top, -top, 0.0, -1.0, 1e-38, 0.5, 1e6]
    if array.dtype.kind == "b":
        return [0, 1]
    info = np.iinfo(array.dtype)
    return [info.min, info.max, -1 if info.min < 0 else 0, 0, 1, 2, len(array), len(array) - 1, 1000]


def changed(rng: random.Random, array: NDArray[np.generic]) -> NDArray[np.generic]:
    """An array of the same dtype with other numbers, or with other rows."""
    what = rng.choice(("one", "one", "one", "whole", "whole", "reversed", "fewer", "more", "flat", "tall"))
    if what in ("fewer", "more") or not array.size or not array.ndim:
        rows = array[:-1] if what == "fewer" and array.ndim else np.concatenate([np.atleast_1d(array)] * 2)
        return np.ascontiguousarray(rows)
    if what == "reversed":
        return np.ascontiguousarray(array[::-1])
    if what == "flat":
        return array.reshape(-1)
    if what == "tall":
        return array.reshape(-1, 1)
    value = rng.choice(_values(array))
    return _whole(array, value) if what == "whole" else _one(rng, array, value)


def _column(rng: random.Random, box: Box) -> str:
    db = sqlite3.connect(box.place / "cast.db")
    tables = db.execute("SELECT DISTINCT name, kind FROM block_columns").fetchall()
    name, kind_ = rng.choice(tables)
    block, part, shape, data = rng.choice(
        db.execute(
            "SELECT block, part, shape, data FROM block_columns WHERE name = ? AND kind = ?", (name, kind_)
        ).fetchall()
    )
    db.close()
    plain = zlib.decompress(data)
    if kind_ == "json":
        plain = json.dumps(_other(rng, json.loads(plain))).encode()
    elif kind_ == "fraction":
        plain = rng.choice((b"-1", b"0", b"1/1000000000000", b"1000000000000", b"-1/25", b"1/3"))
    elif kind_ != "path":
        array = changed(rng, np.frombuffer(plain, kind_).reshape(json.loads(shape)))
        plain, shape = array.tobytes(), json.dumps(array.shape)
    change(
        box,
        (
            "UPDATE block_columns SET data = ?, shape = ? WHERE block = ? AND name = ? AND part = ?",
            (zlib.compress(plain), shape, block, name, part),
        ),
    )
    return f"{name} ({kind_})"


def _other(rng: random.Random, value: object) -> object:
    """Text of the same shape with one other value in it."""
    if isinstance(value, list) and value and rng.random() < 0.8:
        i = rng.randrange(len(value))
        return [*value[:i], _other(rng, value[i]), *value[i + 1 :]]
    if isinstance(value, dict) and value and rng.random() < 0.8:
        key = rng.choice(list(value))
        return {**value, key: _other(rng, value[key])}
    return rng.choice(
        (None, True, -1, 0, 10**30, 1e308, float("nan"), float("inf"), "", "x", "\x1b[2J", [], {}, [value])
    )


def _shard(rng: random.Random, box: Box) -> str:
    """Vectors that are not those of faces, with the checksum that belongs to them."""
    path = rng.choice(sorted(box.place.glob("embeddings/*.npy")))
    array = np.load(path)
    made = rng.choice((changed(rng, array), array[:, :-1], array[:, :1], array * 0, np.hstack([array] * 8)))
    file = io.BytesIO()
    np.save(file, np.ascontiguousarray(made).astype(rng.choice(("<f2", "<f2", "<f2", "<f4", "|i1", ">f2"))))
    path.write_bytes(file.getvalue())
    crc = zlib.crc32(np.ascontiguousarray(made, "<f2").data)
    change(box, ("UPDATE segments SET crc32 = ? WHERE shard = ?", (crc, path.name)))
    return "a shard of vectors"


@kind("numbers in arrays", 8)
def numbers(rng: random.Random, box: Box) -> Case:
    first = [["decide", PLACE, "name", "p1", "Ann", "+", "merge", "p1", "p2", "+", "undo"]]
    if rng.random() < 0.3:  # a later run stores what was decided before it
        first += [["find", "film.mp4", "-q", "--replace"]]
    for words in first if rng.random() < 0.6 else []:
        box.run(Command(words, Limits(seconds=120)))
    (box.folder / "out").mkdir(exist_ok=True)
    shutil.copytree(box.place, box.folder / "out" / "copy.castlist")
    (box.folder / "copy.castlist").symlink_to("out/copy.castlist")
    what = _shard(rng, box) if rng.random() < 0.15 else _column(rng, box)
    exports = [["export", PLACE, "--format", form] for form in FORMATS]
    chosen = [rng.choice(exports), *rng.sample(READING, 3), *rng.sample(WRITING, 2)]
    chosen += [rng.choice(SLOW)] if rng.random() < 0.25 else []
    commands = [
        Command(words, Limits(seconds=120 if words in SLOW else 40), allowed=(0, 1, 2), lines=4)
        for words in chosen
    ]
    return Case(what, commands)
