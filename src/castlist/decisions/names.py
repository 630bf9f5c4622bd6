"""Checks names that users give: the same rules for decisions, imports, proposals and libraries.

What a log holds is read as it is: an earlier castlist took other names, too.
"""

from __future__ import annotations

import unicodedata

from castlist.decisions.decision import REPLACEMENT, clean_name
from castlist.decisions.people import number_in
from castlist.errors import InputError

__all__ = ["LONGEST", "given_name", "refusal", "unreadable"]

LONGEST = 1000  # characters, some twenty times those of the longest names of people
# Letters and signs without a picture: Hangul fillers and the empty pattern of Braille [Unicode 16.0].
_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")


def given_name(text: str) -> str:
    """A name as it is stored: on one line, without control characters.

    Raises:
        InputError: it is no text, shows nothing, is too long, is what castlist calls somebody by number, or
            was written in another encoding than UTF-8.
    """
    if not isinstance(text, str):
        raise InputError(f"a name is text, got {type(text).__name__}")
    name = clean_name(text)
    if why := refusal(name):
        raise InputError(why)
    return name


def refusal(name: str) -> str:
    """Why a name cannot be given, "" where it can."""
    if len(name) > LONGEST:
        return f"a name has at most {LONGEST} characters, got {len(name)}"
    if unread := unreadable(name):
        return f"the name {unread}"
    plain = unicodedata.normalize("NFKC", name)
    visible = "".join(c for c in plain if unicodedata.category(c) != "Cf" and c not in _BLANK)
    if not any(unicodedata.category(c)[0] in "LNPS" for c in visible):
        return "a name needs at least one character that can be seen"
    if number_in(visible):
        return f"{visible.strip()!r} is no name: castlist calls people so by number; choose another one"
    return ""


def unreadable(name: str) -> str:
    """What is wrong with a name of which characters were lost on the way here, "" where none was.

    Without them it would be another name, maybe that of somebody else.

    Args:
        name: as `clean_name` gives it.
    """
    if REPLACEMENT not in name:
        return ""
    return (
        f"{name[:80].replace(REPLACEMENT, '?')!r} has characters that are not in UTF-8, so they cannot be "
        "read; type it in a terminal that uses UTF-8, or save the file that it comes from in UTF-8"
    )
