"""Checks names that users give: the same rules for decisions, imports, proposals and libraries.

These rules do not apply to names in an existing log: earlier versions of castlist accepted other names.
"""

from __future__ import annotations

import unicodedata

from castlist.decisions.decision import REPLACEMENT, clean_name
from castlist.decisions.people import number_in
from castlist.errors import InputError

__all__ = ["LONGEST", "given_name", "refusal", "unreadable"]

LONGEST = 1000  # characters, some twenty times the length of the longest names of people
# Letters and signs without visible shape: Hangul fillers and the empty pattern of Braille [Unicode 16.0].
_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")


def given_name(text: str) -> str:
    """A name in stored form: on one line, without control characters.

    Raises:
        InputError: it is not text, has no visible character, is too long, is like castlist's "Person 7", or
            was not written in UTF-8.
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
    """What is wrong with a name that lost characters in decoding, "" for nothing.

    Without these characters it would be another name, maybe another person's.

    Args:
        name: a result of `clean_name`.
    """
    if REPLACEMENT not in name:
        return ""
    return (
        f"{name[:80].replace(REPLACEMENT, '?')!r} has characters that are not in UTF-8, so they cannot be "
        "read; type it in a terminal that uses UTF-8, or save the file that it comes from in UTF-8"
    )
