"""The value of an option in the type that its annotation names: a NumPy number is a number."""

from __future__ import annotations

import math
from dataclasses import Field, fields
from typing import TYPE_CHECKING

import numpy as np

from castlist.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from _typeshed import DataclassInstance

__all__ = ["check_options", "option_value", "set_options"]


def option_value(name: str, value: object, kind: str, least: float | None = None) -> object:
    """A value in the type that an option's annotation names; a NumPy scalar becomes Python's own type.

    Args:
        name: of the option, for the message.
        value: as the caller gave it.
        kind: the annotation as text: "int", "float", "bool" or "str", also with "| None"; a value of any
            other annotation is returned unchecked.
        least: the smallest number allowed; None: any.

    Raises:
        InputError: the option cannot have this value; the message says what it must be.
    """
    plain = value.item() if isinstance(value, np.generic) else value
    base, *others = (part.strip() for part in kind.split("|"))
    if plain is None and "None" in others:
        return None
    number = isinstance(plain, int | float) and not isinstance(plain, bool)
    fits = {
        "bool": isinstance(plain, bool),
        "int": number and isinstance(plain, int),
        "float": number and _finite(plain),
        "str": isinstance(plain, str),
    }
    if base not in fits:
        return plain
    enough = least is None or base not in ("int", "float") or (fits[base] and plain >= least)  # type: ignore[operator]
    if not (fits[base] and enough):
        words = {"bool": "true or false", "int": "a whole number", "float": "a number", "str": "text"}
        bound = f" from {least:g} up" if least is not None and base in ("int", "float") else ""
        raise InputError(f"{name} must be {words[base]}{bound}, got {value!r}")
    return float(plain) if base == "float" else plain  # type: ignore[arg-type]


def set_options(
    step: DataclassInstance, least: Callable[[Field[object]], float | None], place: str = ""
) -> None:
    """Convert every option of a frozen step to the type of its annotation.

    Args:
        step: a dataclass whose module postpones the evaluation of annotations, so that they are text.
        least: the smallest number that a field may have; None: any.
        place: prefix of the option's name in a message, such as "k-means.".

    Raises:
        InputError: an option cannot have its value.
    """
    for f in fields(step):
        value = option_value(f"{place}{f.name}", getattr(step, f.name), str(f.type), least(f))
        object.__setattr__(step, f.name, value)


def check_options(step: DataclassInstance) -> None:
    """As `set_options`, for a step that checks the ranges of its numbers itself."""
    set_options(step, lambda f: None, f"{type(step).__name__}.")


def _finite(number: object) -> bool:
    """Whether a number is finite and within the range of a float."""
    try:
        return math.isfinite(number)  # type: ignore[arg-type]
    except OverflowError:
        return False
