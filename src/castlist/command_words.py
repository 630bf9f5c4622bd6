"""Words of a command line: as they are printed for copying, and as they were meant."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

__all__ = ["expand_home", "shell_path"]


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
