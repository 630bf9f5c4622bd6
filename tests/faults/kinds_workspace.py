"""Kinds of faults in a workspace: a stranger's, a damaged one, one that a power cut left."""

from __future__ import annotations

import os
import random
import re
import socket
import sqlite3
import struct
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from tests.faults.campaign import Box, Case, Command, kind
from tests.faults.server import Limits

PARTS = (
    "cast.db",
    "cast.db-wal",
    "cast.db-shm",
    "cast.db-journal",
    "lock",
    "embeddings",
    "thumbs",
    "SHELF",
    "SHARD",
    "PICTURE",
    "report.html",
    "explain.html",
    "cast.db.schema1",
    "cast.db.new",
    "cast.db.new-journal",
)
ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n"
NASTY = "\x1b[2J\x1b]52;c;cm0gLXJm\x07[/red]\x9b2J\r"


def looks(rng: random.Random, count: int = 3) -> list[Command]:
    """Some verbs that read a workspace, and some that write to it."""
    reading = [
        ["info", "film.castlist"],
        ["info", "film.castlist", "--json"],
        ["export", "film.castlist", "--format", "csv"],
        ["export", "film.castlist", "--format", "json"],
        ["export", "film.castlist", "--format", "webvtt"],
        ["decide", "film.castlist", "list"],
        ["decide", "film.castlist", "history"],
        ["explain", "film.castlist", "0", "1"],
    ]
    writing = [
        ["decide", "film.castlist", "split", "0"],
        ["decide", "film.castlist", "undo"],
        ["find", "film.mp4", "-q"],
        ["decide", "film.castlist", "questions"],
    ]
    chosen = [*rng.sample(reading, count - 1), rng.choice(writing)]
    return [Command(words, Limits(seconds=60 if words[0] == "find" else 30)) for words in chosen]


def part(rng: random.Random, box: Box, name: str) -> Path:
    """The path of a part of the workspace."""
    patterns = {"SHELF": "thumbs/*", "SHARD": "embeddings/*", "PICTURE": "thumbs/*/*"}
    if name in patterns:
        return rng.choice(sorted(box.place.glob(patterns[name])))
    return box.place / name


def away(path: Path) -> None:
    """Put a part of the workspace out of the way."""
    if path.is_dir() and not path.is_symlink():
        path.rename(path.with_name(f"{path.name}.away"))
    else:
        path.unlink(missing_ok=True)


def _link(target: str) -> Callable[[random.Random, Box, Path], None]:
    def put(rng: random.Random, box: Box, path: Path) -> None:
        folder = path.is_dir()
        away(path)
        inside = box.mine if folder else box.mine / rng.choice(("letter.txt", "holiday.jpg", "thesis.npy"))
        path.symlink_to(
            {"mine": inside, "nothing": box.mine / "nothing", "outside": Path("/etc/hostname")}.get(
                target, target
            )
        )

    return put


def _hard(rng: random.Random, box: Box, path: Path) -> None:
    if path.is_dir():
        return _link("mine")(rng, box, path)
    away(path)
    path.hardlink_to(box.mine / "letter.txt")
    return None


def _pipe(rng: random.Random, box: Box, path: Path) -> None:
    away(path)
    os.mkfifo(path)


def _socket(rng: random.Random, box: Box, path: Path) -> None:
    away(path)
    with socket.socket(socket.AF_UNIX) as server:
        here = os.open(path.parent, os.O_RDONLY)
        with suppress(OSError):
            server.bind(f"/proc/self/fd/{here}/{path.name}")
        os.close(here)


def _folder(rng: random.Random, box: Box, path: Path) -> None:
    away(path)
    path.mkdir()


def _giant(rng: random.Random, box: Box, path: Path) -> None:
    if path.is_dir():
        away(path)
    with open(path, "ab") as file:
        file.truncate(rng.choice((1 << 32, 1 << 36, 1 << 42)))


def _bytes(rng: random.Random, box: Box, path: Path) -> None:
    away(path)
    path.write_bytes(rng.randbytes(rng.choice((0, 1, 30, 4096, 100_000))))


def _cut(rng: random.Random, box: Box, path: Path) -> None:
    if path.is_file():
        data = path.read_bytes()
        path.write_bytes(data[: rng.randrange(len(data) + 1)])
    else:
        away(path)


