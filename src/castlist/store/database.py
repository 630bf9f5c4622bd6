"""Creates and opens cast.db safely, even if it comes from a stranger.

Only the tables, indexes and triggers of castlist's own schema are allowed, so that no foreign view, virtual
table or trigger ever runs. Reading is bounded by the size of the file: a query that takes more work than a
file of that size can need is stopped.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from uuid import uuid4

from castlist.errors import WorkspaceBusy, WorkspaceError
from castlist.store import schema
from castlist.store.folder import Folder

__all__ = [
    "DATABASE",
    "Database",
    "connect",
    "create",
    "is_replaced",
    "now",
    "reach",
    "refresh",
    "transaction",
    "unbounded",
]

DATABASE = "cast.db"
WAL, SHM, JOURNAL = "-wal", "-shm", "-journal"  # SQLite's files beside a database
# The last 8 bytes of a rollback journal that refers to another journal. SQLite deletes the referenced file.
_NAMES_ANOTHER = bytes.fromhex("d9d505f920a163d7")
STEP = 20_000  # instructions of SQLite's virtual machine between two checks of the limit
AT_LEAST, FOR_A_BYTE = 20_000_000, 40  # instructions allowed: reading a row of 70 bytes takes some 30
LIMITS = {  # far above the needs of castlist's statements and values
    sqlite3.SQLITE_LIMIT_LENGTH: 1 << 26,  # bytes of a value: parts of columns have at most 16 MiB
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: 1 << 20,
    sqlite3.SQLITE_LIMIT_COLUMN: 100,
    sqlite3.SQLITE_LIMIT_EXPR_DEPTH: 50,
    sqlite3.SQLITE_LIMIT_COMPOUND_SELECT: 4,
    sqlite3.SQLITE_LIMIT_FUNCTION_ARG: 8,
    sqlite3.SQLITE_LIMIT_ATTACHED: 1,  # VACUUM attaches one
    sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH: 100,
    sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH: 5,
}


# Added by SQLite's ANALYZE, which other programs run on databases.
_STATISTICS = {("table", "sqlite_stat1", "sqlite_stat1", "CREATE TABLE sqlite_stat1(tbl,idx,stat)")}
_EARLIER = "{}: written by an earlier castlist; run castlist find on its film once to upgrade it"
_MEDIUM = "{}: cannot be written, since its disk is full or read-only; free some space and start again"
WAIT = 20.0  # seconds for which a statement waits while another process writes
TRIES = 5  # to copy a database during writes of other processes
# Codes of errors in the files that SQLite needs beside the database; the database itself may be readable.
_NO_ROOM = ("SQLITE_IOERR", "SQLITE_FULL", "SQLITE_CANTOPEN", "SQLITE_READONLY")


class Database(sqlite3.Connection):
    """A connection with limited queries: `allow` sets the limit for the next ones."""

    size = 0  # bytes of the file that are allocated
    copied = ""  # the reason why this is a private copy in memory, "" for the file itself
    earlier = False  # whether it is such a copy because of an earlier schema
    file: os.stat_result | None = None  # status of the opened file; None for a copy
    _left = 0

    def allow(self, size: int) -> None:
        """Allow the next queries the work that a file of this size can need."""
        self.size = size
        self._left = AT_LEAST + FOR_A_BYTE * size

    def spend(self) -> int:
        """Progress handler of SQLite; a result other than 0 stops the query."""
        self._left -= STEP
        return int(self._left < 0)


def create(folder: Folder) -> None:
    """Make cast.db; it gets its name when it is complete, so an empty cast.db is always a damaged one.

    It is synced to the disk once, before it gets its name, not after each version of the schema.
    """
    for name in ("cast.db.new", "cast.db.new-journal"):
        folder.remove(name)
    new = f".{uuid4().hex}.part"
    db = sqlite3.connect(folder.path / new, isolation_level=None)
    with _taking_its_name(folder, new, DATABASE):
        try:
            db.execute("PRAGMA journal_mode = MEMORY")
            db.execute("PRAGMA synchronous = OFF")
            schema.migrate(db)
        finally:
            db.close()
        folder.sync([new])


@contextmanager
def _taking_its_name(folder: Folder, new: str, name: str) -> Iterator[None]:
    """A context for a new file, which gets its name when it is complete, and is removed on any error.

    Otherwise each further attempt on a full disk would leave another file.
    """
    try:
        yield
        os.replace(folder.path / new, folder.path / name)
    except BaseException:
        folder.remove(new)
        raise


def connect(folder: Folder, write: bool) -> Database:
    """A checked connection to a workspace's database; upgraded, if it is opened for a run.

    Raises:
        WorkspaceError: it is damaged, or has content that castlist did not make.
        WorkspaceNewer: a later version of castlist wrote it.
    """
    db = reach(folder, "rw" if write else "ro")
    try:
        version = schema.check(db, folder.path)
        _only_ours(db, folder.path, version)
        if write:
            _whole(db, folder.path)
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = FULL")
            if version < schema.SCHEMA:
                _migrate(folder, db, version)
        elif version < schema.SCHEMA:
            db = _in_memory(db, _EARLIER.format(folder.path))  # readers never change the file
            db.earlier = True
            schema.migrate(db)
        db.execute("PRAGMA foreign_keys = ON")
    except BaseException:
        db.close()
        raise
    return db


def reach(folder: Folder, mode: str, name: str = DATABASE) -> Database:
    """A guarded connection to a database of this name in a folder.

    On a full or read-only medium, a reader opens the file without its log; if a log exists (cast.db-wal, or a
    journal), a copy in memory that includes its changes.
    """
    size = _size(folder, name, one_name=mode != "ro")
    file = folder.status(name)
    try:
        db = _guarded(folder.path / name, f"mode={mode}", size)
        db.file = file
        return db
    except sqlite3.OperationalError as error:
        if mode != "ro" or not error.sqlite_errorname.startswith(_NO_ROOM):
            raise
    if any(_filled(folder, name + log) for log in (WAL, JOURNAL)):
        return _copied_with_its_log(folder, name, size)
    return _guarded(folder.path / name, "mode=ro&immutable=1", size)


def _filled(folder: Folder, name: str) -> bool:
    found = folder.status(name)
    return found is not None and found.st_size > 0


def _copied_with_its_log(folder: Folder, name: str, size: int) -> Database:
    """A copy in memory of a database with its log, which SQLite merges in a temporary folder.

    Raises:
        WorkspaceError: no temporary folder has enough room.
        WorkspaceBusy: another process writes to it continuously.
    """
    for _ in range(TRIES):
        before = _marks(folder, name)
        with _copied(folder, name) as place:
            if before == _marks(folder, name):
                return _in_memory(_guarded(Path(place, name), "mode=rw", size), _MEDIUM.format(folder.path))
    raise WorkspaceBusy(f"{folder.path}: another castlist is writing to it; try again in a moment")


def _copied(folder: Folder, name: str) -> tempfile.TemporaryDirectory[str]:
    """A temporary folder with copies of a database and its logs."""
    for above in (None, "/dev/shm"):  # noqa: S108  (memory, where the system has it)
        with suppress(OSError):
            place = tempfile.TemporaryDirectory(prefix="castlist-", dir=above)
            try:
                for file in (name, name + WAL, name + JOURNAL):
                    if folder.status(file) is not None:
                        _copy(folder, file, Path(place.name, file))
                return place
            except BaseException:
                place.cleanup()
                raise
    raise WorkspaceError(
        f"{folder.path}: has changes in {name}{WAL}, and no temporary folder has room for the "
        "copy that it takes to read them; free some space, or name a folder with room in TMPDIR"
    )


def _marks(folder: Folder, name: str) -> list[tuple[int, int] | None]:
    found = [folder.status(file) for file in (name, name + WAL, name + JOURNAL)]
    return [None if each is None else (each.st_size, each.st_mtime_ns) for each in found]


def _copy(folder: Folder, name: str, target: Path) -> None:
    with open(folder.open(name), "rb") as source, target.open("xb") as copy:
        shutil.copyfileobj(source, copy)


def refresh(db: Database, folder: Folder) -> None:
    """Allow the next queries the work that the file, at its current size, can need."""
    sizes = (folder.status(name) for name in (DATABASE, DATABASE + WAL))
    db.allow(sum(_allocated(found) for found in sizes if found is not None))


def is_replaced(db: Database, folder: Folder) -> bool:
    """Whether the name now belongs to another database than the opened one, or to none.

    The opened one would then have outdated rows, and rows written to it would be lost.
    """
    if db.file is None:
        return False
    found = folder.status(DATABASE)
    return found is None or not os.path.samestat(found, db.file)


def _guarded(place: Path, mode: str, size: int) -> Database:
    address = place.absolute().as_uri()
    db = _open(f"{address}?{mode}")
    try:
        for limit, value in LIMITS.items():
            db.setlimit(limit, value)
        if hasattr(db, "setconfig"):  # Python 3.12
            db.setconfig(getattr(sqlite3, "SQLITE_DBCONFIG_DEFENSIVE"), True)  # noqa: B009
        for pragma in ("trusted_schema = OFF", "cell_size_check = ON", "mmap_size = 0"):
            db.execute(f"PRAGMA {pragma}")
        db.allow(size)
        db.set_progress_handler(db.spend, STEP)
        db.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except BaseException:
        db.close()
        raise
    return db


def _open(address: str) -> Database:
    return sqlite3.connect(
        address, uri=True, isolation_level=None, timeout=WAIT, check_same_thread=False, factory=Database
    )


def _in_memory(db: Database, why: str) -> Database:
    """A copy of a database in memory; the original connection is closed."""
    with closing(db):
        copy = _open(":memory:")
        copy.copied = why
        copy.allow(db.size)
        db.set_progress_handler(None, 0)  # the copy takes as long as the file is large
        db.backup(copy)
    return copy


def _size(folder: Folder, name: str, *, one_name: bool) -> int:
    """Allocated bytes of a database; raises an error for other files before they are opened."""
    found = folder.check(name, one_name=one_name)
    if found is None:
        raise WorkspaceError(f"{folder.path}: its {name} is missing; bring back a copy of it")
    if found.st_size == 0:
        raise WorkspaceError(
            f"{folder.path}: {name} is empty, so what was in it is lost; bring back a copy of it",
            elsewhere=True,
        )
    wal, _, journal = (folder.check(name + log, one_name=True) for log in (WAL, SHM, JOURNAL))
    for file, status in ((name, found), (name + WAL, wal), (name + JOURNAL, journal)):
        if status is not None and _allocated(status) < status.st_size:
            raise WorkspaceError(
                f"{folder.path}: {file} is mostly empty, so its content is lost; bring back a copy of it"
            )
    if journal is not None and journal.st_size:
        _harmless(folder, name + JOURNAL, journal.st_size)
    return _allocated(found) + (_allocated(wal) if wal is not None else 0)


def _allocated(found: os.stat_result) -> int:
    """Allocated bytes of a file: less than the file's size for sparse and compressed files."""
    blocks = getattr(found, "st_blocks", None)
    return found.st_size if blocks is None else min(found.st_size, 4096 + 16 * 512 * int(blocks))


