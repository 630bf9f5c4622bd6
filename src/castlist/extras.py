"""The command that installs an optional part of castlist."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from castlist.errors import MissingExtra

__all__ = ["install", "needed"]


@contextmanager
def needed(part: str, extra: str) -> Iterator[None]:
    """A `with` block for imports of packages that only an optional part of castlist needs.

    Raises:
        MissingExtra: a package is not installed; the message says how to install it.
    """
    try:
        yield
    except ImportError as missing:  # also raised by a package that is installed but broken
        if isinstance(missing, MissingExtra) or (missing.name or "").partition(".")[0] == "castlist":
            raise
        raise MissingExtra(part, extra) from missing


def install(extra: str) -> str:
    """The command that installs an optional part, as in "pip install 'torch>=2.6'"."""
    import importlib.metadata

    try:
        needed = importlib.metadata.requires("castlist") or []
    except importlib.metadata.PackageNotFoundError:  # run from a checkout that was never installed
        needed = []
    packages = [
        _package(line) for line in needed if re.search(rf"extra\s*==\s*['\"]{re.escape(extra)}['\"]", line)
    ]
    return "pip install " + (" ".join(f"'{name}'" for name in packages) or f"'castlist[{extra}]'")


def _package(line: str) -> str:
    """A requirement without its marker."""
    return line.partition(";")[0].replace(" ", "")
