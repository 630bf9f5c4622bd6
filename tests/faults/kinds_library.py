"""Kinds of faults in a library: a stranger's catalogue and log, or damaged ones."""

from __future__ import annotations

import json
import os
import random
import sqlite3
import struct
from contextlib import suppress

from tests.faults.campaign import Box, Case, Command, kind
from tests.faults.kinds_workspace import ENDLESS, FORMS, NASTY, VALUES
from tests.faults.server import Limits

PARTS = (
    "catalogue.db", "catalogue.db-wal", "catalogue.db-shm", "catalogue.db-journal", "log.jsonl", "lock",
    "catalogue.db.new", "tracks.faiss", "tracks.json", "tracks.npy",
)  # fmt: skip
LOOKS = (
    ["list"], ["people"], ["people", "--json"], ["show", "Person"], ["questions"], ["check"],
)  # fmt: skip
CHANGES = (
    ["name", "Ann", "Anna"], ["update"], ["rebuild"], ["remove", "film"], ["add", "film.castlist", "-q"],
)  # fmt: skip


def looks(rng: random.Random) -> list[Command]:
    """Verbs that read a library, one that searches it, one that changes it."""
    verbs = [*rng.sample(LOOKS, 2), rng.choice(CHANGES)]
    words = [["library", verb[0], "season", *verb[1:]] for verb in verbs]
    search = [
        "search",
        "season",
        *rng.choice((["Ann"], ["Ann & Bob"], ["--photo", "film.castlist/none.jpg"])),
    ]
    return [
        Command(each, Limits(seconds=40), allowed=(0, 1, 2), lines=4)
        for each in (words[0], search, *words[1:])
    ]


def change(box: Box, *statements: tuple[str, tuple[object, ...]]) -> None:
    db = sqlite3.connect(box.folder / "season" / "catalogue.db", isolation_level=None)
    for statement, values in statements:
        with suppress(sqlite3.Error):
            db.execute(statement, values)
    db.close()


def named(box: Box) -> None:
    """Give a person a name, so that a search finds one."""
    change(box, ("UPDATE person SET name = 'Ann' WHERE id = (SELECT min(id) FROM person)", ()))


def columns(box: Box) -> list[tuple[str, str]]:
    db = sqlite3.connect(box.folder / "season" / "catalogue.db")
    tables = db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    found = [(t, row[1]) for (t,) in tables for row in db.execute(f"PRAGMA table_info({t})")]
    db.close()
    return found


@kind("links, pipes, giants and junk in a library", 5)
def special(rng: random.Random, box: Box) -> Case:
    named(box)
    name, form = rng.choice(PARTS), rng.choice(list(FORMS))
    path = box.folder / "season" / name
    if name.startswith("tracks") and not path.exists():
        path.write_bytes(rng.choice((b"", b"{}", b"[" * 99_999, rng.randbytes(999))))
    FORMS[form](rng, box, path)
    return Case(f"{name} is {form}", looks(rng))


@kind("values in a catalogue", 8)
def values(rng: random.Random, box: Box) -> Case:
    named(box)
    chosen = [(*rng.choice(columns(box)), rng.choice(VALUES)) for _ in range(rng.choice((1, 1, 2, 4)))]
    change(box, ("PRAGMA foreign_keys = OFF", ()))
    for table, column, value in chosen:
        change(box, (f"UPDATE OR IGNORE {table} SET {column} = ?", (value,)))
    return Case(", ".join(f"{t}.{c} = {repr(v)[:30]}" for t, c, v in chosen), looks(rng))


SCHEMAS = (
    "CREATE TRIGGER mine AFTER INSERT ON member BEGIN DELETE FROM person; END",
    "CREATE TRIGGER mine AFTER UPDATE ON meta BEGIN UPDATE film SET path = '/etc/passwd'; END",
    f"CREATE VIEW mine AS {ENDLESS}", "CREATE TABLE mine (a)", "CREATE VIRTUAL TABLE mine USING fts5 (a)",
    "DROP TABLE vectors", "DROP VIEW people", "ALTER TABLE film ADD COLUMN mine", "PRAGMA user_version = 99",
    "PRAGMA user_version = 0", "PRAGMA application_id = 7", "endless", "writable",
)  # fmt: skip


