"""The exceptions of castlist, as few classes as possible.

    CastlistError                  every error that castlist raises; its message is one sentence for the user
    ├── InputError                 an input cannot be used: not a video, a bad recipe, wrong columns
    │   ├── VideoError             the file is no video, or its frames cannot be read
    │   ├── NoVectors              a table has no columns of vectors (research/features/table.py)
    │   └── RecipeError            an unknown step, option or value
    ├── WorkspaceError             the workspace cannot be read or written
    │   ├── WorkspaceBusy          another castlist process is writing to it
    │   ├── WorkspaceNewer         a later version of castlist wrote it
    │   ├── ScanLost               vectors of a scan are missing or damaged (store/scans.py)
    │   └── Stale                  a decision on an old view; carries the decisions since (store/log.py)
    ├── ModelError                 a model file is missing or is not the expected one
    └── MissingExtra               an optional part is not installed; the message says what to pip install

InputError is also a ValueError, so that array code can raise and catch it as Python expects.
"""

from __future__ import annotations

import copyreg
from enum import StrEnum
from typing import TypeVar

__all__ = [
    "CastlistError",
    "InputError",
    "MissingExtra",
    "ModelError",
    "RecipeError",
    "VideoError",
    "WorkspaceBusy",
    "WorkspaceError",
    "WorkspaceNewer",
    "one_of",
]

Kind = TypeVar("Kind", bound=StrEnum)


class CastlistError(Exception):
    """An error whose message is one clear sentence: what is wrong, and what to do."""

    def __reduce__(self) -> tuple[object, ...]:
        """Pickled without `__init__`, whose arguments may not be the message: errors pass between
        processes."""
        return copyreg.__newobj__, (type(self), *self.args), self.__dict__  # type: ignore[attr-defined]


class InputError(CastlistError, ValueError):
    """An input cannot be used as it is."""


class VideoError(InputError):
    """The file is not a video that can be read."""


class RecipeError(InputError):
    """A recipe names an unknown step, option or value."""


class WorkspaceError(CastlistError):
    """The workspace cannot be read or written; its contents are untouched.

    `elsewhere`: a workspace in another folder would work, and a command with --out can suggest that.
    """

    def __init__(self, message: str, *, elsewhere: bool = False) -> None:
        super().__init__(message)
        self.elsewhere = elsewhere


class WorkspaceBusy(WorkspaceError):
    """Another castlist process is writing to this workspace."""


class WorkspaceNewer(WorkspaceError):
    """A later version of castlist wrote this workspace."""


class ModelError(CastlistError):
    """A model file is missing or is not the expected one."""


class MissingExtra(CastlistError, ImportError):
    """An optional part of castlist is not installed."""

    def __init__(self, part: str, extra: str) -> None:
        from castlist.extras import install

        super().__init__(f"{part} needs packages that are not installed: {install(extra)}")
        self.extra = extra


def one_of(kind: type[Kind], name: str, value: str) -> Kind:
    """The member of an enumeration for a word.

    Raises:
        InputError: no member has this word; the message names the option and lists the choices.
    """
    if not isinstance(value, str) or value not in list(kind):
        raise InputError(f"unknown {name} {value!r}; choose from {', '.join(kind)}")
    return kind(value)
