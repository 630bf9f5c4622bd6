"""A recipe: one field for each step of the pipeline; read from and written to TOML.

    [track]
    use = "motion"
    max_gap = 1.0

`use` names one of the choices of its step, or a class of your own as "package.module:Name". Missing keys have
their defaults; `Recipe.toml()` writes all keys, so that the file shows every option that runs.

A recipe that names a module is a program: reading it imports that module. `Recipe.stored` reads a recipe
that another user may have written, such as the one in a workspace, and imports nothing.
"""

from __future__ import annotations

import importlib
import os
import re
import stat
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields, is_dataclass, replace
from functools import partial
from inspect import Parameter, signature
from math import isfinite, log10
from pathlib import Path
from typing import Any, Self

from castlist.cluster import CUTS, LINKAGES, ROLES, Cut, GroupLinkage, Linkage, ProbabilityCut, Roles
from castlist.constrain import CONSTRAINERS, REFLECTIONS, Constrainer, CoOccurrence, Reflections
from castlist.cues import CUES, WEIGHTS, Clothes, CueStep, Weights
from castlist.detect import DETECTORS, Detector, Sampling, YuNet
from castlist.embed import EMBEDDERS, Embedder, SFace
from castlist.errors import RecipeError
from castlist.refine import REFINERS, Averaged, Refiner
from castlist.refine.validate import Best
from castlist.split import SPLITTERS, ContentSplitter, Splitter
from castlist.track import FILTERS, TRACK_SPLITS, TRACKERS, LikenessSplit, MotionTracker, Tracker, TrackFilter
from castlist.types import Video
from castlist.web_addresses import is_address, not_fetched

__all__ = ["CHOICES", "Recipe", "imported_modules"]

LONGEST = 1 << 20  # bytes of a recipe's file: with all options it has some 2,000
LARGEST = 1 << 53  # largest whole number: beyond it a float is not exact
MANY_BITS = 4096  # bits, or 1,234 digits; the digits of longer numbers are estimated, not counted

SCAN = 6  # version of a scan's contents: raised when the same recipe gives another scan of a film

# Names of steps in recipes before version 0.2; they are read until 0.4.
FORMER = {
    "look": "sampling",
    "divide": "split_tracks",
    "sift": "filter",
    "reflect": "mirrors",
    "bill": "roles",
}

# Names of options before version 0.3; they are read until 0.4.
FORMER_OPTIONS = {
    ("weigh", "seen"): "min_visible",
    ("link", "poor"): "low_quality",
}

# Removed options, with the value that did nothing, and the message for any other value.
TAKEN_OUT: dict[tuple[str, str], tuple[object, str]] = {
    ("sampling", "parts"): (
        False,
        "sampling.parts was removed, because it lost people: leave it out; if a cast was found with it, "
        "find it again (castlist find FILM --replace)",
    ),
}

CHOICES: dict[str, Mapping[str, Callable[..., object]]] = {
    "split": SPLITTERS,
    "sampling": {"adaptive": Sampling},
    "detect": DETECTORS,
    "track": TRACKERS,
    "embed": EMBEDDERS,
    "cue": CUES,
    "split_tracks": TRACK_SPLITS,
    "filter": FILTERS,
    "constrain": CONSTRAINERS,
    "mirrors": REFLECTIONS,
    "refine": {**REFINERS, "averaged": Averaged, "best": Best},
    "weigh": WEIGHTS,
    "link": LINKAGES,
    "cut": CUTS,
    "roles": ROLES,
}


