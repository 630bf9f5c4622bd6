"""Tells web addresses from paths, and refuses them in one sentence: castlist reads and writes only files."""

from __future__ import annotations

import os
import re

from castlist.errors import InputError

__all__ = ["is_address", "not_fetched", "refuse_address"]

# A scheme of two letters or more, so that a Windows drive does not match; `Path` keeps one of the two
# slashes.
_ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+:)(//?)(.*)", re.DOTALL)


def is_address(text: str) -> bool:
    """Whether a text is a web address, and no file or folder has a name that begins like it."""
    found = _ADDRESS.fullmatch(text)
    return found is not None and not os.path.lexists(found[1])


def not_fetched(text: str) -> str:
    """The message that refuses an address where a file is read; `Path` may have left one of two slashes."""
    address = _written_out(text)
    return f"web addresses are not fetched: save {address!r} to a file, and give the name of that file"


def refuse_address(path: str | os.PathLike[str], *, written: bool = False) -> None:
    """Refuse a web address in place of a path.

    Args:
        path: as the caller gave it; values that are no path are left to other checks.
        written: the path is written, not read.

    Raises:
        InputError: it is a web address.
    """
    name = os.fsdecode(path)
    if not is_address(name):
        return
    if written:
        raise InputError(
            f"nothing is written to web addresses: {_written_out(name)!r} is one; give the name of a file or "
            "folder on this machine"
        )
    raise InputError(not_fetched(name))


def _written_out(address: str) -> str:
    """An address with both slashes, also if `Path` left one."""
    return _ADDRESS.sub(r"\1//\3", address)
