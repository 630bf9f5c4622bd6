"""Small numbers in columns, with their words in files."""

from __future__ import annotations

from enum import IntEnum
from typing import Self


class Code(IntEnum):
    """A small number in a column, and the word for it in a file."""

    @property
    def word(self) -> str:
        """The word in exports and in the database: "set aside" for SET_ASIDE."""
        return self.name.lower().replace("_", " ")

    @classmethod
    def of(cls, word: object) -> Self:
        """The code for a word.

        Raises:
            ValueError: there is no such code; the message lists the words.
        """
        for code in cls:
            if code.word == word:
                return code
        raise ValueError(
            f"one of {', '.join(code.word for code in cls)} was expected, not {str(word)[:40]!r}"
        )


class Transition(Code):
    """How a shot begins: the codes of `Shots.transition`."""

    START = 0  # the first shot of a film
    CUT = 1
    DISSOLVE = 2
    FADE = 3


class Origin(Code):
    """Where a constraint comes from: the codes of `Constraints.origin`."""

    CO_OCCURRENCE = 0  # two faces in one frame
    USER = 1  # decided by a user

    @property
    def word(self) -> str:
        return self.name.lower().replace("_", "-")


class Fate(Code):
    """The role of a track in the cast: the codes of `Cast.fate`."""

    PERSON = 0
    BACKGROUND = 1  # a real face of a person who is hardly seen
    SET_ASIDE = 2  # not a face, or not recognisable


START, CUT, DISSOLVE, FADE = Transition
CO_OCCURRENCE, USER = Origin
PERSON, BACKGROUND, SET_ASIDE = Fate
