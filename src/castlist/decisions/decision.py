"""One row of the log of decisions: kind, faces, author, time, and the tracks of the people at that time.

A decision records its faces by time and box, not only by track number: it stays valid with another detector,
another model or another encoding of the film. Pure functions; the store keeps the rows and never overwrites
one: an undo is a new row. Only `apply` interprets the rows together.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from fractions import Fraction
from itertools import takewhile

import numpy as np
from numpy.typing import ArrayLike

from castlist.argument_types import is_whole
from castlist.decisions.groups import Groups
from castlist.direction_marks import without_direction_marks
from castlist.errors import InputError
from castlist.types import Clock, Video

__all__ = [
    "Anchor",
    "Decision",
    "DecisionKind",
    "action_to_redo",
    "action_to_undo",
    "active",
    "to_redo",
    "to_undo",
]

REPLACEMENT = "\ufffd"  # replaces unreadable input: bytes that are not UTF-8, lone surrogates
_ONE_LINE = {"Cc": " ", "Zl": " ", "Zp": " ", "Cs": REPLACEMENT}  # replacement by Unicode category


class DecisionKind(StrEnum):
    """The kinds of decisions. The side of each anchor says whose face it is."""

    SAME = "same"  # all these faces are one person, who keeps the name of the first side that has one
    DIFFERENT = "different"  # faces of two sides are two people
    UNSURE = "unsure"  # a reviewer cannot tell whether these are one person; do not ask again
    NAME = "name"  # these faces are one person with this name ("" removes the name)
    MOVE = "move"  # side 0 is the person of side 1 (no side 1: a new person), not the person of side 2
    SORT = "sort"
    # many moves at once, with sides 3k, 3k + 1, 3k + 2 as in a move; without side 3k, the faces of side
    # 3k + 1 are one person, and not the person of side 3k + 2; with side 3k + 2 alone, a reviewer cannot
    # tell whether its first face is the same person as the others
    NOT_A_FACE = "not-a-face"  # these are not faces
    FACE = "face"  # these are faces after all
    HIDE = "hide"  # do not show these tracks
    SHOW = "show"  # show these tracks again
    BACKGROUND = "background"  # move these people to the background
    FOREGROUND = "foreground"  # move these people to the cast
    CONFIRM = "confirm"  # these faces have the right person
    KEY = "key"  # this face is the picture of its person
    UNDO = "undo"  # the decision `undoes` no longer holds; to undo an undo is to redo


# Minimum number of anchors of a decision; other kinds need one.
_LEAST = {
    DecisionKind.SAME: 2,
    DecisionKind.DIFFERENT: 2,
    DecisionKind.UNSURE: 2,
    DecisionKind.UNDO: 0,
}
_LONGEST = 10_000  # characters of a name
_ACTION = re.compile(r"[0-9A-Za-z-]{0,64}")  # ids of actions: a UUID has 32 characters, or 36


@dataclass(frozen=True, slots=True)
class Anchor:
    """A face by its time and place in the film."""

    time: Fraction  # seconds from the start of the film, exact
    box: tuple[float, float, float, float]  # left, top, right, bottom as fractions of the frame, 0 to 1
    side: int = 0

    def __post_init__(self) -> None:
        # plain Python numbers: a database stores NumPy numbers as bytes
        object.__setattr__(self, "time", Fraction(self.time))
        object.__setattr__(self, "box", tuple(map(float, self.box)))
        object.__setattr__(self, "side", int(self.side))
        left, top, right, bottom = self.box
        if not (-1 <= left < right <= 2 and -1 <= top < bottom <= 2):
            raise InputError(
                f"a face's box must be fractions of the frame, left < right, top < bottom: {self.box}"
            )

    @classmethod
    def at(cls, clock: Clock, video: Video, frame: int, box: ArrayLike, side: int = 0) -> Anchor:
        """The anchor of a face with this frame and box in pixels (left, top, right, bottom)."""
        left, top, right, bottom = np.asarray(box, np.float64).tolist()
        w, h = video.width, video.height
        return cls(clock.time(frame), (left / w, top / h, right / w, bottom / h), side)


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision of a user.

    `anchors` are the faces that the user selected; `groups` are all tracks of the people it is about, at the
    time of the decision (None in rows that were written by hand, or by an earlier castlist).

    Raises:
        InputError: an unknown kind, too few faces, or a name that is too long.
    """

    kind: DecisionKind
    anchors: tuple[Anchor, ...] = ()
    value: str = ""  # a name
    author: str = ""
    time: datetime | None = None  # when it was decided, in UTC; the log fills it in
    undoes: int | None = None  # the decision that an undo undoes
    id: int = 0  # number in the log; 0 before the log assigns one
    groups: Groups | None = None
    numbers: tuple[tuple[int, int, int], ...] = ()
    # person numbers created by it beside those in `groups`, each as (decision that creates it, its side,
    # number), or (0, number of a person, new number for the tracks left of that person)
    action: str = ""  # id of the action that made it, alone or with other decisions; "" if unknown

    def __post_init__(self) -> None:
        try:
            object.__setattr__(self, "kind", DecisionKind(self.kind))  # accepts the kind as text
        except ValueError:
            raise InputError(
                f"unknown decision {str(self.kind)!r}; choose from {', '.join(DecisionKind)}"
            ) from None
        least = _LEAST.get(self.kind, 1)
        if len(self.anchors) < least:
            raise InputError(
                f"a decision {self.kind.value!r} needs at least {least} faces, got {len(self.anchors)}"
            )
        if (self.kind == DecisionKind.UNDO) != (self.undoes is not None):
            raise InputError("a decision 'undo' names the decision that it undoes, and no other kind does")
        if self.kind == DecisionKind.DIFFERENT and len({a.side for a in self.anchors}) < 2:
            raise InputError("a decision 'different' needs faces on two sides")
        if len(self.value) > _LONGEST:
            raise InputError(f"a name has at most {_LONGEST} characters, got {len(self.value)}")
        if not isinstance(self.action, str) or not _ACTION.fullmatch(self.action):
            raise InputError("the id of an action is at most 64 letters, digits and hyphens")
        if self.undoes is not None:
            if not is_whole(self.undoes) or self.undoes < 1:
                raise InputError(f"a decision is a whole number of at least 1; got {self.undoes!r}")
            if 0 < self.id <= self.undoes:
                raise InputError(f"there is no decision {self.undoes} to undo")
        object.__setattr__(self, "undoes", None if self.undoes is None else int(self.undoes))
        given = tuple((int(a), int(b), int(n)) for a, b, n in self.numbers)
        if any(a < 0 or b < 0 or n < 1 for a, b, n in given):
            raise InputError("Decision.numbers must be a decision, a side and a number each")
        object.__setattr__(self, "numbers", given)
        object.__setattr__(self, "value", clean_name(self.value))
        object.__setattr__(self, "author", clean_name(self.author)[:200])

    @classmethod
    def different(cls, *faces: Anchor, author: str = "") -> Decision:
        """The decision that each of these faces is another person."""
        return cls(
            DecisionKind.DIFFERENT, tuple(replace(a, side=i) for i, a in enumerate(faces)), author=author
        )

    @property
    def faces(self) -> tuple[Anchor, ...]:
        """The faces that the decision assigns: those of side 0; of a sort, those that are moved or joined."""
        if self.kind != DecisionKind.SORT:
            return tuple(a for a in self.anchors if a.side == 0)
        moved = {a.side // 3 for a in self.anchors if a.side % 3 == 0}
        return tuple(a for a in self.anchors if a.side % 3 == (0 if a.side // 3 in moved else 1))


def clean_name(name: str) -> str:
    """A name in stored form: composed (NFC), one line, no outer blanks, no terminal control characters."""
    text = without_direction_marks(name)
    text = "".join(_ONE_LINE.get(unicodedata.category(c), c) for c in text)
    return " ".join(unicodedata.normalize("NFC", text).split())


def active(decisions: Iterable[Decision]) -> list[Decision]:
    """The decisions that hold, oldest first: neither undone nor themselves an undo."""
    undone: set[int] = set()
    kept = []
    for decision in sorted(decisions, key=lambda d: d.id, reverse=True):
        if decision.id in undone:
            continue
        if decision.undoes is not None:
            undone.add(decision.undoes)
        else:
            kept.append(decision)
    return kept[::-1]


def to_undo(decisions: Sequence[Decision]) -> int | None:
    """The last decision in force, None for none; `action_to_undo` has all decisions of the same action."""
    return next(iter(action_to_undo(decisions)), None)


def to_redo(decisions: Sequence[Decision]) -> int | None:
    """The last undo that a redo can undo, None if a decision was made after the last undo."""
    return next(iter(action_to_redo(decisions)), None)


def action_to_undo(decisions: Sequence[Decision]) -> list[int]:
    """The decisions of the last action that are in force, the latest first: what an undo undoes."""
    return _of_one_action(decisions, _stacks(decisions)[0])


def action_to_redo(decisions: Sequence[Decision]) -> list[int]:
    """The undos of the last undone action, the latest first: what a redo undoes."""
    return _of_one_action(decisions, _stacks(decisions)[1])


def _of_one_action(decisions: Sequence[Decision], stack: Sequence[int]) -> list[int]:
    """The last decision of a stack, and the ones directly before it of the same action."""
    if not stack:
        return []
    action = {d.id: d.action for d in decisions}
    last = action[stack[-1]]
    if not last:
        return [stack[-1]]
    return list(takewhile(lambda number: action[number] == last, reversed(stack)))


def _stacks(decisions: Sequence[Decision]) -> tuple[list[int], list[int]]:
    """Decisions that hold, and undos that can be undone; in each list the next one is last."""
    kind = {d.id: d for d in decisions}
    done: list[int] = []
    undone: list[int] = []
    for decision in sorted(decisions, key=lambda d: d.id):
        target = kind.get(decision.undoes or 0)
        if decision.undoes is None:
            done.append(decision.id)
            undone.clear()
        elif target is not None and target.undoes is not None:
            undone = [i for i in undone if i != target.id]
            done.append(target.undoes)
        elif target is not None:
            done = [i for i in done if i != target.id]
            undone.append(decision.id)
    return done, undone