@dataclass(frozen=True, slots=True)
class Recipe:
    """What castlist does to a film, one field for each step. Where it runs, and how fast, is a `Machine`."""

    split: Splitter = field(default_factory=ContentSplitter)
    sampling: Sampling = field(default_factory=Sampling)
    detect: Detector = field(default_factory=YuNet)
    track: Tracker = field(default_factory=MotionTracker)
    embed: Embedder = field(default_factory=SFace)
    cue: CueStep = field(default_factory=Clothes)
    split_tracks: LikenessSplit = field(default_factory=LikenessSplit)
    filter: TrackFilter = field(default_factory=TrackFilter)
    constrain: Constrainer = field(default_factory=CoOccurrence)
    mirrors: Reflections = field(default_factory=Reflections)
    refine: Refiner | Best = field(default_factory=Averaged)
    weigh: Weights = field(default_factory=Weights)
    link: Linkage = field(default_factory=GroupLinkage)
    cut: Cut = field(default_factory=ProbabilityCut)
    roles: Roles = field(default_factory=Roles)

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """The recipe in a TOML file.

        Raises:
            RecipeError: the file is missing, is no regular file or no TOML, or names an unknown step, option
                or value.
        """
        return cls.parse(_text(path))

    @classmethod
    def parse(cls, text: str) -> Self:
        """The recipe in a TOML text of your own; raises RecipeError as `read` does."""
        return cls._of(text, stored=False)

    @classmethod
    def stored(cls, text: str) -> Self:
        """The recipe in a workspace. A stranger may have written it, so that no module is imported for it.

        Raises:
            RecipeError: as `read` does, and where a step is not one of castlist's own choices.
        """
        return cls._of(text, stored=True)

    @classmethod
    def _of(cls, text: str, *, stored: bool) -> Self:
        if len(text) > LONGEST:
            raise RecipeError(
                f"the recipe has more than {LONGEST:,} characters; a complete one has about 2,000"
            )
        try:
            tables = tomllib.loads(text)
        except RecursionError:
            raise RecipeError("the recipe is not TOML: its lists or tables are nested too deeply") from None
        except ValueError as error:  # TOMLDecodeError, and numbers of thousands of digits
            raise RecipeError(f"the recipe is not TOML: {_shown(str(error))}") from None
        recipe = cls()
        for name, table in tables.items():
            if not isinstance(table, dict):
                raise RecipeError(f"the recipe needs tables such as [track], got a bare key {_shown(name)!r}")
            recipe = recipe.with_step(name, table, stored=stored)
        return recipe

    def with_step(self, name: str, options: Mapping[str, object], *, stored: bool = False) -> Self:
        """This recipe with one step changed: `use` picks another choice, the other keys set its options.

        Args:
            stored: allow only castlist's own choices, and import no module.

        Raises:
            RecipeError: the step, the choice or an option is unknown, or a value is refused.
        """
        name = FORMER.get(name, name)
        if name not in CHOICES:
            raise RecipeError(f"a recipe has no step {_shown(name)!r}; it has {', '.join(CHOICES)}")
        options = _without_taken_out(name, options)
        use = options.pop("use", None)
        use = "adaptive" if (name, use) == ("sampling", "look") else use  # as before version 0.2
        step: Any  # any of the fields: which one is known only when this runs; `_working` checks that it fits
        step = getattr(self, name) if use is None else _made(name, use, stored)
        known = [f.name for f in fields(step)] if is_dataclass(step) else []
        options = _under_todays_names(name, options, known)
        unknown = sorted(set(options) - set(known))
        if unknown:
            valid = ", ".join(known) or "none"
            raise RecipeError(
                f"{name} {_name(name, step)!r} has no option {_shown(unknown[0])!r}; it has {valid}"
            )
        values = {key: _fitting(name, key, value, getattr(step, key)) for key, value in options.items()}
        try:
            step = replace(step, **values) if values else step
        except (TypeError, ValueError, OverflowError) as error:
            raise RecipeError(f"{name}: {_shown(str(error), 300)}") from None
        return replace(self, **{name: step})

    def with_setting(self, setting: str) -> Self:
        """This recipe with one option changed, as in `track.max_gap=8` or `refine.use=ssiam`.

        Raises:
            RecipeError: the text has another form, or `with_step` refuses it.
        """
        if not isinstance(setting, str):
            raise RecipeError(f"a setting is text, such as 'track.max_gap=1', not {type(setting).__name__}")
        path, equals, value = setting.partition("=")
        step, dot, option = path.strip().partition(".")
        if not (equals and dot and option):
            raise RecipeError(
                f"write a setting as step.option=value, such as track.max_gap=1, not {_shown(setting)!r}"
            )
        try:
            parsed = tomllib.loads(f"value = {value.strip()}")["value"]
        except RecursionError:
            raise RecipeError(f"{step}.{option}: the value is nested too deeply") from None
        except ValueError:  # not TOML: text without quotes
            parsed = value.strip()
        return self.with_step(step, {option: parsed})

    def with_people(self, number: int | str) -> Self:
        """This recipe for a film with a given number of people: 6, "6", or "4-8" for four to eight.

        Raises:
            RecipeError: it is no such number, or the end of the range is below its beginning.
        """
        least, most = _people(str(number))
        return self.with_step("cut", {"use": "people", "least": least, "most": most})

    @property
    def own(self) -> tuple[str, ...]:
        """Steps that are classes of the user: a workspace stores their names, not their code."""
        return tuple(f.name for f in fields(self) if ":" in _name(f.name, getattr(self, f.name)))

    def toml(self) -> str:
        """The whole recipe, every option written out."""
        return "\n".join(_table(f.name, getattr(self, f.name)) for f in fields(self))

    def scan_key(self, video: Video) -> str:
        """The key under which a scan of this film by this recipe is stored."""
        return f"{self.key('split', 'sampling', 'detect', 'track', 'embed', 'cue')}{video.digest} {SCAN}"

    def key(self, *steps: str) -> str:
        """The options of these steps as text: the key under which results are stored."""
        return "\n".join(_table(name, getattr(self, name)) for name in steps)


