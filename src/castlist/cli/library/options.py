"""The common parts of the commands of `castlist library`: their argument LIB, --json and --author."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

import click

from castlist.cli.options import author_option
from castlist.cli.output import visible
from castlist.shell_words import shell_path

if TYPE_CHECKING:
    from castlist.library import Library

__all__ = ["as_json", "decided", "library", "percent", "typed"]

P = ParamSpec("P")
F = TypeVar("F", bound=Callable[..., object])


def as_json(call: F) -> F:
    """Add the option --json to a command."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")(call)


def library(
    call: Callable[Concatenate[Library, P], int | None],
) -> Callable[..., int]:
    """Give a command the library at LIB; the returned number is the exit status."""

    @click.argument("lib", type=click.Path())  # text, as Path("") would be the current folder
    @wraps(call)
    def verb(lib: str, *args: P.args, **options: P.kwargs) -> int:
        from castlist.library import Library

        return call(Library(lib), *args, **options) or 0

    return verb


def decided(call: F) -> F:
    """Add the option --author to a command that records a decision."""
    return author_option("in the library's log")(call)


def percent(probability: float) -> str:
    """A probability as text; it is never shown as certain."""
    return "over 99 %" if probability > 0.99 else f"{100 * probability:.0f} %"


def typed(lib: Library) -> str:
    """The library's folder, quoted for a command line."""
    return shell_path(visible(str(lib.path)))
