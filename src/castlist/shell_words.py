"""Words of a command line: quoting for the shell, and suggestions for misspelt ones."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path

__all__ = ["expand_home", "likeliest", "shell_path", "unknown"]

LONGEST = 60  # characters of a wrong word that a message repeats


def shell_path(path: str) -> str:
    """A path as one shell word that castlist reads as a path: quoted, and never an option."""
    return shlex.quote(f"./{path}" if path.startswith("-") else path)


def expand_home(words: Sequence[str]) -> list[str]:
    """The same words, with the user's home folder for a ~ that the shell left, as in '~/a' or --out=~/a."""
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
    """The message about an unknown word, with the most similar known words, or all of them.

    Args:
        kind: what the word should be, such as "action" or "format".
        known: the valid words.
        meant: words of other programs, and the valid words for them.
    """
    return f"there is no {kind} {word[:LONGEST]!r}; {likeliest(word, known, meant)}"


def likeliest(word: str, known: Iterable[str], meant: Mapping[str, Sequence[str]] | None = None) -> str:
    """The end of such a message, as in "did you mean epochs?" or "choose from base, ssiam"."""
    words = list(known)
    near = (meant or {}).get(word.lower()) or get_close_matches(word.lower(), words, n=2, cutoff=0.6)
    return f"did you mean {' or '.join(near)}?" if near else f"choose from {', '.join(words)}"
