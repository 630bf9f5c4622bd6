"""Decisions about a cast in Python, stored in the log of its workspace like those of the review page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from castlist.errors import InputError

if TYPE_CHECKING:
    from castlist.cast import Cast, Person

__all__ = ["merged", "place_of", "renamed"]


def place_of(cast: Cast) -> Path:
    """The workspace of a cast.

    Raises:
        InputError: the cast does not come from a workspace.
    """
    from castlist.store.workspace import KeptPictures

    if isinstance(cast.pictures, KeptPictures):
        return cast.pictures.place
    raise InputError(
        "this cast is in no workspace: find it with castlist.find, or read it from its workspace"
    )


def renamed(cast: Cast, person: str | Person, name: str, author: str = "") -> Cast:
    """The cast after giving a person a name; see `castlist.rename`."""
    from castlist.review.by_name import rename

    return rename(place_of(cast), _called(person), name, author=author)


def merged(cast: Cast, a: str | Person, b: str | Person, author: str = "") -> Cast:
    """The cast after merging two people; see `castlist.merge`."""
    from castlist.review.by_name import merge

    return merge(place_of(cast), _called(a), _called(b), author=author)


def _called(person: str | Person) -> str:
    """How a workspace calls a person: by number, since names may have changed meanwhile."""
    if isinstance(person, str):
        return person
    from castlist.cast import Person

    if not isinstance(person, Person):
        raise InputError(f"give the name of a person or a Person, got {type(person).__name__}")
    return person.key
