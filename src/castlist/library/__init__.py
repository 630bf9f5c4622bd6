"""Many films: their casts found together, and one id for each person across all of them.

A film-person, or member, is a person of one film; tracks that were set aside are members, too. A person of
the library is a group of film-people. A link assigns a film-person to a person. A question asks the user
whether two film-people are the same person. Events in the log record all of this.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from castlist import _former
from castlist.library.check import Problem
from castlist.library.executors import Executor, Here, Processes, executor
from castlist.library.films import Shard, films_of
from castlist.library.find_many import find_all
from castlist.library.library import Added, Library
from castlist.library.storage import is_library
from castlist.library.undo import LibraryDecision
from castlist.library.views import FilmAppearance, LibraryFilm, LibraryPerson, LibraryQuestion
from castlist.library.work import Outcome, Task

__all__ = [
    "Added",
    "Executor",
    "FilmAppearance",
    "Here",
    "Library",
    "LibraryDecision",
    "LibraryFilm",
    "LibraryPerson",
    "LibraryQuestion",
    "Outcome",
    "Problem",
    "Processes",
    "Shard",
    "Task",
    "executor",
    "films_of",
    "find_all",
    "is_library",
]

if not TYPE_CHECKING:
    __getattr__ = _former.names(__name__, Decision="LibraryDecision", Question="LibraryQuestion")
