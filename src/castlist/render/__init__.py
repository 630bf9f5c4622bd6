"""Film -> another film: every frame is decoded, changed where the caller asks for it, and encoded again.

FFmpeg runs in a child process, as for decoding, so that a crash or hang of a codec becomes one sentence.
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
