"""The job of the rendering child and its result, both sent as JSON."""

from __future__ import annotations

from typing import TypedDict

__all__ = ["RenderJob", "RenderResult"]


class RenderJob(TypedDict, total=False):
    """A film to be written: the whole of one with covers (`table`), or `parts` of one or several."""

    file: int  # descriptors of the first film, and of all
    files: list[int]
    threads: int
    max_pixels: int
    target: str  # the file that is written
    container: str  # FFmpeg's name of its format
    unit: str  # seconds of a tick, exact
    width: int  # of the first film as shown
    height: int
    mute: bool
    style: str  # of the covers
    table: int  # descriptor of the covers
    parts: list[list[int]]  # film, first tick, tick after the last
    exact: list[bool]  # of each film: whether all of it must be decoded, see `Source`
    model: int  # the film that the stream of pictures is made like
    fade: float  # seconds at both ends of a part's sound


class RenderResult(TypedDict):
    """What was written."""

    frames: int
    codec: str
    sound: list[str]  # a line a sound track
