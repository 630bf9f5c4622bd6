"""Errors of the machine about a library: what is wrong, and what to do; only a damaged one is called so."""

from __future__ import annotations

import errno
import sqlite3
from pathlib import Path

import pytest

from castlist.errors import WorkspaceBusy, WorkspaceError
from castlist.library.storage import sentences


def sqlite_error(name: str) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("as SQLite says it")
    error.sqlite_errorname = name
    return error


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (sqlite_error("SQLITE_NOMEM"), "not enough memory"),
        (sqlite_error("SQLITE_IOERR_NOMEM"), "not enough memory"),
        (sqlite_error("SQLITE_FULL"), "the disk is full"),
        (sqlite_error("SQLITE_IOERR_READ"), "the disk failed or is full"),
        (sqlite_error("SQLITE_READONLY_DBMOVED"), "it can still be searched"),
        (sqlite_error("SQLITE_CORRUPT"), "castlist library rebuild makes it again"),
        (sqlite_error("SQLITE_INTERRUPT"), "more rows than its file has room for"),
        (OSError(errno.ENOMEM, "no memory"), "not enough memory"),
        (OSError(errno.ENOENT, "not there"), "if it was moved or deleted, bring it back"),
        (OSError(errno.EROFS, "read-only"), "it can still be searched"),
    ],
)
def test_each_error_has_its_own_sentence(error: Exception, sentence: str) -> None:
    with pytest.raises(WorkspaceError, match=sentence) as raised, sentences(Path("season")):
        raise error
    assert str(raised.value).startswith("season: ")
    damaged = sentence.startswith(("castlist library rebuild", "more rows"))
    assert ("damaged" in str(raised.value)) == damaged


def test_a_library_at_work_is_busy() -> None:
    with pytest.raises(WorkspaceBusy, match="try again in a moment"), sentences(Path("season")):
        raise sqlite_error("SQLITE_BUSY")
