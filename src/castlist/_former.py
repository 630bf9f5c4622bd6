"""Former names of public modules, classes and tables: good until 0.4, with a DeprecationWarning.

`register` lets the import system find a module under its former name; both names give one and the same
module, so that classes keep their identity. `names` makes the `__getattr__` of a module [PEP 562]. Public are
the names in the `__all__` of `castlist` and of its packages; tests/test_former_names.py has those of 0.2.0.
"""

from __future__ import annotations

import importlib
import sys
import warnings
from collections.abc import Callable, Iterable, Sequence
from enum import Enum
from functools import wraps
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import TYPE_CHECKING, ParamSpec, TypeVar

if TYPE_CHECKING:
    from castlist.types.codes import Code

__all__ = ["MODULES", "attribute", "function", "keyword", "names", "option", "register", "words"]

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")

MODULES = {  # former -> now, with everything below it; last names of 0.2
    "castlist.baselines": "castlist.research.baselines",
    "castlist.bench": "castlist.research.bench",
    "castlist.estimators": "castlist.research.estimators",
    "castlist.handy": "castlist.interactive",
    "castlist.io.features": "castlist.research.features",
    "castlist.pipeline.features": "castlist.research.from_film",
}


def register() -> None:
    """Make the former names importable; once is enough, more often does no harm."""
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        # without this, the path of `castlist.bench` finds its submodules a second time
        sys.meta_path.insert(0, _Finder())


def names(module: str, **former: str | tuple[str, Callable[[type[Enum]], object]]) -> Callable[[str], object]:
    """A module's `__getattr__` that maps former names to today's: `names(__name__, Old="New")`.

    With `Old=("New", made)`, the former name gives `made(New)`: for a former table that is a class now.
    """

    def look_up(name: str) -> object:
        if name not in former:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        new = former[name]
        now, made = (new, None) if isinstance(new, str) else new
        _warn(f"{module}.{name}", f"{module}.{now}")
        module_now = sys.modules[module]
        return getattr(module_now, now) if made is None else made(getattr(module_now, now))

    return look_up


def attribute(old: str, new: str) -> property:
    """A property that gives today's attribute or method of a class under its former name."""

    def get(owner: object) -> object:
        _warn(f"{type(owner).__name__}.{old}", f"{type(owner).__name__}.{new}")
        return getattr(owner, new)

    return property(get)


def keyword(old: str, new: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """A decorator: the function also takes an argument under its former name."""

    def decorated(function: Callable[P, R]) -> Callable[P, R]:
        @wraps(function)
        def called(*args: P.args, **kwargs: P.kwargs) -> R:
            if old in kwargs:
                _warn(f"{function.__qualname__}({old}=...)", f"{function.__qualname__}({new}=...)")
                kwargs[new] = kwargs.pop(old)
            return function(*args, **kwargs)

        return called

    return decorated


def option(old: str, new: str) -> Callable[[type[T]], type[T]]:
    """A decorator: the dataclass also takes and gives one of its fields under a former name."""

    def decorated(cls: type[T]) -> type[T]:
        for name, value in (("__init__", keyword(old, new)(cls.__init__)), (old, attribute(old, new))):
            setattr(cls, name, value)
        return cls

    return decorated


def function(module: str, now: str) -> None:
    """Let a module be called as a function.

    `from castlist.embed import align` once gave a function; now it gives the module `align`, whose function
    has another name.
    """

    class Former(ModuleType):
        def __call__(self, *args: object, **options: object) -> object:
            package = module.rpartition(".")[0]
            _warn(module, f"{package}.{now}")
            return getattr(self, now)(*args, **options)

    sys.modules[module].__class__ = Former


def words(kinds: Iterable[Code]) -> tuple[str, ...]:
    """The words of an enumeration's codes in their order: the tuple that former versions had in its place."""
    return tuple(code.word for code in kinds)


def _warn(old: str, new: str) -> None:
    warnings.warn(f"{old} is now {new}; the former name goes away in 0.4", DeprecationWarning, stacklevel=3)


class _Finder(MetaPathFinder):
    """Finds modules under their former names; it comes before all other finders."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        for old, new in MODULES.items():
            if fullname == old or fullname.startswith(f"{old}."):
                return ModuleSpec(fullname, _Loader(new + fullname.removeprefix(old)))
        return None


class _Loader(Loader):
    """Imports the module of today's name and gives it unchanged."""

    def __init__(self, name: str) -> None:
        self.name = name

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        _warn(spec.name, self.name)
        module = importlib.import_module(self.name)
        self.spec = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = self.spec  # the import system has replaced it by the spec of the former name
