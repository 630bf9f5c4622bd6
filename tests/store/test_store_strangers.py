"""A workspace from a stranger is as harmless as a text file: nothing of it is followed, run or waited for."""

from __future__ import annotations

import errno
import os
import socket
import sqlite3
import tempfile
import zlib
from fractions import Fraction

import numpy as np
import pytest

from castlist.decisions import Anchor, Decision
from castlist.errors import WorkspaceBusy, WorkspaceError
from castlist.store import Workspace, database
from castlist.store.folder import Folder
from castlist.store.rows import rows
from castlist.types import Clock, Detections, Scan, Video

SENTENCE = r"^[^\n\x1b]{1,600}$"
FACE = Anchor(Fraction(1), (0.1, 0.1, 0.2, 0.2))


@pytest.fixture
def place(tmp_path):
    """A closed workspace with one segment, one picture, one decision and one run."""
    place = tmp_path / "film.castlist"
    with Workspace.open(place, create=True) as workspace:
        workspace.put_video(Video(tmp_path / "film.mp4", 10, 10, Fraction(25), Fraction(1), "d1"))
        name = workspace.put_image(b"jpeg")
        found = Detections(np.zeros(3), np.ones((3, 4)), np.ones(3), np.ones((3, 5, 2)))
        vector = np.ones((3, 128))
        clock = Clock(np.arange(8), Fraction(1, 25))
        piece = Scan(clock, np.zeros((8, 40)), found, np.ones(3), np.arange(3), vector, (name,) * 3)
        workspace.append("key", piece)
        workspace.decisions.append(Decision("hide", (FACE,)))
        workspace.run_started("", version="1", models={})
    return place


def all_of(place):
    """Everything that can be read of a workspace, then everything that can be written."""
    with Workspace.open(place, write=False) as workspace:
        workspace.summary()
        workspace.runs()
        workspace.scan("key")
        workspace.decisions.active()
        for picture in sorted(place.glob("thumbs/*/*.jpg")):
            workspace.image(picture.stem)
        workspace.decisions.append(Decision("hide", (FACE,)))
    with Workspace.open(place) as workspace:
        workspace.put_image(b"another")
        workspace.forget("key")
        workspace.prune()


def as_link(target):
    def put(path):
        if path.is_dir():
            path.rename(path.with_name("moved"))
        else:
            path.unlink(missing_ok=True)
        path.symlink_to(target)

    return put


def as_pipe(path):
    path.unlink(missing_ok=True)
    os.mkfifo(path)


def as_socket(path):
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as server:
        here = os.open(path.parent, os.O_RDONLY)
        server.bind(f"/proc/self/fd/{here}/{path.name}")
        os.close(here)


def as_folder(path):
    path.unlink(missing_ok=True)
    path.mkdir()


def as_giant(path):
    with open(path, "wb") as file:
        file.truncate(1 << 43)


def first(place, pattern):
    return next(iter(sorted(place.glob(pattern))))


PARTS = {
    "cast.db": lambda place: place / "cast.db",
    "wal": lambda place: place / "cast.db-wal",
    "shm": lambda place: place / "cast.db-shm",
    "journal": lambda place: place / "cast.db-journal",
    "lock": lambda place: place / "lock",
    "embeddings": lambda place: place / "embeddings",
    "thumbs": lambda place: place / "thumbs",
    "a shelf": lambda place: first(place, "thumbs/*"),
    "a shard": lambda place: first(place, "embeddings/*"),
    "a picture": lambda place: first(place, "thumbs/*/*"),
}


@pytest.mark.parametrize("dangling", [False, True])
@pytest.mark.parametrize("part", PARTS)
def test_a_link_is_never_followed(place, tmp_path, part, dangling):
    mine = tmp_path / "mine"
    mine.mkdir()
    for name in ("letter.txt", "a.jpg", "b.npy", "0" * 32 + ".jpg", "0" * 16 + "-000000.npy"):
        (mine / name).write_bytes(b"precious")
    folder = PARTS[part](place).is_dir()
    target = tmp_path / "nothing" if dangling else mine if folder else mine / "letter.txt"
    as_link(target)(PARTS[part](place))
    with pytest.raises(WorkspaceError, match=SENTENCE):
        all_of(place)
    assert {f.name for f in mine.iterdir() if f.read_bytes() == b"precious"} == {
        f.name for f in mine.iterdir()
    }
    assert len(list(mine.iterdir())) == 5
    assert not (tmp_path / "nothing").exists()


@pytest.mark.parametrize("make", [as_pipe, as_socket, as_folder])
@pytest.mark.parametrize("part", [p for p in PARTS if p not in ("embeddings", "thumbs", "a shelf")])
def test_what_is_no_file_is_refused_at_once(place, part, make):
    make(PARTS[part](place))
    with pytest.raises(WorkspaceError, match=SENTENCE):
        all_of(place)