def _without_taken_out(step: str, options: Mapping[str, object]) -> dict[str, object]:
    """The options of a step without those of `TAKEN_OUT`; raises RecipeError where one of these had an
    effect."""
    left = dict(options)
    for (where, option), (idle, sentence) in TAKEN_OUT.items():
        if where == step and option in left and left.pop(option) is not idle:
            raise RecipeError(sentence)
    return left


def _under_todays_names(step: str, options: dict[str, object], known: list[str]) -> dict[str, object]:
    """The options of a step, with former names replaced by today's.

    A step of the user's own may have an option of such a name; then the name means that option.
    """
    found: dict[str, object] = {}
    for option, value in options.items():
        today = option if option in known else FORMER_OPTIONS.get((step, option), option)
        if today in found:
            raise RecipeError(f"{step}.{today} is given twice, once under its former name; give it once")
        found[today] = value
    return found


def _text(path: str | Path) -> str:
    """The text of a recipe's file.

    Raises:
        RecipeError: it cannot be read, is no regular file, or is too large.
    """
    name = _shown(str(path))
    if is_address(str(path)):
        raise RecipeError(not_fetched(str(path)))
    try:
        regular = stat.S_ISREG(os.stat(path).st_mode)  # before opening: a pipe would block for ever
        data = _begin(path) if regular else b""
    except OSError as error:
        raise RecipeError(f"the recipe {name!r} cannot be read ({error.strerror or error})") from None
    except ValueError as error:  # a zero character in the path
        raise RecipeError(f"the recipe {name!r} cannot be read ({error})") from None
    if not regular:
        raise RecipeError(
            f"the recipe {name!r} is not a regular file; save the recipe to a file and give that"
        )
    if len(data) > LONGEST:
        raise RecipeError(
            f"the recipe {name!r} has more than {LONGEST:,} bytes; a complete one has about 2,000"
        )
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise RecipeError(f"the recipe {name!r} cannot be read (it is not UTF-8 text)") from None


def _begin(path: str | Path) -> bytes:
    """The first bytes of a file: at most one more than a recipe may have."""
    with open(path, "rb") as file:
        return file.read(LONGEST + 1)


def _people(text: str) -> tuple[int, int]:
    """The least and the largest number in a text such as "6" or "4-8"."""
    match = re.fullmatch(r"([0-9]{1,6})(?:-([0-9]{1,6}))?", text.strip(), re.ASCII)
    least, most = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
    if not 1 <= least <= most:
        raise RecipeError(
            f"write the number of people as 6, or as 4-8 for four to eight people, not {_shown(text)!r}"
        )
    return least, most


def _made(step_name: str, use: object, stored: bool) -> object:
    """A step by the name of a choice, or by `package.module:Name` where `stored` is false."""
    choice = CHOICES[step_name].get(use) if isinstance(use, str) else None
    if choice is None and isinstance(use, str) and ":" in use:
        if stored:
            raise RecipeError(
                f"{step_name}: {_shown(use)!r} is not a step of castlist, and castlist imports no module "
                "only because a workspace names it; give your recipe again with --recipe"
            )
        choice = _imported(step_name, use)
    if choice is None or not isinstance(use, str):
        known = ", ".join(sorted(CHOICES[step_name]))
        raise RecipeError(f"unknown {step_name} {_shown(use)!r}; choose from {known}")
    try:
        step = choice()
    except TypeError as error:
        needed = _required(choice)
        if not needed:
            raise RecipeError(f"{step_name} {_shown(use)!r} cannot be made: {_shown(str(error))}") from None
        step = choice(**needed)
    except Exception as error:
        raise RecipeError(f"{step_name} {_shown(use)!r} cannot be made ({_fault(error)})") from None
    return _working(step_name, use, step)


def _imported(step_name: str, use: str) -> type:
    """The class that `package.module:Name` means; any failure of its module becomes one sentence."""
    module, _, attribute = use.partition(":")
    if not module or module.startswith(".") or not attribute:
        raise RecipeError(
            f"{step_name}: write a class of your own as package.module:Name, not {_shown(use)!r}"
        )
    try:
        found = getattr(importlib.import_module(module), attribute)
    except (Exception, SystemExit) as error:
        raise RecipeError(f"{step_name}: cannot import {_shown(use)!r} ({_fault(error)})") from None
    if not isinstance(found, type):
        raise RecipeError(
            f"{step_name}: {_shown(use)!r} is no class; name a class whose objects do this step"
        )
    _IMPORTED.add(found.__module__)
    return found


_IMPORTED: set[str] = set()


def imported_modules() -> frozenset[str]:
    """The modules of the users' own steps that recipes have imported in this process."""
    return frozenset(_IMPORTED)


