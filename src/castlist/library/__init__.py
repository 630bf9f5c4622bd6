"""Many films: their casts found together, and one id for each person across all of them."""

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
