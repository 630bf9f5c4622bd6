"""What the verbs of `castlist library` have in common: their argument LIB, --json and --author."""

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
    """A verb that can print JSON."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")(call)


def library(
    call: Callable[Concatenate[Library, P], int | None],
) -> Callable[..., int]:
    """A verb on LIB; what it returns is the exit status."""

    @click.argument("lib", type=click.Path())  # no Path: that of "" is the folder at hand
    @wraps(call)
    def verb(lib: str, *args: P.args, **options: P.kwargs) -> int:
        from castlist.library import Library

        return call(Library(lib), *args, **options) or 0

    return verb


def decided(call: F) -> F:
    """A verb by which somebody decides."""
    return author_option("in the library's log")(call)


def percent(probability: float) -> str:
    """A probability that is never shown as certain."""
    return "over 99 %" if probability > 0.99 else f"{100 * probability:.0f} %"


def typed(lib: Library) -> str:
    """The library's folder as a word of a command line."""
    return shell_path(visible(str(lib.path)))