def _working(step_name: str, use: str, step: object) -> object:
    """The step, if it has everything that the pipeline calls; refused before a film is scanned with it."""
    lacking = [name for name in NEEDED.get(step_name, ()) if not hasattr(step, name)]
    if lacking or not (callable(step) or step_name == "sampling" or isinstance(step, Best)):
        fault = f"has no {lacking[0]!r}" if lacking else "cannot be called"
        raise RecipeError(
            f"{step_name}: an object of {_shown(use)!r} {fault}, so that it cannot do this step"
        )
    if step_name in ("detect", "embed") and not _takes(step, "machine"):
        raise RecipeError(
            f"{step_name}: an object of {_shown(use)!r} cannot be called with machine=..., as it must"
        )
    return step


def _takes(step: object, name: str) -> bool:
    """Whether a step can be called with an argument of this name."""
    try:
        given = signature(step).parameters.values()  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return True
    return any(p.kind == Parameter.VAR_KEYWORD or p.name == name for p in given)


# Attributes of a step that the pipeline uses.
NEEDED = {
    "split": ("signal",),
    "sampling": ("watch",),
    "detect": ("model",),
    "embed": ("model", "per_second", "least"),
    "cue": ("cut",),
}


def _fault(error: BaseException) -> str:
    """The message of a failed import, on one line."""
    text = _shown(" ".join(str(error).split()), 120)
    return text if isinstance(error, ImportError | AttributeError) else f"{type(error).__name__}: {text}"


def _shown(value: object, most: int = 60) -> str:
    """Any value from outside as a short text for a message."""
    if not isinstance(value, str):
        try:
            value = repr(value)
        except (ValueError, RecursionError):  # a number of thousands of digits, a list of lists of ...
            value = f"a {type(value).__name__}"
    return value if len(value) <= most else value[: most - 1] + "…"


def _quoted(value: object) -> str:
    """A value in Python's notation, as a short text."""
    return _shown(repr(value)) if isinstance(value, str) else _shown(value)


def _required(choice: Callable[..., object]) -> dict[str, int]:
    """Stand-in values for options without a default, which a recipe must then set."""
    kind = choice.func if isinstance(choice, partial) else choice
    if not is_dataclass(kind):
        return {}
    return {f.name: 1 for f in fields(kind) if f.default is MISSING and f.default_factory is MISSING}


def _name(step_name: str, step: object) -> str:
    """The name of the choice that gives this step."""
    fitting: list[tuple[int, str]] = []
    for name, choice in CHOICES[step_name].items():
        kind, given = (choice.func, choice.keywords) if isinstance(choice, partial) else (choice, {})
        if kind is type(step) and all(getattr(step, k) == v for k, v in given.items()):
            fitting.append((len(given), name))
    if fitting:
        return max(fitting)[1]  # the choice that sets most options of the step
    return f"{type(step).__module__}:{type(step).__qualname__}"


def _digits(value: int) -> str:
    """The number of decimal digits of a number; estimated, with "about", for very long numbers."""
    bits = value.bit_length()
    return str(len(str(abs(value)))) if bits < MANY_BITS else f"about {round(bits * log10(2)):,}"


def _fitting(step_name: str, option: str, value: object, now: object) -> object:
    """The value in the type of the option; raises RecipeError where it has another type."""
    if isinstance(value, float) and not isfinite(value):
        raise RecipeError(f"{step_name}.{option} must be a finite number, got {value!r}")
    numbers = (int, float)
    if isinstance(value, str) and any("\ud800" <= c <= "\udfff" for c in value):
        raise RecipeError(f"{step_name}.{option} must be text that can be written as UTF-8")
    if isinstance(value, int) and abs(value) > LARGEST:
        raise RecipeError(f"{step_name}.{option} is far too large: it has {_digits(value)} digits")
    if isinstance(value, numbers) and isinstance(now, numbers) and value < 0 <= now:
        raise RecipeError(f"{step_name}.{option} must not be negative, got {_shown(value)}")
    if isinstance(now, tuple) and isinstance(value, list):
        return tuple(_fitting(step_name, option, each, now[0] if now else None) for each in value)
    if isinstance(now, bool) or isinstance(value, bool):
        fits = isinstance(now, bool) == isinstance(value, bool) or now is None
    elif isinstance(now, float) and isinstance(value, int):
        return float(value)
    else:
        fits = now is None or isinstance(value, str if isinstance(now, str) else type(now))
    if not fits:
        raise RecipeError(f"{step_name}.{option} takes a value like {now!r}, got {_quoted(value)}")
    return value


def _table(name: str, step: object) -> str:
    """One step as a TOML table without the options that are None, for which TOML has no value."""
    import tomli_w

    options = [(f.name, getattr(step, f.name)) for f in (fields(step) if is_dataclass(step) else ())]
    known = {option: value for option, value in options if value is not None}
    return tomli_w.dumps({name: {"use": _name(name, step), **known}})
