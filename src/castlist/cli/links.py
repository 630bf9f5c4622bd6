"""Links in a terminal: a time that opens the film there, a file that opens. [OSC 8: Hyperlinks in terminal
emulators, gist.github.com/egmontkob/eb114294efbcd5adb1944c9f3cb5feda]

Links are printed only to a terminal; programs read plain text. An address is percent-encoded ASCII whatever
the file's name, and the text of a link is a time or comes from `visible`: no name can control a terminal.
"""

from __future__ import annotations

import os
import sys
from fractions import Fraction
from pathlib import Path

__all__ = ["file_uri", "linked", "moment_uri"]

BEGIN, END = "\x1b]8;;", "\x1b\\"
LONGEST = 2000  # characters of an address; terminals ignore or cut longer ones


def linked(text: str, uri: str) -> str:
    """Text as a link; only the text if there is no address."""
    return f"{BEGIN}{uri}{END}{text}{BEGIN}{END}" if uri else text


def moment_uri(film: Path, seconds: Fraction | float) -> str:
    """The address of a moment in a film; "" if stdout is no terminal or the film does not exist."""
    uri = file_uri(film)
    return f"{uri}#t={float(seconds):.3f}" if uri else ""


def file_uri(path: Path) -> str:
    """The address of a file; "" if stdout is no terminal or the file does not exist."""
    if not sys.stdout.isatty() or os.environ.get("TERM") == "dumb":
        return ""
    try:
        uri = path.absolute().as_uri() if path.is_file() else ""
    except (OSError, ValueError):
        return ""
    return uri if len(uri) <= LONGEST else ""