FORMS = {
    "a link to a file of mine": _link("mine"),
    "a dangling link": _link("nothing"),
    "a link to /etc": _link("outside"),
    "a link to /dev/zero": _link("/dev/zero"),
    "a hard link": _hard,
    "a pipe": _pipe,
    "a socket": _socket,
    "a folder": _folder,
    "a giant": _giant,
    "random bytes": _bytes,
    "cut short": _cut,
    "gone": lambda rng, box, path: away(path),
}


@kind("links, pipes, giants and junk in a workspace", 10)
def special(rng: random.Random, box: Box) -> Case:
    name, form = rng.choice(PARTS), rng.choice(list(FORMS))
    FORMS[form](rng, box, part(rng, box, name))
    if rng.random() < 0.5 and not name.startswith("cast.db"):  # so that a run has something to sweep
        with suppress(sqlite3.Error, OSError):
            if (box.place / "cast.db").is_file() and not (box.place / "cast.db").is_symlink():
                db = sqlite3.connect(box.place / "cast.db", isolation_level=None)
                for i in range(4):
                    db.execute("INSERT INTO scans (key, started) VALUES (?, 'x')", (f"{i}",))
                db.close()
    return Case(f"{name} is {form}", looks(rng))


# The database, row by row


def change(box: Box, *statements: tuple[str, tuple[object, ...]]) -> None:
    """Change a database as no castlist would: without its triggers, then with them again."""
    db = sqlite3.connect(box.place / "cast.db", isolation_level=None)
    triggers = db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for name, _ in triggers:
        db.execute(f"DROP TRIGGER {name}")
    db.execute("PRAGMA foreign_keys = OFF")
    db.execute("PRAGMA ignore_check_constraints = ON")
    for statement, values in statements:
        with suppress(sqlite3.Error):
            db.execute(statement, values)
    for _, sql in triggers:
        db.execute(sql)
    db.close()


def columns(box: Box) -> list[tuple[str, str]]:
    """Every column of every table."""
    db = sqlite3.connect(box.place / "cast.db")
    tables = [
        t
        for (t,) in db.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
        )
    ]
    found = [(t, row[1]) for t in tables for row in db.execute(f"PRAGMA table_info({t})")]
    db.close()
    return found


VALUES: list[object] = [
    None,
    0,
    1,
    -1,
    2,
    7,
    1 << 31,
    (1 << 63) - 1,
    -(1 << 63),
    0.5,
    -1e308,
    9e999,
    "",
    "a",
    "1/0",
    "0/1",
    "-1/3",
    "1e9999999",
    "9" * 400,
    "1/" + "9" * 400,
    "nan",
    "24000/1001",
    NASTY,
    "[/red]",
    "\x00",
    "x" * 100_000,
    b"",
    b"\xff\x00",
    b"\xff" * 5000,
    "[" * 100_000 + "]" * 100_000,
    '{"a":' * 50_000 + "1" + "}" * 50_000,
    "[1]",
    '{"a": 1}',
    '{"a": [1]}',
    '{"a": "b"}',
    "null",
    "../../../../etc/passwd",
    "/dev/zero",
    "/dev/stdin",
    "undo",
    "name",
    "person",
    "set aside",
    "background",
    "start",
    "2020-01-01",
    "2020-01-01T00:00:00+00:00",
    "json",
    "<f8",
    "|O",
    "i4,(999,999)f8",
    "[3]",
    "[1000000000000]",
]


@kind("values in rows", 10)
def values(rng: random.Random, box: Box) -> Case:
    chosen = [(*rng.choice(columns(box)), rng.choice(VALUES)) for _ in range(rng.choice((1, 1, 1, 2, 4)))]
    for table, column, value in chosen:
        where = "" if rng.random() < 0.5 else f" WHERE rowid = (SELECT min(rowid) FROM {table})"
        if table == "faces":
            where = "" if rng.random() < 0.5 else " WHERE frame < 3"
        change(box, (f"UPDATE OR IGNORE {table} SET {column} = ?{where}", (value,)))
    return Case(", ".join(f"{t}.{c} = {repr(v)[:30]}" for t, c, v in chosen), looks(rng))


