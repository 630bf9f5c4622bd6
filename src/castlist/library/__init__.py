"""Many films: their casts found together, and one id for each person across all of them."""

from __future__ import annotations

from castlist.library.executors import Executor, Here, Processes, executor
from castlist.library.films import Shard, films_of
from castlist.library.library import Added, Library, Problem
from castlist.library.many import find_all
from castlist.library.storage import is_library
from castlist.library.undo import Decision
from castlist.library.views import FilmAppearance, LibraryFilm, LibraryPerson, Question
from castlist.library.work import Outcome, Task

__all__ = [
    "Added",
    "Decision",
    "Executor",
    "FilmAppearance",
    "Here",
    "Library",
    "LibraryFilm",
    "LibraryPerson",
    "Outcome",
    "Problem",
    "Processes",
    "Question",
    "Shard",
    "Task",
    "executor",
    "films_of",
    "find_all",
    "is_library",
]