def _harmless(folder: Folder, name: str, size: int) -> None:
    """Raise an error for a rollback journal that refers to a file, which SQLite would delete."""
    fd = folder.open(name)
    try:
        os.lseek(fd, max(size - 8, 0), os.SEEK_SET)
        tail = os.read(fd, 8)
    finally:
        os.close(fd)
    if tail == _NAMES_ANOTHER:
        raise WorkspaceError(
            f"{folder.path}: {name} refers to files elsewhere, which castlist never does; "
            "use a workspace that castlist made"
        )


def _only_ours(db: sqlite3.Connection, path: Path, version: int) -> None:
    """Raise an error for a database with anything that castlist's schema does not have."""
    found = set(db.execute("SELECT type, name, tbl_name, sql FROM sqlite_master LIMIT 1000").fetchall())
    if found - _STATISTICS != _expected(version):
        raise WorkspaceError(
            f"{path}: its cast.db has tables that castlist did not make; use a workspace that castlist made"
        )


@cache
def _expected(version: int) -> frozenset[tuple[str | None, ...]]:
    """The content of a database with this version of the schema."""
    db = sqlite3.connect(":memory:", isolation_level=None)
    try:
        schema.migrate(db, schema.MIGRATIONS[:version])
        return frozenset(db.execute("SELECT type, name, tbl_name, sql FROM sqlite_master"))
    finally:
        db.close()


