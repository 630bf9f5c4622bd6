"""The connection by which decisions are written: beside a run, which has one of its own."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Lock

from castlist.store import database
from castlist.store.database import Database, transaction
from castlist.store.folder import Folder
from castlist.store.lock import check_lockable

__all__ = ["DecisionConnection"]


class DecisionConnection:
    """Opened by the first decision, and kept for the next one; of threads, one decides at a time.

    To open one takes nearly as long as to decide, and SQLite flushes the folder, too, after the first
    transaction of each.
    """

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._one_decides = Lock()
        self._opened: Database | None = None

    @contextmanager
    def deciding(self) -> Iterator[sqlite3.Connection]:
        """A transaction: a decision waits for no run."""
        with self._one_decides:
            db = self._connection()
            try:
                with transaction(db):
                    yield db
            except BaseException:
                self._close()  # whatever is wrong with it, the next decision gets another one
                raise

    def close(self) -> None:
        """Close the connection; the next decision opens another."""
        with self._one_decides:
            self._close()

    def _connection(self) -> Database:
        self._folder.check(database.DATABASE, one_name=True)
        kept = self._opened
        if kept is not None and not database.is_replaced(kept, self._folder):
            database.refresh(kept, self._folder)
            return kept
        self._close()
        check_lockable(self._folder)  # who cannot bring the cast to a decision makes none
        db = database.reach(self._folder, "rw")
        try:
            db.execute("PRAGMA synchronous = FULL")
            db.execute("PRAGMA foreign_keys = ON")
        except BaseException:
            db.close()
            raise
        self._opened = db
        return db

    def _close(self) -> None:
        kept, self._opened = self._opened, None
        if kept is not None:
            with suppress(sqlite3.Error):
                kept.close()
