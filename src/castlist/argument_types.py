"""Checks the arguments of public functions against their annotations.

    @typed_arguments
    def rename(workspace: str | os.PathLike[str], person: str, name: str) -> Cast: ...

    castlist.rename("film.castlist", "p1", None)  ->  InputError: name is text, got None

Annotations are compared as text, so that no type is imported for the check. Arguments whose annotation is not
in KINDS are left unchecked: their function checks them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import wraps
from inspect import Parameter, signature
from numbers import Integral, Real
from typing import ParamSpec, TypeVar

from castlist.errors import InputError
from castlist.web_addresses import refuse_address

__all__ = ["KINDS", "is_whole", "typed_arguments"]

P = ParamSpec("P")
R = TypeVar("R")
TABLES = (
    "Cast", "Clustering", "Constraints", "Cue", "Detections", "Embeddings", "FeatureSet", "Machine", "Recipe",
    "Scan", "Shots", "Tracks", "Tree", "Video",
)  # fmt: skip
COUNTS = ("limit", "count")  # names of arguments that are a number of things


def typed_arguments(function: Callable[P, R]) -> Callable[P, R]:
    """The function, which raises InputError where an argument does not fit its annotation."""
    given = signature(function)
    tests = {
        name: KINDS[str(parameter.annotation)]
        for name, parameter in given.parameters.items()
        if str(parameter.annotation) in KINDS
    }
    several = {n for n, p in given.parameters.items() if p.kind == Parameter.VAR_POSITIONAL}

    @wraps(function)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        bound = given.bind(*args, **kwargs)
        for name, value in bound.arguments.items():
            if name in tests:
                for each in value if name in several else (value,):
                    _check(name, each, *tests[name])
        return function(*args, **kwargs)

    return guarded


def _check(name: str, value: object, expected: str, test: Callable[[object], bool]) -> None:
    if not test(value):
        raise InputError(f"{name} is {expected}, got {_shown(value)}")
    if expected.startswith(PATH[0]) and value is not None:
        refuse_address(value)  # type: ignore[arg-type]  # the test says that it is a path
    if name in COUNTS and isinstance(value, Integral) and value < 0:
        raise InputError(f"{name} is how many are wanted at most, 0 or more; got {value}")


def _shown(value: object) -> str:
    """A value as text for a message: short values themselves, others by their type."""
    if value is None or isinstance(value, str | int | float):
        return repr(value) if len(repr(value)) <= 40 else f"{repr(value)[:40]}..."
    return type(value).__name__


def _text(value: object) -> bool:
    return isinstance(value, str)


def is_whole(value: object) -> bool:
    """Whether this is a whole number (Python's or NumPy's) and no truth value."""
    return isinstance(value, Integral) and not isinstance(value, bool)


def _number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool) and value == value


def _path(value: object) -> bool:
    try:
        name = os.fspath(value)  # type: ignore[call-overload]
    except TypeError:
        return False
    return isinstance(name, str) and name != "" and "\0" not in name


def _texts(value: object) -> bool:
    return isinstance(value, list | tuple | set | frozenset) and all(map(_text, value))


def _pairs(value: object) -> bool:
    return isinstance(value, list | tuple) and all(
        isinstance(pair, list | tuple) and len(pair) == 2 and _texts(pair) for pair in value
    )


def _person(value: object) -> bool:
    return _text(value) or type(value).__name__ == "LibraryPerson"


def _answers(value: object) -> bool:
    return isinstance(value, Mapping) and _texts([*value, *value.values()])


def _table(name: str) -> tuple[str, Callable[[object], bool]]:
    """The test for a class of castlist: it compares class names, so that no class is imported."""
    article = "an" if name[0] in "AEIO" else "a"
    return f"{article} {name} of castlist", lambda value: any(c.__name__ == name for c in type(value).__mro__)


def _or_none(expected: str, test: Callable[[object], bool]) -> tuple[str, Callable[[object], bool]]:
    return f"{expected}, or None", lambda value: value is None or test(value)


TEXT = ("text", _text)
WHOLE = ("a whole number", is_whole)
NUMBER = ("a number", _number)
FUNCTION = ("a function", callable)
PATH = ("the path of a file or folder", _path)
# For each annotation: what such an argument is, in words, and the test whether a value fits.
KINDS: Mapping[str, tuple[str, Callable[[object], bool]]] = {
    "str": TEXT,
    "str | None": _or_none(*TEXT),
    "str | LibraryPerson": ("an id, a name or a person of the library", _person),
    "tuple[str, ...]": ("a tuple of texts", _texts),
    "int": WHOLE,
    "int | None": _or_none(*WHOLE),
    "float": NUMBER,
    "float | None": _or_none(*NUMBER),
    "str | os.PathLike[str]": PATH,
    "str | os.PathLike[str] | None": _or_none(*PATH),
    "Watch": FUNCTION,
    "FilmWatch": FUNCTION,
    "Callable[[float], None] | None": _or_none(*FUNCTION),
    "Sequence[str]": ("a list of texts", _texts),
    "Sequence[tuple[str, str]]": ("a list of pairs of texts", _pairs),
    "Mapping[str, str]": ("texts by text", _answers),
    **{name: _table(name) for name in TABLES},
    **{f"{name} | None": _or_none(*_table(name)) for name in TABLES},
}
