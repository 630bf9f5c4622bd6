"""Words of a command line: quoting for the shell, and suggestions for misspelt ones."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path

__all__ = ["expand_home", "likeliest", "shell_path", "unknown"]

LONGEST = 60  # characters of a wrong word that are repeated


def shell_path(path: str) -> str:
    """A path as a word that a shell and castlist take for a path: quoted, and never an option."""
    return shlex.quote(f"./{path}" if path.startswith("-") else path)


def expand_home(words: Sequence[str]) -> list[str]:
    """The same words with the user's own folder for a ~ that no shell expanded, as in '~/a' or --out=~/a."""
    found = list(words)
    for number, word in enumerate(words):
        option, equals, value = word.partition("=")
        if word.startswith("~/"):
            found[number] = str(Path(word).expanduser())
        elif option.startswith("--") and value.startswith("~/"):
            found[number] = option + equals + str(Path(value).expanduser())
    return found


def unknown(
    kind: str, word: str, known: Iterable[str], meant: Mapping[str, Sequence[str]] | None = None
) -> str:
    """The sentence about a word that is none of those known: the likeliest ones, or else all.

    Args:
        kind: what the word should be, as "action" or "format".
        known: the words that are right.
        meant: words of other programs, and the right ones for them.
    """
    return f"there is no {kind} {word[:LONGEST]!r}; {likeliest(word, known, meant)}"


def likeliest(word: str, known: Iterable[str], meant: Mapping[str, Sequence[str]] | None = None) -> str:
    """The end of such a sentence, as in "did you mean epochs?" or "choose from base, ssiam"."""
    words = list(known)
    near = (meant or {}).get(word.lower()) or get_close_matches(word.lower(), words, n=2, cutoff=0.6)
    return f"did you mean {' or '.join(near)}?" if near else f"choose from {', '.join(words)}"
