"""A word of the command line that castlist does not know: what was probably meant, and what there is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from click import Context, Parameter

__all__ = ["OneOf", "unknown"]

LONGEST = 60  # characters of a wrong word that are repeated


def unknown(
    kind: str, word: str, known: Iterable[str], meant: Mapping[str, Sequence[str]] | None = None
) -> str:
    """The sentence about a word that is none of those known: the likeliest ones, or else all.

    Args:
        kind: what the word should be, as "action" or "format".
        known: the words that are right.
        meant: words of other programs, and the right ones for them.
    """
    words = list(known)
    near = (meant or {}).get(word.lower()) or get_close_matches(word.lower(), words, n=2, cutoff=0.6)
    there = f"did you mean {' or '.join(near)}?" if near else f"choose from {', '.join(words)}"
    return f"there is no {kind} {word[:LONGEST]!r}; {there}"


class OneOf(click.Choice):  # type: ignore[type-arg]
    """One of several words; a wrong one is answered with the likeliest right ones.

    Args:
        kind: what the word is, as "action" or "format".
        choices: the words.
        meant: words of other programs, and the right ones for them.
    """

    def __init__(
        self, kind: str, choices: Sequence[str], meant: Mapping[str, Sequence[str]] | None = None
    ) -> None:
        super().__init__(choices)
        self.kind = kind
        self.meant = meant

    def get_missing_message(self, param: Parameter, ctx: Context | None = None) -> str:
        """The words to choose from, in one line."""
        return f"Choose from {', '.join(map(str, self.choices))}"

    def convert(self, value: str, param: Parameter | None, ctx: Context | None) -> str:
        """The word itself; raises click.UsageError where it is none of them."""
        if value not in self.choices:
            raise click.UsageError(unknown(self.kind, value, map(str, self.choices), self.meant), ctx)
        return value
