"""Where a workspace lies, whether what lies there is one, and how its database is opened."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from hashlib import sha256
from pathlib import Path

from castlist.errors import WorkspaceError
from castlist.store import schema

__all__ = ["beside", "check", "connect", "connect_to", "create_database", "is_copy"]

SUFFIX = ".castlist"
_OURS = {"cast.db.new", "cast.db.new-journal", "lock", "embeddings", "thumbs"}  # before there is a cast.db


def beside(video: Path) -> Path:
    """The workspace's place for a film; see `Workspace.beside`."""
    full, short = (video.with_name(_fitting(name)) for name in (video.name, video.stem))
    if full.exists() or short == video:
        return full
    owner = _owner(short)
    taken = owner not in (None, video.name) and (video.parent / str(owner)).exists()
    return full if taken else short


def _fitting(stem: str) -> str:
    """stem.castlist, cut to 255 bytes and told apart by a hash where it is longer."""
    if len(os.fsencode(stem + SUFFIX)) <= 255:
        return stem + SUFFIX
    digest = sha256(os.fsencode(stem)).hexdigest()[:12]
    cut = os.fsencode(stem)[: 255 - len(SUFFIX) - 13]
    return f"{cut.decode(errors='ignore')}-{digest}{SUFFIX}"


def _owner(path: Path) -> str | None:
    """The file name of the film that a workspace belongs to, None where it says nothing."""
    if not (path / "cast.db").exists():
        return None
    try:
        with closing(connect(path, write=False)) as db:
            row = db.execute("SELECT path FROM video").fetchone()
            return Path(os.fsdecode(row[0])).name if row else None
    except (WorkspaceError, OSError, sqlite3.Error):
        return None


def check(path: Path, create: bool) -> None:
    """Refuse whatever is not a workspace, before anything is touched."""
    if (path / "cast.db").is_file():
        return
    if path.exists() and not path.is_dir():
        raise WorkspaceError(f"{path}: is a file, not a castlist workspace; name another place with --out")
    if not create:
        what = "is a folder but not a castlist workspace" if path.is_dir() else "does not exist"
        raise WorkspaceError(f"{path}: {what}; castlist find makes one")
    if path.is_dir() and not {f.name for f in path.iterdir()} <= _OURS:
        raise WorkspaceError(
            f"{path}: holds other things and is not a castlist workspace; name another place with --out"
        )


def create_database(path: Path) -> None:
    """Make cast.db; it takes its name once it is whole, so that an empty cast.db is always a damaged one."""
    new = path / "cast.db.new"
    new.unlink(missing_ok=True)
    db = sqlite3.connect(new, isolation_level=None)
    try:
        db.execute("PRAGMA synchronous = FULL")
        schema.migrate(db)
    finally:
        db.close()
    os.replace(new, path / "cast.db")


def connect(path: Path, write: bool) -> sqlite3.Connection:
    file = path / "cast.db"
    if file.stat().st_size == 0:
        raise WorkspaceError(
            f"{path}: cast.db is empty, so what was in it is lost; bring back a copy of it, "
            "or name another place with --out"
        )
    db = connect_to(file, "rw" if write else "ro")
    try:
        version = schema.check(db, path)
        if write:
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = FULL")
            if version < schema.SCHEMA:
                _migrate(path, db, version)
        elif version < schema.SCHEMA:
            db = _upgraded_in_memory(db)
        db.execute("PRAGMA foreign_keys = ON")
    except BaseException:
        db.close()
        raise
    return db


def connect_to(file: Path, mode: str) -> sqlite3.Connection:
    """A connection; a workspace on a medium that cannot be written is read as it lies there."""
    address = file.absolute().as_uri()
    db = sqlite3.connect(
        f"{address}?mode={mode}", uri=True, isolation_level=None, timeout=20, check_same_thread=False
    )
    try:
        db.execute("SELECT count(*) FROM sqlite_master").fetchone()
        return db
    except sqlite3.OperationalError:
        db.close()
        wal = file.with_name("cast.db-wal")
        if mode != "ro" or os.access(file.parent, os.W_OK) or (wal.exists() and wal.stat().st_size):
            raise
    return sqlite3.connect(
        f"{address}?mode=ro&immutable=1", uri=True, isolation_level=None, check_same_thread=False
    )


def is_copy(db: sqlite3.Connection) -> bool:
    """Whether a connection reads a copy in memory, which nobody else sees."""
    return not db.execute("SELECT file FROM pragma_database_list WHERE name = 'main'").fetchone()[0]


def _upgraded_in_memory(db: sqlite3.Connection) -> sqlite3.Connection:
    """A copy of an earlier castlist's database with today's schema: a reader changes no file."""
    copy = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    db.backup(copy)
    db.close()
    schema.migrate(copy)
    return copy


def _migrate(path: Path, db: sqlite3.Connection, version: int) -> None:
    """Upgrade a database, after a copy of it was laid aside."""
    copy = path / f"cast.db.schema{version}"
    if not copy.exists():
        db.execute("VACUUM INTO ?", (str(copy),))
    schema.migrate(db)
