"""Options that accept and reject the names that files propose for people."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import click

from castlist.errors import InputError
from castlist.name_forms import comparable

__all__ = ["answer_options", "of_one_person"]

Row = TypeVar("Row")
F = TypeVar("F", bound=Callable[..., object])


def answer_options(command: F) -> F:
    """The options for proposed names to accept and to reject."""
    command = click.option(
        "--reject",
        multiple=True,
        metavar="NAME",
        help="Reject this name: it is not proposed for that person again.",
    )(command)
    return click.option(
        "--accept", multiple=True, metavar="NAME", help="Accept this name: the person is named."
    )(command)


def of_one_person(
    rows: Sequence[Row],
    name: str,
    *,
    name_of: Callable[[Row], str],
    person_of: Callable[[Row], str],
    elsewhere: str,
) -> list[Row]:
    """The proposals of a name, if all are for one person.

    Args:
        elsewhere: where the user can answer a name that is proposed for several people.

    Raises:
        InputError: the name is not proposed, or is proposed for several people.
    """
    found = [row for row in rows if comparable(name_of(row)) == comparable(name)]
    if not found:
        known = ", ".join(dict.fromkeys(map(name_of, rows))) or "none"
        raise InputError(f"{name!r} is not proposed for any person; the proposed names are: {known[:300]}")
    people = list(dict.fromkeys(map(person_of, found)))
    if len(people) > 1:
        raise InputError(f"{name!r} is proposed for {' and '.join(people)}; choose one of them {elsewhere}")
    return found
