"""The job of the rendering child and its result, both sent as JSON."""

from __future__ import annotations

from typing import TypedDict

__all__ = ["RenderJob", "RenderResult"]


class RenderJob(TypedDict, total=False):
    """A film to write: a whole film with covers (`table`), or `parts` of one or several films."""

    file: int  # descriptors of the first film, and of all
    files: list[int]
    threads: int
    max_pixels: int
    target: str  # path of the file to write
    container: str  # FFmpeg's name of its format
    unit: str  # seconds of a tick, exact
    width: int  # of the first film as shown
    height: int
    mute: bool
    style: str  # of the covers
    table: int  # descriptor of the covers
    parts: list[list[int]]  # film, first tick, tick after the last
    exact: list[bool]  # for each film: whether all of it must be decoded, see `Source`
    model: int  # index of the film whose format the stream of pictures has
    fade: float  # seconds at both ends of a part's sound


class RenderResult(TypedDict):
    """A description of the written film."""

    frames: int
    codec: str
    sound: list[str]  # one line for each sound track
