"""The connection that writes decisions, besides the connection of a run."""

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
    """A connection opened by the first decision and kept for later ones; one thread decides at a time.

    Opening a connection takes nearly as long as deciding, and after the first transaction of each connection
    SQLite also syncs the folder.
    """

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._one_decides = Lock()
        self._opened: Database | None = None

    @contextmanager
    def deciding(self) -> Iterator[sqlite3.Connection]:
        """A transaction for decisions, which does not wait for runs."""
        with self._one_decides:
            db = self._connection()
            try:
                with transaction(db):
                    yield db
            except BaseException:
                self._close()  # after any error, the next decision opens another connection
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
        check_lockable(self._folder)  # without a lock the cast could not be updated after the decision
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
