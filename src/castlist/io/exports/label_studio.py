"""Face tracks as a Label Studio task with pre-annotations (`VideoRectangle` named "box" on a `Video` named
"video").

Label Studio counts frames from 1 at one rate for the whole film, so a film of varying rate is refused: its
boxes would drift away from the faces. Boxes are percentages of the frame, clipped to it. A track set aside
has the label "face". `--people-only` leaves out tracks of no person.

The labeling interface of the project must have these names, and a label for each person:

    <View>
      <Labels name="people" toName="video"><Label value="Anna"/><Label value="face"/></Labels>
      <Video name="video" value="$video" framerate="25"/>
      <VideoRectangle name="box" toName="video"/>
    </View>

`framerate` is the film's own rate. `video` in the task is the address at which Label Studio finds the film;
castlist writes the name of the film's file. [labelstud.io/guide/export, video object tracking]
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from castlist.cast import Cast
from castlist.errors import InputError
from castlist.io.exports.names import distinct_names, film_name
from castlist.io.exports.options import Options
from castlist.io.exports.within import Within
from castlist.timecode import consecutive, snapped
from castlist.types import NOISE, Json

__all__ = ["lines"]


def lines(cast: Cast, options: Options) -> Iterator[str]:
    """The file, track by track.

    Raises:
        InputError: the film's frames are not evenly spaced.
    """
    if not consecutive(cast.clock, snapped(cast.video.frame_rate)):
        raise InputError(
            f"{film_name(cast)} has frames that are not evenly spaced, and Label Studio counts at one rate; "
            "make a copy with one, for example: ffmpeg -i FILM -fps_mode cfr copy.mp4, and find its cast"
        )
    names, within = distinct_names(cast), Within.of(cast)
    task = {"data": {"video": film_name(cast)}, "predictions": [{"model_version": "castlist", "result": []}]}
    head, tail = json.dumps([task], ensure_ascii=False).split('"result": []')
    yield f'{head}"result": ['
    written = 0
    for track, person in enumerate(cast.person.tolist()):
        rows = within.rows(cast, track)
        if not len(rows) or (person == NOISE and options.people_only):
            continue
        sequence = _sequence(cast, within, rows)
        region = _region(cast, track, sequence, "face" if person == NOISE else names[person])
        yield (",\n " if written else "\n ") + json.dumps(region, ensure_ascii=False)
        written += 1
    yield f"]{tail}\n"


def _region(cast: Cast, track: int, sequence: list[dict[str, Json]], name: str) -> dict[str, Json]:
    return {
        "id": f"track{track}",
        "type": "videorectangle",
        "from_name": "box",
        "to_name": "video",
        "origin": "prediction",
        "value": {
            "framesCount": len(cast.clock),
            "duration": round(float(cast.clock.time(len(cast.clock))), 6),
            "sequence": sequence,
            "labels": [name],
        },
    }


def _sequence(cast: Cast, within: Within, rows: NDArray[np.int64]) -> list[dict[str, Json]]:
    """A key for each face; `enabled` is false if the next frame does not show the face."""
    frames, boxes = cast.tracks.frame[rows].tolist(), within.box[rows].tolist()
    width, height = cast.video.width / 100, cast.video.height / 100
    return [
        {
            "frame": frame + 1,
            "time": round(float(cast.clock.time(frame)), 6),
            "enabled": following == frame + 1,
            "rotation": 0,
            "x": round(left / width, 4),
            "y": round(top / height, 4),
            "width": round((right - left) / width, 4),
            "height": round((bottom - top) / height, 4),
        }
        for frame, following, (left, top, right, bottom) in zip(frames, [*frames[1:], -1], boxes, strict=True)
    ]
