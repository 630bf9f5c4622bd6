"""Find the cast of any video: who appears, when, and for how long, with no labels.

    import castlist

    cast = castlist.find("film.mp4")
    for person in cast:
        print(person.name, person.screen_time, person.appearances)

Names are imported when they are first used: `import castlist` is quick and loads no model.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from castlist import _former
from castlist._version import __version__

if TYPE_CHECKING:
    from castlist.cast import Appearance, Cast, Face, Person
    from castlist.errors import CastlistError, InputError, MissingExtra, VideoError, WorkspaceError
    from castlist.library import Library, find_all
    from castlist.pipeline.explain import Explanation, explain
    from castlist.pipeline.find import find
    from castlist.pipeline.identify import identify
    from castlist.recipe import Recipe
    from castlist.review.by_name import accept, merge, proposals, propose, reject, rename
    from castlist.store import Workspace
    from castlist.types import Machine

__all__ = [
    "Appearance",
    "Cast",
    "CastlistError",
    "Explanation",
    "Face",
    "InputError",
    "Library",
    "Machine",
    "MissingExtra",
    "Person",
    "Recipe",
    "VideoError",
    "Workspace",
    "WorkspaceError",
    "__version__",
    "accept",
    "explain",
    "find",
    "find_all",
    "identify",
    "merge",
    "proposals",
    "propose",
    "reject",
    "rename",
]

_HOME = {
    "Appearance": "castlist.cast",
    "Cast": "castlist.cast",
    "CastlistError": "castlist.errors",
    "Explanation": "castlist.pipeline.explain",
    "Face": "castlist.cast",
    "InputError": "castlist.errors",
    "Library": "castlist.library",
    "Machine": "castlist.types",
    "MissingExtra": "castlist.errors",
    "Person": "castlist.cast",
    "Recipe": "castlist.recipe",
    "VideoError": "castlist.errors",
    "Workspace": "castlist.store",
    "WorkspaceError": "castlist.errors",
    "accept": "castlist.review.by_name",
    "explain": "castlist.pipeline.explain",
    "find": "castlist.pipeline.find",
    "find_all": "castlist.library",
    "identify": "castlist.pipeline.identify",
    "merge": "castlist.review.by_name",
    "proposals": "castlist.review.by_name",
    "propose": "castlist.review.by_name",
    "reject": "castlist.review.by_name",
    "rename": "castlist.review.by_name",
}


_former.register()


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'castlist' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
