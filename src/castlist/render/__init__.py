"""A film in, another film out: every frame decoded, changed where that is asked for, and encoded again.

FFmpeg runs in a child process, as for decoding: a film that crashes or hangs a codec becomes one sentence.
"""

from __future__ import annotations

from castlist.render.codecs import CONTAINERS, container_of
from castlist.render.covers import (
    BLACK,
    BODY,
    CORE,
    HEAD,
    HOLE,
    MARGIN,
    OPEN,
    STYLES,
    WHOLE,
    Covers,
    CoverStyle,
)
from castlist.render.process import Film, Rendered, check_target, cut, joined, render

__all__ = [
    "BLACK",
    "BODY",
    "CONTAINERS",
    "CORE",
    "HEAD",
    "HOLE",
    "MARGIN",
    "OPEN",
    "STYLES",
    "WHOLE",
    "CoverStyle",
    "Covers",
    "Film",
    "Rendered",
    "check_target",
    "container_of",
    "cut",
    "joined",
    "render",
]
