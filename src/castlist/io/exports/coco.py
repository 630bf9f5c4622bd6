"""Faces as a COCO dataset with tracks: `images` are the frames with people, `annotations` the faces.

Ids count from 1, frames (`frame_id`) from 0; boxes are left, top, width, height in pixels, clipped to the
picture. An annotation has `video_id`, `track_id` and, where the track belongs to a person, `person_id` and
`person`. The only category is `face`; `segmentation` is empty, since there are no masks. `--people-only`
leaves out faces of no person. [Lin 2014; the video fields are those of TAO, Dave 2020]
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import PurePath

import numpy as np
from numpy.typing import NDArray

from castlist.cast import Cast
from castlist.io.exports.names import distinct_names, film_name, plain_line
from castlist.io.exports.options import Options
from castlist.io.exports.within import Within
from castlist.types import NOISE, Fate, Json

__all__ = ["lines"]


def lines(cast: Cast, options: Options) -> Iterator[str]:
    """The file, face by face."""
    owner, within = cast.tracks.track, Within.of(cast)
    rows = np.lexsort((owner, cast.tracks.frame))
    rows = rows[within.seen[rows]]
    if options.people_only:
        rows = rows[cast.person[owner[rows]] != NOISE]
    names = distinct_names(cast)
    frames = np.unique(cast.tracks.frame[rows])
    head = {
        "info": {"description": f"faces of {film_name(cast)}, found by castlist"},
        "licenses": [],
        "videos": [_video(cast)],
        "categories": [{"id": 1, "name": "face", "supercategory": "person"}],
        "tracks": [_track(cast, t, names) for t in np.unique(owner[rows]).tolist()],
    }
    yield json.dumps(head, ensure_ascii=False)[:-1] + ',\n "images": ['
    yield from _listed(_image(cast, i, f) for i, f in enumerate(frames.tolist(), 1))
    yield '],\n "annotations": ['
    yield from _listed(_faces(cast, within, rows, frames, names))
    yield "]}\n"


def _listed(items: Iterator[dict[str, Json]]) -> Iterator[str]:
    """Items of a JSON list, one line each."""
    for number, item in enumerate(items):
        yield (",\n  " if number else "\n  ") + json.dumps(item, ensure_ascii=False)


def _video(cast: Cast) -> dict[str, Json]:
    v = cast.video
    return {
        "id": 1,
        "name": film_name(cast),
        "width": v.width,
        "height": v.height,
        "length": len(cast.clock),
        "fps": round(float(v.frame_rate), 6),
        "digest": v.digest,
    }


def _track(cast: Cast, t: int, names: list[str]) -> dict[str, Json]:
    return {
        "id": t + 1,
        "category_id": 1,
        "video_id": 1,
        "fate": Fate(cast.fate[t]).word,
        **_person_fields(cast, t, names),
    }


def _person_fields(cast: Cast, track: int, names: list[str]) -> dict[str, Json]:
    person = int(cast.person[track])
    return {} if person == NOISE else {"person_id": cast.everybody[person].id, "person": names[person]}


def _image(cast: Cast, number: int, frame: int) -> dict[str, Json]:
    return {
        "id": number,
        "video_id": 1,
        "frame_id": frame,
        "file_name": f"{plain_line(PurePath(cast.video.path).stem)}/{frame:06d}.jpg",
        "width": cast.video.width,
        "height": cast.video.height,
        "time": round(float(cast.clock.time(frame)), 6),
    }


def _faces(
    cast: Cast, within: Within, rows: NDArray[np.int64], frames: NDArray[np.int64], names: list[str]
) -> Iterator[dict[str, Json]]:
    tracks = cast.tracks
    owner = tracks.track[rows].tolist()
    image = (np.searchsorted(frames, tracks.frame[rows]) + 1).tolist()
    for number, (row, track, at) in enumerate(zip(rows.tolist(), owner, image, strict=True), 1):
        left, top, right, bottom = within.box[row].tolist()
        score = float(tracks.score[row])
        yield {
            "id": number,
            "image_id": at,
            "video_id": 1,
            "track_id": track + 1,
            "category_id": 1,
            "bbox": [round(v, 2) for v in (left, top, right - left, bottom - top)],
            "segmentation": [],
            "area": round((right - left) * (bottom - top), 2),
            "iscrowd": 0,
            "score": None if score != score else round(score, 4),
            **_person_fields(cast, track, names),
        }
