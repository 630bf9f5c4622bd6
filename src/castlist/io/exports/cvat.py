"""Face tracks as "CVAT for video 1.1", the only import of CVAT that keeps tracks with their attributes.

A track has the label `face` and the attribute `person`, empty if the track was set aside. Every box is a key
frame, and the frame after the last one marks the face as outside, so that CVAT interpolates nothing. Frames
count from 0; boxes are pixels, clipped to the picture. `--people-only` leaves out tracks of no person.
[docs.cvat.ai, CVAT for videos]
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from castlist.cast import Cast
from castlist.io.exports.names import distinct_names, film_name, xml
from castlist.io.exports.options import Options
from castlist.io.exports.within import Within
from castlist.types import NOISE

__all__ = ["lines"]


def lines(cast: Cast, options: Options) -> Iterator[str]:
    """The file, track by track."""
    names, within = [xml(name) for name in distinct_names(cast)], Within.of(cast)
    yield '<?xml version="1.0" encoding="utf-8"?>\n<annotations>\n  <version>1.1</version>\n'
    yield _meta(cast, names)
    written = 0
    for track, person in enumerate(cast.person.tolist()):
        rows = within.rows(cast, track)
        if not len(rows) or (person == NOISE and options.people_only):
            continue
        yield f'  <track id="{written}" label="face" source="castlist">\n'
        yield from _boxes(cast, within, rows, "" if person == NOISE else names[person])
        yield "  </track>\n"
        written += 1
    yield "</annotations>\n"


def _meta(cast: Cast, names: list[str]) -> str:
    """The task: the film, its size, and the people that a face can belong to."""
    size = max(1, len(cast.clock))
    values = "\n".join(["", *names])
    return (
        "  <meta>\n    <task>\n"
        f"      <name>{xml(film_name(cast))}</name>\n      <size>{size}</size>\n"
        "      <mode>interpolation</mode>\n"
        f"      <start_frame>0</start_frame>\n      <stop_frame>{size - 1}</stop_frame>\n"
        "      <labels>\n        <label>\n          <name>face</name>\n          <attributes>\n"
        "            <attribute>\n              <name>person</name>\n              <mutable>False</mutable>\n"
        "              <input_type>select</input_type>\n              <default_value></default_value>\n"
        f"              <values>{values}</values>\n"
        "            </attribute>\n          </attributes>\n        </label>\n      </labels>\n"
        "      <original_size>\n"
        f"        <width>{cast.video.width}</width>\n        <height>{cast.video.height}</height>\n"
        "      </original_size>\n    </task>\n"
        f"    <source>{xml(film_name(cast))}</source>\n  </meta>\n"
    )


def _boxes(cast: Cast, within: Within, rows: NDArray[np.int64], name: str) -> Iterator[str]:
    """The boxes of a track; a frame that it skips, and the one after its end, are marked as outside."""
    frames, boxes = cast.tracks.frame[rows].tolist(), within.box[rows].tolist()
    for i, (frame, box) in enumerate(zip(frames, boxes, strict=True)):
        yield _box(frame, box, name, outside=False)
        following = frames[i + 1] if i + 1 < len(frames) else len(cast.clock)
        if following > frame + 1:
            yield _box(frame + 1, box, name, outside=True)


def _box(frame: int, box: list[float], name: str, *, outside: bool) -> str:
    sides = " ".join(f'{k}="{v:.2f}"' for k, v in zip(("xtl", "ytl", "xbr", "ybr"), box, strict=True))
    return (
        f'    <box frame="{frame}" keyframe="1" outside="{int(outside)}" occluded="0" {sides} z_order="0">'
        f'<attribute name="person">{name}</attribute></box>\n'
    )
