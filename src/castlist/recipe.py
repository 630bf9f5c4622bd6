"""A recipe: one field per step of the street, TOML in and TOML out.

    [track]
    use = "motion"
    max_gap = 1.0

`use` names one of the room's choices, or an object of your own as "package.module:Name". Keys that are
not given keep their defaults; `Recipe.toml()` writes all of them, so that what is read is what runs.
"""

from __future__ import annotations

import importlib
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields, is_dataclass, replace
from functools import partial
from math import isfinite
from pathlib import Path
from typing import Any, Self

from castlist.cluster import BILLINGS, CUTS, LINKAGES, Billing, Evidence, ProbabilityCut
from castlist.constrain import CONSTRAINERS, REFLECTIONS, CoOccurrence, Reflections
from castlist.detect import DETECTORS, Look, YuNet
from castlist.embed import EMBEDDERS, SFace
from castlist.errors import RecipeError
from castlist.refine import REFINERS
from castlist.refine.validate import Best
from castlist.split import SPLITTERS, ContentSplitter
from castlist.track import DIVIDERS, SIFTERS, TRACKERS, LikenessDivider, MotionTracker, Sift
from castlist.types import Video

__all__ = ["CHOICES", "Recipe"]

SCAN = 2  # raised when the scan of a film by the same recipe begins to hold something else

CHOICES: dict[str, Mapping[str, Any]] = {
    "split": SPLITTERS,
    "look": {"look": Look},
    "detect": DETECTORS,
    "track": TRACKERS,
    "embed": EMBEDDERS,
    "divide": DIVIDERS,
    "sift": SIFTERS,
    "constrain": CONSTRAINERS,
    "reflect": REFLECTIONS,
    "refine": {**REFINERS, "best": Best},
    "link": LINKAGES,
    "cut": CUTS,
    "bill": BILLINGS,
}


@dataclass(frozen=True, slots=True)
class Recipe:
    """What is done to a film, one step a field. Where and how fast is a `Machine`, not a recipe."""

    split: Any = field(default_factory=ContentSplitter)
    look: Any = field(default_factory=Look)
    detect: Any = field(default_factory=YuNet)
    track: Any = field(default_factory=MotionTracker)
    embed: Any = field(default_factory=SFace)
    divide: Any = field(default_factory=LikenessDivider)
    sift: Any = field(default_factory=Sift)
    constrain: Any = field(default_factory=CoOccurrence)
    reflect: Any = field(default_factory=Reflections)
    refine: Any = field(default_factory=Best)
    link: Any = field(default_factory=Evidence)
    cut: Any = field(default_factory=ProbabilityCut)
    bill: Any = field(default_factory=Billing)

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """The recipe that a TOML file holds.

        Raises:
            RecipeError: the file is missing or no TOML, or names an unknown step, option or value.
        """
        try:
            text = Path(path).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise RecipeError(f"the recipe {str(path)!r} cannot be read ({error})") from None
        return cls.parse(text)

    @classmethod
    def parse(cls, text: str) -> Self:
        """The recipe that a TOML text describes; raises RecipeError as `read` does."""
        try:
            tables = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise RecipeError(f"the recipe is not TOML: {error}") from None
        recipe = cls()
        for name, table in tables.items():
            if not isinstance(table, dict):
                raise RecipeError(f"the recipe needs tables such as [track], got a bare key {name!r}")
            recipe = recipe.with_step(name, table)
        return recipe

    def with_step(self, name: str, options: Mapping[str, Any]) -> Self:
        """This recipe with one step changed: `use` picks another choice, the other keys set its options.

        Raises:
            RecipeError: the step, the choice or an option is unknown, or a value is refused.
        """
        if name not in CHOICES:
            raise RecipeError(f"a recipe has no step {name!r}; it has {', '.join(CHOICES)}")
        options = dict(options)
        use = options.pop("use", None)
        step = getattr(self, name) if use is None else _made(name, use)
        known = [f.name for f in fields(step)] if is_dataclass(step) else []
        unknown = sorted(set(options) - set(known))
        if unknown:
            have = ", ".join(known) or "none"
            raise RecipeError(f"{name} {_name(name, step)!r} has no option {unknown[0]!r}; it has {have}")
        values = {key: _fitting(name, key, value, getattr(step, key)) for key, value in options.items()}
        try:
            step = replace(step, **values) if values else step
        except (TypeError, ValueError) as error:
            raise RecipeError(f"{name}: {error}") from None
        return replace(self, **{name: step})

    def with_setting(self, setting: str) -> Self:
        """This recipe with one option changed, as in `track.max_gap=8` or `refine.use=ssiam`.

        Raises:
            RecipeError: it is not written like that, or `with_step` refuses it.
        """
        path, equals, value = setting.partition("=")
        step, dot, option = path.strip().partition(".")
        if not (equals and dot and option):
            raise RecipeError(
                f"write a setting as step.option=value, such as track.max_gap=1, not {setting!r}"
            )
        try:
            parsed = tomllib.loads(f"value = {value.strip()}")["value"]
        except tomllib.TOMLDecodeError:
            parsed = value.strip()
        return self.with_step(step, {option: parsed})

    def toml(self) -> str:
        """The whole recipe, every option written out."""
        return "\n".join(_table(f.name, getattr(self, f.name)) for f in fields(self))

    def scan_key(self, video: Video) -> str:
        """Under which a scan of this film by this recipe is kept."""
        return f"{self.key('split', 'look', 'detect', 'track', 'embed')}{video.digest} {SCAN}"

    def key(self, *steps: str) -> str:
        """The options of these steps as text: results are kept under it."""
        return "\n".join(_table(name, getattr(self, name)) for name in steps)