@kind("schemas of a catalogue", 4)
def schema(rng: random.Random, box: Box) -> Case:
    named(box)
    statement = rng.choice(SCHEMAS)
    if statement == "endless":
        table = rng.choice(("film", "person", "member", "appearance", "sighting", "meta"))
        names = [c for t, c in columns(box) if t == table]
        fields = ", ".join(f"i AS {name}" for name in names)
        change(
            box,
            ("PRAGMA foreign_keys = OFF", ()),
            (f"DROP TABLE {table}", ()),
            (f"CREATE VIEW {table} AS SELECT {fields} FROM ({ENDLESS})", ()),
        )
    elif statement == "writable":
        db = sqlite3.connect(box.folder / "season" / "catalogue.db", isolation_level=None)
        db.execute("PRAGMA writable_schema = ON")
        made = rng.choice(
            ("", "nonsense", "CREATE TABLE x (a)", NASTY, "CREATE TABLE a(b" + ", c" * 5000 + ")")
        )
        db.execute("UPDATE sqlite_master SET sql = ? WHERE name = ?", (made, rng.choice(("film", "people"))))
        db.close()
    else:
        change(box, (statement, ()))
    return Case(statement[:60], looks(rng))


@kind("bytes of a catalogue", 5)
def flipped(rng: random.Random, box: Box) -> Case:
    named(box)
    path = box.folder / "season" / "catalogue.db"
    data = bytearray(path.read_bytes())
    what = rng.choice(
        ("1 byte", "20 bytes", "500 bytes", "a page of zeros", "a page elsewhere", "cut", "journal")
    )
    if what.endswith(("byte", "bytes")):
        for _ in range(int(what.split()[0])):
            data[rng.randrange(len(data))] = rng.randrange(256)
    elif what == "cut":
        del data[rng.randrange(len(data)) :]
    elif what == "journal":
        magic = bytes.fromhex("d9d505f920a163d7")
        name = os.fsencode(box.mine / "letter.txt")
        tail = struct.pack(">I", 262145) + name + struct.pack(">II", len(name), sum(name)) + magic
        head = magic + struct.pack(">IIIII", 0, 1, len(data) // 4096, 512, 4096)
        path.with_name("catalogue.db-journal").write_bytes(head.ljust(512, b"\0") + tail)
    else:
        to, of = (rng.randrange(len(data) // 4096) * 4096 for _ in range(2))
        data[to : to + 4096] = data[of : of + 4096] if what == "a page elsewhere" else bytes(4096)
    path.write_bytes(data)
    return Case(what, looks(rng))


@kind("the log of a library", 6)
def log(rng: random.Random, box: Box) -> Case:
    named(box)
    path = box.folder / "season" / "log.jsonl"
    lines = path.read_bytes().splitlines()
    what = rng.choice(("value", "value", "value", "deep", "cut", "junk", "twice", "gone", "future", "long"))
    at = rng.randrange(len(lines))
    if what == "value":
        event = json.loads(lines[at])
        target = event
        while rng.random() < 0.6 and isinstance(target, dict) and target:
            inner = target[rng.choice(list(target))]
            if not isinstance(inner, dict):
                break
            target = inner
        if target:
            odd = rng.choice([v for v in VALUES if not isinstance(v, bytes)])
            target[rng.choice(list(target))] = odd
            what = f"value {repr(odd)[:30]}"
        lines[at] = json.dumps(event).encode()
    elif what == "deep":
        lines[at] = rng.choice((b"[" * 99_999 + b"]" * 99_999, b'{"kind":' * 50_000 + b"1" + b"}" * 50_000))
    elif what == "cut":
        lines[at] = lines[at][: rng.randrange(len(lines[at]))]
    elif what == "junk":
        lines[at] = rng.randbytes(rng.randrange(200)).replace(b"\n", b" ")
    elif what == "twice":
        lines.insert(at, lines[at])
    elif what == "gone":
        del lines[at]
    elif what == "future":
        lines[at] = lines[at].replace(b"1", b"999", 1)
    else:
        lines[at] += b" " * (70 << 20)
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    if rng.random() < 0.5:
        (box.folder / "season" / "catalogue.db").unlink()
    return Case(
        what,
        [
            Command(["library", "rebuild", "season"], Limits(seconds=60), allowed=(0, 1, 2), lines=4),
            *looks(rng),
        ],
    )