@kind("values in the log of decisions", 4)
def log(rng: random.Random, box: Box) -> Case:
    rows = []
    for i in range(1, rng.randrange(2, 7)):
        kind_ = rng.choice(("undo", "undo", "name", "same", "different", "hide", "nonsense", "sort", "move"))
        undoes = (
            rng.choice((None, i, i + 1, i - 1, 1, 2, -1, 1 << 40))
            if kind_ == "undo"
            else rng.choice((None, None, 1))
        )
        time = rng.choice(("2020-01-01T00:00:00+00:00", "never", "9999-99-99", ""))
        rows.append(
            (
                "INSERT INTO decisions (id, kind, value, author, time, undoes) VALUES (?, ?, ?, ?, ?, ?)",
                (i, kind_, rng.choice(("", "Ann", NASTY)), rng.choice(("", NASTY)), time, undoes),
            )
        )
        for n in range(rng.randrange(3)):
            box_ = [rng.choice((0.1, 0.5, -5, 9e999, "a", None, 1)) for _ in range(4)]
            rows.append(
                (
                    "INSERT INTO anchors VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    (
                        i,
                        n,
                        rng.choice(("1/5", "1e9999999", "1/0", "x", "-3")),
                        *box_,
                        rng.choice((0, 1, -1, 1 << 62)),
                    ),
                )
            )
    change(box, *rows)
    return Case(f"{len(rows)} rows of decisions", [*looks(rng), Command(["decide", "film.castlist", "undo"])])


SCHEMAS = [
    f"CREATE VIEW mine AS {ENDLESS}",
    "CREATE TABLE mine (a)",
    "CREATE INDEX mine ON scans (started)",
    "CREATE TRIGGER mine AFTER INSERT ON decisions BEGIN DELETE FROM scans; END",
    "CREATE TRIGGER mine AFTER UPDATE ON runs BEGIN UPDATE video SET path = '/etc/passwd'; END",
    "CREATE VIRTUAL TABLE mine USING fts5 (a)",
    "ALTER TABLE scans ADD COLUMN mine",
    "ALTER TABLE people ADD COLUMN mine AS (hex(name))",
    "DROP TABLE results",
    "DROP INDEX faces_by_frame",
    "DROP TRIGGER decisions_are_kept",
    "ALTER TABLE people RENAME TO persons",
]


@kind("schemas", 5)
def schema(rng: random.Random, box: Box) -> Case:
    statement = rng.choice([*SCHEMAS, "view", "view", "writable", "version", "application"])
    db = sqlite3.connect(box.place / "cast.db", isolation_level=None)
    tables = [
        "people",
        "portraits",
        "tracks",
        "faces",
        "shots",
        "scans",
        "segments",
        "runs",
        "video",
        "decisions",
        "results",
    ]
    if statement == "view":
        table = rng.choice(tables)
        names = [row[1] for row in db.execute(f"PRAGMA table_info({table})")]
        db.execute("PRAGMA foreign_keys = OFF")
        db.execute("PRAGMA legacy_alter_table = ON")
        db.execute(f"ALTER TABLE {table} RENAME TO old_{table}")
        columns_ = ", ".join(f"i AS {name}" for name in names)
        db.execute(f"CREATE VIEW {table} AS SELECT {columns_} FROM ({ENDLESS})")
        statement = f"{table} is an endless view"
    elif statement == "writable":
        db.execute("PRAGMA writable_schema = ON")
        db.execute(
            "UPDATE sqlite_master SET sql = ? WHERE name = ?",
            (rng.choice(("", "nonsense", "CREATE TABLE x (a)", NASTY, None, 5)), rng.choice(tables)),
        )
    elif statement in ("version", "application"):
        name = "user_version" if statement == "version" else "application_id"
        db.execute(f"PRAGMA {name} = {rng.choice((0, 1, 2, 3, 99, -1, 2**31 - 1))}")
    else:
        db.execute(statement)
    db.close()
    return Case(statement[:60], looks(rng))


