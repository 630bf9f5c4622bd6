"""Options of the command line that take one of several fixed words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import click

from castlist.shell_words import unknown

if TYPE_CHECKING:
    from click import Context, Parameter

__all__ = ["OneOf", "unknown"]


class OneOf(click.Choice):  # type: ignore[type-arg]
    """One of several words; for a wrong word, the message suggests the most similar valid ones.

    Args:
        kind: what the word is, such as "action" or "format".
        choices: the valid words.
        meant: words of other programs, and the valid words for them.
    """

    def __init__(
        self, kind: str, choices: Sequence[str], meant: Mapping[str, Sequence[str]] | None = None
    ) -> None:
        super().__init__(choices)
        self.kind = kind
        self.meant = meant

    def get_missing_message(self, param: Parameter, ctx: Context | None = None) -> str:
        """The valid words, on one line."""
        return f"Choose from {', '.join(map(str, self.choices))}"

    def convert(self, value: str, param: Parameter | None, ctx: Context | None) -> str:
        """The word itself; raises click.UsageError for any other word."""
        if value not in self.choices:
            raise click.UsageError(unknown(self.kind, value, map(str, self.choices), self.meant), ctx)
        return value
