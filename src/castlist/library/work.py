"""The unit of work: find the cast of one film, on this machine or another.

A task has paths and a recipe as text, an outcome has a few numbers and sentences: no picture and no vector
travels between processes. A task may be run twice, or after another worker died during it: the running worker
locks the workspace, and the work goes on after the last stored segment.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from castlist.decode import printable
from castlist.errors import CastlistError, WorkspaceBusy
from castlist.types import Json, Machine

if TYPE_CHECKING:
    from castlist.cast import Cast

__all__ = ["FilmState", "FilmWatch", "Outcome", "Task", "perform", "quiet"]

FilmWatch = Callable[[str, str, int, int], None]  # film, stage, steps done, steps in all


def quiet(film: str, stage: str, done: int, total: int) -> None:
    """Ignore progress."""


@dataclass(frozen=True, slots=True)
class Task:
    """A film to find the cast of."""

    film: str
    workspace: str
    recipe: str  # TOML
    device: str = "auto"
    threads: int = 0
    replace: bool = False  # whether to replace a cast of another recipe
    anew: bool = False  # whether to find the cast again, also after this recipe found one


class FilmState(StrEnum):
    """The outcome of finding a film's cast."""

    FOUND = "found"
    KEPT = "kept"  # the cast was found before
    BUSY = "busy"  # another process works on it
    FAILED = "failed"
    DIED = "died"  # its worker was killed; the film is tried again

    @property
    def word(self) -> str:
        """The state as users see it."""
        return "found before" if self is FilmState.KEPT else self.value


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of finding a film's cast: a row of the summary."""

    film: str
    workspace: str
    state: FilmState
    people: int = 0
    background: int = 0
    duration: float = 0.0  # seconds of film
    took: float = 0.0  # seconds of work
    sentence: str = ""  # why it failed, or which parts of the film could not be read
    tries: int = 1  # workers that were needed

    @property
    def ok(self) -> bool:
        return self.state in (FilmState.FOUND, FilmState.KEPT)

    def document(self) -> dict[str, Json]:
        """The outcome as plain values."""
        return asdict(self)


def perform(task: Task, watch: FilmWatch = quiet) -> Outcome:
    """Find the cast of one film unless it was found before; each error becomes a sentence."""
    started = time.perf_counter()
    try:
        outcome = (None if task.anew else _kept(task)) or _found(task, watch)
    except WorkspaceBusy as error:
        outcome = Outcome(task.film, task.workspace, FilmState.BUSY, sentence=str(error))
    except CastlistError as error:
        outcome = Outcome(task.film, task.workspace, FilmState.FAILED, sentence=str(error))
    except MemoryError:
        outcome = Outcome(task.film, task.workspace, FilmState.FAILED, sentence="there is not enough memory")
    except OSError as error:
        sentence = f"{error.strerror or error}" + (f" ({error.filename})" if error.filename else "")
        outcome = Outcome(task.film, task.workspace, FilmState.FAILED, sentence=sentence)
    except Exception as error:  # the other films go on
        sentence = f"{printable(task.film)}: an unexpected error, please report it: {error!r}"
        outcome = Outcome(task.film, task.workspace, FilmState.FAILED, sentence=sentence)
    return replace(outcome, took=time.perf_counter() - started)


def _found(task: Task, watch: FilmWatch) -> Outcome:
    from castlist.pipeline import find
    from castlist.recipe import Recipe

    cast = find(
        task.film,
        workspace=task.workspace,
        recipe=Recipe.parse(task.recipe),
        machine=Machine(task.device, task.threads),
        watch=lambda stage, done, total: watch(task.film, stage, done, total),
        replace=task.replace or task.anew,
    )
    return _done(task, FilmState.FOUND, cast)


def _kept(task: Task) -> Outcome | None:
    """The outcome of an earlier run by the same castlist and recipe, None where there is none."""
    from castlist.pipeline.reuse import found_before
    from castlist.recipe import Recipe

    cast = found_before(Path(task.film), Path(task.workspace), Recipe.parse(task.recipe))
    if cast is None:
        return None
    return _done(task, FilmState.KEPT, cast)


def _done(task: Task, state: FilmState, cast: Cast) -> Outcome:
    from castlist.report.formatting import lost

    length, sentence = float(cast.clock.time(len(cast.clock))), "; ".join(lost(cast))
    people, background = len(cast), len(cast.background)
    return Outcome(task.film, task.workspace, state, people, background, length, sentence=sentence)


def died(task: Task, tries: int) -> Outcome:
    """The outcome of a film during which one worker after another was killed."""
    sentence = (
        f"{printable(task.film)}: {tries} workers were killed during its work (often: too little memory); "
        "what they found is saved, and the same command continues from there"
    )
    return Outcome(task.film, task.workspace, FilmState.FAILED, sentence=sentence, tries=tries)
