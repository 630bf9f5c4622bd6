"""Names of people as text that is valid in every format, and a colour for each person."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePath

from castlist.cast import Cast, Person
from castlist.direction_marks import without_direction_marks

__all__ = ["Colour", "colour", "distinct", "distinct_names", "film_name", "given_name", "plain_line", "xml"]

_XML = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"})


@dataclass(frozen=True, slots=True)
class Colour:
    """One colour, as the marker palettes of editing programs name it."""

    otio: str  # opentimelineio.schema.MarkerColor
    resolve: str  # DaVinci Resolve, in its marker EDL
    avid: str  # Media Composer


# Neighbouring colours differ; after the last colour the first follows again.
_COLOURS = (
    Colour("RED", "ResolveColorRed", "red"),
    Colour("BLUE", "ResolveColorBlue", "blue"),
    Colour("GREEN", "ResolveColorGreen", "green"),
    Colour("YELLOW", "ResolveColorYellow", "yellow"),
    Colour("PURPLE", "ResolveColorPurple", "magenta"),
    Colour("CYAN", "ResolveColorCyan", "cyan"),
    Colour("ORANGE", "ResolveColorSand", "white"),
    Colour("PINK", "ResolveColorPink", "black"),
)


def colour(person: int) -> Colour:
    """The colour of a person, by number."""
    return _COLOURS[person % len(_COLOURS)]


def plain_line(text: str) -> str:
    """A text without line breaks, control characters and marks that change the direction of writing.

    Invalid Unicode is replaced; the result is never empty.
    """
    whole = without_direction_marks(text).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    shown = "".join(_harmless(c) for c in whole)
    return " ".join(shown.split()) or "?"


def _harmless(character: str) -> str:
    """A space for a character that breaks or controls a line; U+FFFD for one that XML does not allow."""
    kind = unicodedata.category(character)
    if kind in ("Cc", "Zl", "Zp"):
        return " "
    return "\N{REPLACEMENT CHARACTER}" if kind == "Cs" or ord(character) & 0xFFFE == 0xFFFE else character


def xml(text: str) -> str:
    """A text for an XML document, between tags or in double quotes."""
    return plain_line(text).translate(_XML)


def distinct_names(cast: Cast) -> list[str]:
    """A different one-line name for each person, background included: equal names get a number."""
    return distinct(plain_line(person.name) for person in cast.everybody)


def distinct(texts: Iterable[str], mark: str = "{} ({})") -> list[str]:
    """The texts, made different: a repeated text gets a number, by default "Anna (2)"."""
    taken: set[str] = set()
    names = []
    for text in texts:
        name, n = text, 1
        while name in taken:
            n += 1
            name = mark.format(text, n)
        taken.add(name)
        names.append(name)
    return names


def given_name(person: Person) -> str:
    """A person's name on one line; "" for a person without one: "Person 3" is no name."""
    return plain_line(person.name) if person.named else ""


def film_name(cast: Cast) -> str:
    """The name of the film's file."""
    return plain_line(PurePath(cast.video.path).name)