@pytest.mark.parametrize("deep", ["UPDATE runs SET models = ?", "UPDATE block_columns SET shape = ?"])
def test_deep_json_is_told_in_castlists_own_words(place, deep):
    with sqlite3.connect(place / "cast.db") as db:
        db.execute(deep, ("[" * 9000 + "]" * 9000,))
    with pytest.raises(WorkspaceError, match=r"is damaged .*; bring back a copy of it") as error:
        all_of(place)
    assert "recursion" not in str(error.value)


def test_a_folder_in_the_place_of_a_picture_is_named(place):
    as_folder(PARTS["a picture"](place))
    with (
        Workspace.open(place) as workspace,
        pytest.raises(WorkspaceError, match=r"thumbs/.*\.jpg is a folder"),
    ):
        workspace.put_image(b"jpeg")


@pytest.mark.parametrize("part", ["a shard", "a picture"])
def test_a_giant_is_not_read(place, part):
    as_giant(PARTS[part](place))
    with pytest.raises(WorkspaceError, match=SENTENCE):
        all_of(place)


@pytest.mark.parametrize("part", ["cast.db", "lock"])
def test_what_is_written_in_place_has_no_second_name(place, tmp_path, part):
    (tmp_path / "other").hardlink_to(PARTS[part](place))
    before = (tmp_path / "other").read_bytes()
    with pytest.raises(WorkspaceError, match="hard link"):
        all_of(place)
    assert (tmp_path / "other").read_bytes() == before


def test_a_workspace_that_the_user_reaches_by_a_link_is_the_users_choice(place, tmp_path):
    (tmp_path / "short").symlink_to(place)
    all_of(tmp_path / "short")


def test_only_files_that_castlist_named_are_removed(place):
    strangers = [
        "thumbs/letter.jpg",
        "thumbs/ab/letter.jpg",
        "embeddings/thesis.npy",
        "thumbs/zz/" + "0" * 32 + ".jpg",
    ]
    ours = [
        "thumbs/ab/" + "a" * 32 + ".jpg",
        "embeddings/" + "0" * 16 + "-000009.npy",
        f"thumbs/ab/.{'0' * 32}.part",
    ]
    for name in strangers + ours:
        (place / name).parent.mkdir(exist_ok=True)
        (place / name).write_bytes(b"x")
    with Workspace.open(place) as workspace:
        workspace.forget("key")
    assert all((place / name).exists() for name in strangers)
    assert not any((place / name).exists() for name in ours)