def _whole(db: Database, path: Path) -> None:
    """Raise an error before writing to a damaged database, which would damage it further."""
    checked = db.execute("PRAGMA quick_check(1)").fetchone()
    if checked is None or checked[0] != "ok":
        raise WorkspaceError(
            f"{path}: cast.db is damaged; nothing was changed: bring back a copy of it", elsewhere=True
        )
    db.allow(db.size)


def _migrate(folder: Folder, db: sqlite3.Connection, version: int) -> None:
    """Upgrade a database, after making a copy of it."""
    copy = f"cast.db.schema{version}"
    if folder.status(copy) is None:
        new = f".{uuid4().hex}.part"
        with (
            _taking_its_name(folder, new, copy),
            closing(sqlite3.connect(folder.path / new, isolation_level=None)) as laid_aside,
        ):
            db.backup(laid_aside)  # VACUUM INTO accepts only names in UTF-8
    schema.migrate(db)


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """A transaction: all statements inside become durable, or none."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):
            db.rollback()
        raise


@contextmanager
def unbounded(db: Database) -> Iterator[None]:
    """A context without the limit, for writing: the database was checked when it was opened."""
    db.set_progress_handler(None, 0)
    try:
        yield
    finally:
        db.set_progress_handler(db.spend, STEP)


def now() -> str:
    """The current time for a row: UTC, ISO 8601, with milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