def _made(room: str, use: str) -> Any:
    """A step by the name of a choice, or by `package.module:Name`."""
    choice = CHOICES[room].get(use) if isinstance(use, str) else None
    if choice is None and isinstance(use, str) and ":" in use:
        module, _, attribute = use.partition(":")
        try:
            choice = getattr(importlib.import_module(module), attribute)
        except (ImportError, AttributeError) as error:
            raise RecipeError(f"{room}: cannot import {use!r} ({error})") from None
        if not isinstance(choice, type):
            raise RecipeError(f"{room}: {use!r} is no class; name a class whose objects do this step")
    if choice is None:
        raise RecipeError(f"unknown {room} {use!r}; choose from {', '.join(sorted(CHOICES[room]))}")
    try:
        return choice()
    except TypeError as error:
        needed = _required(choice)
        if not needed:
            raise RecipeError(f"{room} {use!r} cannot be made: {error}") from None
        return choice(**needed)


def _required(choice: Any) -> dict[str, Any]:
    """Stand-in values for options without a default, which a recipe must then set."""
    kind = choice.func if isinstance(choice, partial) else choice
    if not is_dataclass(kind):
        return {}
    return {f.name: 1 for f in fields(kind) if f.default is MISSING and f.default_factory is MISSING}


def _name(room: str, step: Any) -> str:
    """The name under which a step is chosen."""
    fitting = []
    for name, choice in CHOICES[room].items():
        kind, given = (choice.func, choice.keywords) if isinstance(choice, partial) else (choice, {})
        if kind is type(step) and all(getattr(step, k) == v for k, v in given.items()):
            fitting.append((len(given), name))
    if fitting:
        return max(fitting)[1]  # the choice that says most about the step
    return f"{type(step).__module__}:{type(step).__qualname__}"


def _fitting(room: str, option: str, value: Any, now: Any) -> Any:
    """The value in the type that the option has; raises RecipeError where it cannot be."""
    if isinstance(value, float) and not isfinite(value):
        raise RecipeError(f"{room}.{option} must be a finite number, got {value!r}")
    numbers = (int, float)
    if isinstance(value, numbers) and isinstance(now, numbers) and value < 0 <= now:
        raise RecipeError(f"{room}.{option} must not be negative, got {value!r}")
    if isinstance(now, tuple) and isinstance(value, list):
        return tuple(value)
    if isinstance(now, bool) or isinstance(value, bool):
        fits = isinstance(now, bool) == isinstance(value, bool) or now is None
    elif isinstance(now, float) and isinstance(value, int):
        return float(value)
    else:
        fits = now is None or isinstance(value, type(now))
    if not fits:
        raise RecipeError(f"{room}.{option} takes a value like {now!r}, got {value!r}")
    return value


def _table(name: str, step: Any) -> str:
    """One step as a TOML table; options at None are left out, as TOML has no word for them."""
    lines = [f"[{name}]", f'use = "{_name(name, step)}"']
    for f in fields(step) if is_dataclass(step) else ():
        value = getattr(step, f.name)
        if value is not None:
            lines.append(f"{f.name} = {_literal(value)}")
    return "\n".join(lines) + "\n"


def _literal(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    if isinstance(value, (tuple, list)):
        return "[" + ", ".join(_literal(v) for v in value) + "]"
    return repr(value)