def test_a_journal_that_names_another_file_is_refused(place, tmp_path):
    """SQLite deletes the file that a hot journal names as its super-journal."""
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    name = str(victim).encode()
    head = bytes.fromhex("d9d505f920a163d7") + bytes([0] * 4) + bytes(12) + bytes(512 - 24)
    total = sum(name) & 0xFFFFFFFF
    tail = (2**30 // 4096 + 1).to_bytes(4, "big") + name + len(name).to_bytes(4, "big")
    tail += total.to_bytes(4, "big") + bytes.fromhex("d9d505f920a163d7")
    (place / "cast.db-journal").write_bytes(head + tail)
    with pytest.raises(WorkspaceError, match="refers to files elsewhere"):
        all_of(place)
    assert victim.read_bytes() == b"precious"


# What a database may hold


def changed(place, *statements):
    """Change a workspace's database as no castlist would."""
    db = sqlite3.connect(place / "cast.db", isolation_level=None)
    db.execute("PRAGMA writable_schema = ON")
    db.execute("PRAGMA ignore_check_constraints = ON")
    for trigger in ("decisions_are_kept", "decisions_are_final", "anchors_are_kept", "anchors_are_final"):
        db.execute(f"DROP TRIGGER {trigger}")
    for statement in statements:
        db.execute(*([statement] if isinstance(statement, str) else statement))
    db.executescript(TRIGGERS)
    db.close()


TRIGGERS = database.schema.MIGRATIONS[0].partition("CREATE TRIGGER")[2]
TRIGGERS = "CREATE TRIGGER" + TRIGGERS

ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n"
DEEP = "[" * 100_000 + "]" * 100_000
SCHEMA = {
    "a view": f"CREATE VIEW mine AS {ENDLESS}",
    "a trigger": "CREATE TRIGGER mine AFTER INSERT ON decisions BEGIN DELETE FROM scans; END",
    "a table": "CREATE TABLE mine (a)",
    "an index": "CREATE INDEX mine ON scans (started)",
    "a virtual table": "CREATE VIRTUAL TABLE mine USING fts5 (a)",
    "a generated column": "ALTER TABLE scans ADD COLUMN mine AS (hex(key))",
    "a missing table": "DROP TABLE results",
}


@pytest.mark.parametrize("what", SCHEMA)
def test_nothing_but_our_own_tables(place, what):
    changed(place, SCHEMA[what])
    with pytest.raises(WorkspaceError, match="did not make"):
        all_of(place)


def test_a_table_that_is_an_endless_view(place):
    changed(place, "DROP TABLE portraits", f"CREATE VIEW portraits AS {ENDLESS}")
    with pytest.raises(WorkspaceError, match="did not make"):
        all_of(place)


def column(name, data):
    return "UPDATE block_columns SET data = ? WHERE name = ?", (zlib.compress(data), name)


BOMB = zlib.compress(bytes(1 << 26), 9)
VALUES = {
    "frame rate 1/0": "UPDATE video SET frame_rate = '1/0'",
    "frame rate x": "UPDATE video SET frame_rate = 'x'",
    "frame rate 1e9999999": "UPDATE video SET frame_rate = '1e9999999'",
    "frame rate of a thousand digits": ("UPDATE video SET frame_rate = ?", ("9" * 1000,)),
    "duration blob": "UPDATE video SET duration = x'ff'",
    "path a number": "UPDATE video SET path = 5",
    "path with a zero": "UPDATE video SET path = 'a' || char(0) || 'b'",
    "path empty": "UPDATE video SET path = ''",
    "width 0": "UPDATE video SET width = 0",
    "width text": "UPDATE video SET width = 'a'",
    "height real": "UPDATE video SET height = 9e99",
    "digest no UTF-8": "UPDATE video SET digest = CAST(x'ff41' AS TEXT)",
    "models deep": ("UPDATE runs SET models = ?", (DEEP,)),
    "models a list": "UPDATE runs SET models = '[1]'",
    "models of numbers": "UPDATE runs SET models = '{\"a\": 1}'",
    "timings of text": "UPDATE runs SET timings = '{\"a\": \"b\"}'",
    "version a blob": "UPDATE runs SET version = x'ff'",
    "recipe a giant": "UPDATE runs SET recipe = hex(zeroblob(3000000))",
    "anchor 1e9999999": "UPDATE anchors SET time = '1e9999999'",
    "anchor text": "UPDATE anchors SET left = 'a'",
    "anchor blob": "UPDATE anchors SET side = x'00'",
    "decision of no kind": "UPDATE decisions SET kind = 'mine'",
    "decision no time": "UPDATE decisions SET time = 'never'",
    "undo ring": "UPDATE decisions SET kind = 'undo', undoes = 1",
    "undo of a later one": "UPDATE decisions SET kind = 'undo', undoes = 7",
    "shard elsewhere": "UPDATE segments SET shard = '../../../../etc/passwd'",
    "shard absolute": "UPDATE segments SET shard = '/dev/zero'",
    "shard a number": "UPDATE segments SET shard = 5",
    "frames negative": "UPDATE segments SET frames = -8",
    "frames huge": "UPDATE segments SET frames = 1 << 60",
    "unit 0": "UPDATE segments SET unit = '0'",
    "unit 1/0": "UPDATE segments SET unit = '1/0'",
    "crc text": "UPDATE segments SET crc32 = 'a'",
    "key a blob": "UPDATE scans SET key = x'ff'",
    "column a bomb": ("UPDATE block_columns SET data = ? WHERE name = 'image'", (BOMB,)),
    "numbers a bomb": ("UPDATE block_columns SET data = ? WHERE name = 'quality'", (BOMB,)),
    "column text": "UPDATE block_columns SET data = 'a' WHERE name = 'quality'",
    "column deep": column("image", DEEP.encode()),
    "column a number": column("image", b"5"),
    "names of numbers": column("image", b"[5, 6, 7]"),
    "shape deep": ("UPDATE block_columns SET shape = ? WHERE name = 'quality'", (DEEP,)),
    "shape negative": "UPDATE block_columns SET shape = '[-3]' WHERE name = 'quality'",
    "shape huge": "UPDATE block_columns SET shape = '[1000000000000]' WHERE name = 'quality'",
    "shape text": "UPDATE block_columns SET shape = '[\"a\"]' WHERE name = 'quality'",
    "dtype object": "UPDATE block_columns SET kind = '|O' WHERE name = 'quality'",
    "dtype records": "UPDATE block_columns SET kind = 'i4,(9999,9999)f8' WHERE name = 'quality'",
    "dtype text": "UPDATE block_columns SET kind = 'json' WHERE name = 'quality'",
    "column gone": "DELETE FROM block_columns WHERE name = 'quality'",
    "embedded far": column("embedded", np.array([0, 1, 99]).tobytes()),
    "frames of faces far": column("detections.frame", np.array([0, 1, 99]).tobytes()),
    "times that fall": column("clock.pts", np.arange(8)[::-1].tobytes()),
}  # fmt: skip


@pytest.mark.parametrize("what", VALUES)
def test_any_value_in_any_column_is_one_sentence(place, what):
    changed(place, VALUES[what])
    with pytest.raises(WorkspaceError, match=SENTENCE):
        all_of(place)


def test_rows_beyond_what_the_file_can_hold_are_not_read(place):
    """A page that is a child many times over gives rows without end; castlist asks how many fit."""
    folder = Folder(place)
    db = database.connect(folder, write=False)
    db.allow(1000)
    with pytest.raises(sqlite3.OperationalError, match="interrupted"):
        db.execute(f"SELECT max(i) FROM ({ENDLESS})").fetchone()  # noqa: S608
    db.allow(1000)
    with pytest.raises(WorkspaceError, match="more rows"):
        rows(db, ENDLESS, (int,))
    db.close()


def test_a_damaged_database_is_not_written_to(place):
    data = bytearray((place / "cast.db").read_bytes())
    page = 4096 * 9
    data[page : page + 12] = bytes(12)
    (place / "cast.db").write_bytes(data)
    with pytest.raises(WorkspaceError, match="damaged"):
        Workspace.open(place)
    assert (place / "cast.db").read_bytes() == bytes(data)


@pytest.fixture
def full_disk(place, monkeypatch):
    """The workspace, in a folder where SQLite can make nothing beside a database."""
    plain, here = sqlite3.connect, place.as_uri()

    def refusing(address, *arguments, **options):
        if str(address).startswith(here) and "immutable" not in str(address):
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorname = "SQLITE_IOERR_SHMSIZE"
            raise error
        return plain(address, *arguments, **options)

    monkeypatch.setattr(sqlite3, "connect", refusing)
    return place


def test_a_reader_on_a_full_or_read_only_disk(full_disk):
    """SQLite cannot make what it needs beside the database: the file is read as it is."""
    with Workspace.open(full_disk, write=False) as workspace:
        assert workspace.summary()["decisions"]["made"] == 1


@pytest.fixture
def with_log(place):
    """The workspace as a kill leaves it: its last decision is in cast.db-wal only."""
    plain = (place / "cast.db").read_bytes()
    with Workspace.open(place) as workspace:
        workspace.decisions.append(Decision("hide", (FACE,)))
        log = (place / "cast.db-wal").read_bytes()
    (place / "cast.db").write_bytes(plain)
    (place / "cast.db-wal").write_bytes(log)
    assert log
    return place


def test_changes_beside_the_database_are_read_on_a_full_disk(with_log, full_disk, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "spare"))
    (tmp_path / "spare").mkdir()
    before = {path.name: path.read_bytes() for path in full_disk.iterdir() if path.is_file()}
    with Workspace.open(full_disk, write=False) as workspace:
        assert len(workspace.decisions.all()) == 2
        with pytest.raises(WorkspaceError, match="cannot be written, since its disk is full"):
            workspace.decisions.append(Decision("hide", (FACE,)))
    assert {path.name: path.read_bytes() for path in full_disk.iterdir() if path.is_file()} == before
    assert not list((tmp_path / "spare").iterdir())


def test_changes_that_no_disk_has_room_for_are_one_sentence(with_log, full_disk, monkeypatch):
    def full(*arguments, **options):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tempfile, "TemporaryDirectory", full)
    with pytest.raises(WorkspaceError, match=r"TMPDIR$"):
        Workspace.open(full_disk, write=False)


def test_a_database_that_is_written_to_all_the_time_is_not_copied(with_log, full_disk, monkeypatch):
    copied = database._copy

    def copy(folder, name, target):
        copied(folder, name, target)
        with (full_disk / "cast.db-wal").open("ab") as file:
            file.write(b"more")

    monkeypatch.setattr(database, "_copy", copy)
    with pytest.raises(WorkspaceBusy):
        Workspace.open(full_disk, write=False)


@pytest.mark.parametrize("name", ["cast.db-wal", "cast.db-journal"])
def test_a_giant_without_content_beside_the_database_is_refused(place, name):
    with (place / name).open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(WorkspaceError, match=SENTENCE):
        Workspace.open(place, write=False)


def test_names_that_can_be_no_workspace():
    for name in ("", "a\0b"):
        with pytest.raises(WorkspaceError, match=SENTENCE):
            Workspace.open(name)