@kind("columns of arrays", 6)
def arrays(rng: random.Random, box: Box) -> Case:
    db = sqlite3.connect(box.place / "cast.db")
    names = db.execute("SELECT block, name, part, kind, shape, data FROM block_columns").fetchall()
    db.close()
    block, name, number, kind_, _, data = rng.choice(names)
    plain = zlib.decompress(data)
    made = {
        "a bomb": zlib.compress(bytes(rng.choice((1 << 24, 1 << 28))), 9),
        "a giant bomb": zlib.compress(bytes(1 << 20), 9) * 1000,
        "random bytes": rng.randbytes(rng.randrange(200)),
        "random numbers": zlib.compress(rng.randbytes(len(plain))),
        "ones": zlib.compress(b"\xff" * len(plain)),
        "zeros": zlib.compress(bytes(len(plain))),
        "too short": zlib.compress(plain[: len(plain) // 2]),
        "too long": zlib.compress(plain * 2),
        "cut": data[: len(data) // 2],
        "deep JSON": zlib.compress(b"[" * 100_000 + b"]" * 100_000),
        "other JSON": zlib.compress(
            rng.choice((b"5", b"null", b'"a"', b"[1, null]", b"{}", b'["../../x"]', b"NaN"))
        ),
        "text": "a" * 10,
    }
    what = rng.choice([*made, "shape", "kind", "name", "gone"])
    where = " WHERE block = ? AND name = ? AND part = ?", (block, name, number)
    if what in made:
        change(box, (f"UPDATE block_columns SET data = ?{where[0]}", (made[what], *where[1])))
    elif what == "gone":
        change(box, (f"DELETE FROM block_columns{where[0]}", where[1]))
    else:
        value = rng.choice(
            {
                "shape": [
                    "[]",
                    "[-1]",
                    "[1e9]",
                    "[1000000000000]",
                    "[2.5]",
                    '["a"]',
                    "5",
                    "[" * 9999,
                    "[3, 0, 7]",
                    "[[1]]",
                    "[true]",
                ],
                "kind": [
                    "|O",
                    "<f8",
                    "<f2",
                    "|S5",
                    "<U9",
                    "<M8[s]",
                    "<c16",
                    "json",
                    "path",
                    "fraction",
                    "i4,f8",
                    "(9,9)f4",
                    "",
                    "\x00",
                ],
                "name": ["x", "clock.pts", "image", NASTY, ""],
            }[what]
        )
        change(box, (f"UPDATE OR IGNORE block_columns SET {what} = ?{where[0]}", (value, *where[1])))
    return Case(f"{name} ({kind_}): {what}", looks(rng))


# The database, byte by byte


@kind("bytes of cast.db", 8)
def flipped(rng: random.Random, box: Box) -> Case:
    path = box.place / "cast.db"
    data = bytearray(path.read_bytes())
    what = rng.choice(
        (
            "1 byte",
            "5 bytes",
            "50 bytes",
            "500 bytes",
            "a page of zeros",
            "a page elsewhere",
            "pointers",
            "cut",
        )
    )
    page = 4096
    if what.endswith(("byte", "bytes")):
        for _ in range(int(what.split()[0])):
            data[rng.randrange(len(data))] = rng.randrange(256)
    elif what == "cut":
        del data[rng.randrange(len(data)) :]
    else:
        to = rng.randrange(len(data) // page) * page
        if what == "a page of zeros":
            data[to : to + page] = bytes(page)
        elif what == "a page elsewhere":
            of = rng.randrange(len(data) // page) * page
            data[to : to + page] = data[of : of + page]
        else:  # pages that are children many times over
            kinds_ = [i for i in range(len(data) // page) if data[i * page] in (2, 5)]
            for i in kinds_ or [to // page]:
                cells = struct.unpack(">H", data[i * page + 3 : i * page + 5])[0]
                target = rng.choice(kinds_ or [1]) + 1
                for c in range(min(cells, 500)):
                    at = (
                        i * page + struct.unpack(">H", data[i * page + 12 + 2 * c : i * page + 14 + 2 * c])[0]
                    )
                    data[at : at + 4] = struct.pack(">I", target)
    path.write_bytes(data)
    return Case(what, looks(rng, 4))


@kind("journals beside cast.db", 4)
def journals(rng: random.Random, box: Box) -> Case:
    magic = bytes.fromhex("d9d505f920a163d7")
    what = rng.choice(
        ("super-journal", "random journal", "random wal", "wal of another", "random shm", "wal header")
    )
    if what == "super-journal":
        name = str(box.mine / "letter.txt").encode()
        tail = struct.pack(">I", 262145) + name + struct.pack(">II", len(name), sum(name)) + magic
        head = magic + struct.pack(">IIIII", 0, 1, os.path.getsize(box.place / "cast.db") // 4096, 512, 4096)
        (box.place / "cast.db-journal").write_bytes(head.ljust(512, b"\0") + tail)
    elif what == "random journal":
        (box.place / "cast.db-journal").write_bytes(
            rng.choice((b"", magic)) + rng.randbytes(rng.randrange(5000))
        )
    elif what == "wal of another":
        (box.place / "cast.db-wal").write_bytes((box.place / "cast.db").read_bytes())
    elif what == "wal header":
        head = struct.pack(">IIIIII", 0x377F0682, 3007000, 4096, 0, 1, 1)
        (box.place / "cast.db-wal").write_bytes(head + rng.randbytes(8 + rng.randrange(20_000)))
    else:
        name = "cast.db-wal" if "wal" in what else "cast.db-shm"
        (box.place / name).write_bytes(rng.randbytes(rng.choice((10, 32768, 50_000))))
    return Case(what, looks(rng, 4))


@kind("stored recipes", 5)
def recipes(rng: random.Random, box: Box) -> Case:
    db = sqlite3.connect(box.place / "cast.db")
    (text,) = db.execute("SELECT recipe FROM runs ORDER BY id DESC").fetchone()
    db.close()
    uses = [
        "evil_mod:C",
        "evil_mod:Missing",
        "this:x",
        "antigravity:C",
        "os:system",
        ".evil_mod:C",
        ":C",
        "subprocess:Popen",
        "a" * 5000,
    ]
    what = rng.choice(("use", "use", "use", "deep", "junk", "value", "gone"))
    steps = re.findall(r"^use = .*$", text, re.MULTILINE)
    if what == "use":
        use = rng.choice(uses)
        made = text.replace(rng.choice(steps), f'use = "{use}"', 1)
        what = f"use {use[:20]}"
    else:
        made = {
            "deep": "[split]\na = " + "[" * 5000,
            "junk": NASTY,
            "gone": "",
            "value": re.sub(
                r"= [0-9.]+$",
                lambda m: "= " + rng.choice(("1e999", "9" * 400, "-1", "[[[]]]", "true", '"x"')),
                text,
                flags=re.MULTILINE,
            ),
        }[what]
    change(box, ("UPDATE runs SET recipe = ?", (made,)), ("DELETE FROM results", ()))
    commands = [
        ["explain", "film.castlist", "0", "1"],
        ["decide", "film.castlist", "list"],
        ["info", "film.castlist"],
    ]
    return Case(what, [Command(words, Limits(seconds=40)) for words in rng.sample(commands, 2)])


@kind("pictures that a power cut took", 4)
def pictures(rng: random.Random, box: Box) -> Case:
    """All verbs go on without a picture; find makes it again."""
    files = sorted(box.place.glob("thumbs/*/*.jpg"))
    for path in rng.sample(files, rng.randrange(1, len(files) + 1)):
        how = rng.choice(("gone", "empty", "cut", "zeros"))
        data = path.read_bytes()
        path.unlink() if how == "gone" else path.write_bytes(
            {"empty": b"", "cut": data[: len(data) // 2], "zeros": bytes(len(data))}[how]
        )
    names = [path.relative_to(box.place) for path in files]
    commands = [
        ["decide", "film.castlist", "not-a-face", "0"],
        ["explain", "film.castlist", "0", "1"],
        ["info", "film.castlist"],
    ]
    two = sorted(rng.sample(commands, 2), key=lambda words: words[0] == "decide")  # decided, track 0 is aside
    chosen = [Command(words, Limits(seconds=40), allowed=(0,)) for words in two]
    again = Command(["find", "film.mp4", "-q"], Limits(seconds=60), allowed=(0,))

    def after(ended: object) -> str:
        lost = [n for n in names if not (box.place / n).is_file() or not (box.place / n).stat().st_size]
        return f"{len(lost)} of {len(names)} pictures were not made again" if lost else ""

    return Case("pictures", [*chosen, again], after)


@kind("another film's workspace, a film that is gone", 2)
def films(rng: random.Random, box: Box) -> Case:
    what = rng.choice(("gone", "another film", "empty", "a link", "a folder"))
    box.film.unlink()
    if what == "another film":
        box.film.write_bytes(b"not a film" * 100)
    elif what == "empty":
        box.film.write_bytes(b"")
    elif what == "a link":
        box.film.symlink_to("/etc/hostname")
    elif what == "a folder":
        box.film.mkdir()
    commands = [*looks(rng), Command(["info", "film.mp4"]), Command(["find", "film.mp4", "-q"])]
    box.before = box.look()
    return Case(what, commands)
