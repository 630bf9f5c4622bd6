"""A poster of each person: the key picture, in portrait format, cropped from the film's frame around the
face.

Two by three, as media libraries show people; as large as the film's pixels allow, never enlarged. With XMP,
every face of the cast in it is a region in the JPEG and in a sidecar of the same name, with the person's
name. Needs the film.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from castlist.cast import Cast
from castlist.decode import open_again
from castlist.io.exports.options import Options
from castlist.io.exports.stays import chosen_stays
from castlist.io.exports.stills import (
    encoded_jpeg,
    made_folder,
    named_file,
    pictures,
    sidecar,
    with_xmp,
)
from castlist.io.exports.writing import replace_file

__all__ = ["write_posters"]

TALL = 3.2  # heights of the face: head, neck and shoulders
ABOVE = 0.42  # of the poster's height, from its top to the middle of the face
SHAPE = (2, 3)  # width to height


def write_posters(
    cast: Cast, folder: str | Path, options: Options | None = None, *, xmp: bool = False
) -> list[Path]:
    """Write `01 Anna.jpg` for each person with a picture; returns the paths. The folder is made.

    Raises:
        InputError: a person asked for does not exist, or the film is another one.
        VideoError: the film is missing or cannot be read.
        CastlistError: the folder cannot be written.
    """
    people = [named for named in chosen_stays(cast, options or Options()) if named.person.faces]
    video, place = open_again(cast.video), made_folder(folder)
    written = []
    for number, (named, image) in enumerate(pictures(cast, video, people), 1):
        face = named.person.faces[0]
        left, top, right, bottom = _window(image.shape[1], image.shape[0], face.box)
        poster = image[top:bottom, left:right]
        file = named_file(place, number, len(people), named.name)
        data = encoded_jpeg(poster)
        if xmp:
            packet = sidecar(cast, face.frame, poster, (left, top))
            data = with_xmp(data, packet)
            replace_file(str(file.with_suffix(".xmp")), iter([packet]))
        replace_file(str(file), iter([data]))
        written.append(file)
    return written


def _window(width: int, height: int, box: Sequence[float]) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of the poster's part of a frame; it lies within the frame."""
    size = max(box[2] - box[0], box[3] - box[1], 1.0)
    tall = min(TALL * size, height, width * SHAPE[1] / SHAPE[0])
    wide = tall * SHAPE[0] / SHAPE[1]
    left = min(max((box[0] + box[2] - wide) / 2, 0), width - wide)
    top = min(max((box[1] + box[3]) / 2 - ABOVE * tall, 0), height - tall)
    return round(left), round(top), round(left + wide), round(top + tall)
