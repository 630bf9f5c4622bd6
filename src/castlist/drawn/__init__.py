"""Drawn films: people made of ellipses, in an encoded video, with exact ground truth.

    script = FILMS["demo"]()
    truth = render(script, "demo.mp4")
    truth.write_csv("demo.truth.csv")

The films are the demo, the tests' video and the source of hard cases; no face in them resembles a real
person. Importing this package loads neither OpenCV nor PyAV.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from castlist.argument_types import typed_arguments
from castlist.drawn.films import FILMS, random_script, still
from castlist.drawn.look import Look, people, resembling
from castlist.drawn.script import Actor, Encoding, Picture, Scene, Script
from castlist.drawn.truth import NOT_A_FACE, UNKNOWN, Truth

__all__ = [
    "FILMS",
    "NOT_A_FACE",
    "UNKNOWN",
    "Actor",
    "Encoding",
    "Look",
    "Picture",
    "Scene",
    "Script",
    "Truth",
    "people",
    "random_script",
    "render",
    "resembling",
    "still",
]


@typed_arguments
def render(
    script: Script, path: Path | str, *, seed: int = 0, watch: Callable[[int, int], None] | None = None
) -> Truth:
    """Draw a film, write it to `path`, and return its ground truth.

    The same script and seed give the same pixels; the use of memory does not depend on the film's length.
    `watch` gets the number of frames drawn and of all frames. Raises InputError for an unwritable file.
    """
    from castlist.drawn.film import render as draw

    return draw(script, path, seed=seed, watch=watch)
