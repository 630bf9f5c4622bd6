"""A cast as JSON; docs/cast.schema.json describes its fields.

Every time is written twice: `seconds`, rounded to the microsecond, and `exact`, a rational "num/den".
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np

from castlist.cast import Appearance, Cast, Face, Person
from castlist.io import plain_json
from castlist.io.exports.options import Options
from castlist.types import NOISE, Fate, Json, Transition

__all__ = ["VERSION", "document", "lines"]

VERSION = 1  # of the document; raised when readers of an earlier version would misread it


def lines(cast: Cast, options: Options | None = None) -> Iterator[str]:
    """The file, in pieces."""
    yield from plain_json.pieces(document(cast))
    yield "\n"


def document(cast: Cast) -> dict[str, Json]:
    """The cast as dicts, lists, text and numbers, which `json` can write."""
    return {
        "format": "castlist.cast",
        "version": VERSION,
        "film": _film(cast),
        "people": [_person(p) for p in cast.people],
        "background": [_person(p) for p in cast.background],
        "shots": [
            {
                **_span(cast, start, stop),
                "transition": Transition(cut).word,
            }
            for start, stop, cut in zip(
                cast.shots.start.tolist(),
                cast.shots.stop.tolist(),
                cast.shots.transition.tolist(),
                strict=True,
            )
        ],
        "tracks": [_track(cast, t) for t in range(len(cast.tracks))],
    }


def time(value: Fraction) -> dict[str, Json]:
    """A time or a duration, rounded and exact."""
    return {"seconds": round(float(value), 6), "exact": f"{value.numerator}/{value.denominator}"}


def _film(cast: Cast) -> dict[str, Json]:
    v = cast.video
    return {
        "name": v.path.name.encode("utf-8", "replace").decode(),
        "digest": v.digest,
        "width": v.width,
        "height": v.height,
        "frame_rate": f"{v.frame_rate.numerator}/{v.frame_rate.denominator}",
        "duration": time(cast.clock.time(len(cast.clock))),
        "frames": len(cast.clock),
        "damaged_frames": cast.damaged,
        "retimed_frames": cast.clock.retimed,
        "unread": time(cast.unread),
        "hidden_frames": v.hidden,
        "better_turned": cast.turned,
        "negative": cast.negative,
        "codec": v.codec,
        "pixel_format": v.pixel_format,
        "timecode": v.timecode or None,
    }


def _person(p: Person) -> dict[str, Json]:
    return {
        "id": p.id,
        "name": p.name,
        "named": p.named,
        "screen_time": time(p.duration),
        "first": time(p.first),
        "last": time(p.last),
        "face_count": p.face_count,
        "tracks": list(p.tracks),
        "appearances": [_appearance(a) for a in p.appearances],
        "faces": [_face(f) for f in p.faces],
    }


def _appearance(a: Appearance) -> dict[str, Json]:
    return {
        "start": time(a.start),
        "stop": time(a.stop),
        "duration": time(a.duration),
        "tracks": list(a.tracks),
    }


def _face(f: Face) -> dict[str, Json]:
    left, top, right, bottom = f.box
    return {
        "frame": f.frame,
        "time": time(f.time),
        "box": [round(v, 2) for v in (left, top, right - left, bottom - top)],
        "track": f.track,
        "quality": round(f.quality, 4) if np.isfinite(f.quality) else None,
        "image": f.image or None,
    }


def _track(cast: Cast, t: int) -> dict[str, Json]:
    person = int(cast.person[t])
    return {
        "id": t,
        "shot": int(cast.tracks.shot[t]),
        **_span(cast, int(cast.tracks.first[t]), int(cast.tracks.last[t]) + 1),
        "face_count": int(cast.tracks.size[t]),
        "person": None if person == NOISE else cast.everybody[person].id,
        "fate": Fate(cast.fate[t]).word,
        "reason": cast.reason[t],
    }


def _span(cast: Cast, start: int, stop: int) -> dict[str, Json]:
    """Frames from `start` to `stop`, end excluded, and their times."""
    return {
        "start_frame": start,
        "stop_frame": stop,
        "start": time(cast.clock.time(start)),
        "stop": time(cast.clock.time(stop)),
    }
