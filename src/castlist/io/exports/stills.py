"""The best picture of each person as a JPEG, with every face of the cast in it in an XMP sidecar of the same
name, and the names of the people.

The whole frame is written, in the film's size. The JPEG contains the same XMP, since some programs read only
that and some only sidecars. Files have a number and the person's name, `01 Anna.jpg` and `01 Anna.xmp`; a
missing folder is made, and other files in it stay. Needs the film.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from castlist.cast import Cast
from castlist.decode import open_again, read_frames
from castlist.errors import CastlistError
from castlist.io.exports.names import film_name, given_name
from castlist.io.exports.options import Options
from castlist.io.exports.stays import Named, chosen_stays
from castlist.io.exports.writing import replace_file
from castlist.io.exports.xmp import Region, picture
from castlist.outputs import check_output_folder, file_name
from castlist.types import NOISE, Video

__all__ = [
    "encoded_jpeg",
    "made_folder",
    "named_file",
    "pictures",
    "sidecar",
    "with_xmp",
    "write",
]

QUALITY = 92  # of the JPEGs; a viewer sees no loss at this quality
Picture = NDArray[np.uint8]  # (h, w, 3) BGR
_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_SEGMENT = 65_533  # largest contents of a JPEG segment, in bytes


def write(cast: Cast, folder: str | Path, options: Options | None = None) -> list[Path]:
    """Write a still and its sidecar for each person with a picture; returns the stills' paths.

    Raises:
        InputError: a person asked for does not exist.
        VideoError: the film is missing, is another one, or cannot be read.
        CastlistError: the folder cannot be written.
    """
    people = [named for named in chosen_stays(cast, options or Options()) if named.person.faces]
    video = open_again(cast.video)
    place = made_folder(folder)
    written = []
    for number, (named, image) in enumerate(pictures(cast, video, people), 1):
        packet = sidecar(cast, named.person.faces[0].frame, image)
        file = named_file(place, number, len(people), named.name)
        replace_file(str(file), iter([with_xmp(encoded_jpeg(image), packet)]))
        replace_file(str(file.with_suffix(".xmp")), iter([packet]))
        written.append(file)
    return written


def made_folder(folder: str | Path) -> Path:
    """The folder; it and its parents are made if missing.

    Raises:
        InputError: it is a file, a workspace, or inside a workspace.
        CastlistError: it cannot be made.
    """
    check_output_folder(folder)
    place = Path(folder)
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CastlistError(f"{folder}: cannot be made ({error.strerror or error})") from error
    return place


def pictures(cast: Cast, video: Video, people: list[Named]) -> Iterator[tuple[Named, Picture]]:
    """Each person with the whole frame of the person's best face, (h, w, 3) BGR."""
    with read_frames(video, on_demand=1) as reader:
        unit = reader.unit
    size = (video.width, video.height)
    for named in people:
        image = _frame(video, cast.clock.time(named.person.faces[0].frame), unit)
        if image is not None:
            yield named, image if image.shape[1::-1] == size else _resized(image, size)


def _resized(image: Picture, size: tuple[int, int]) -> Picture:
    """A picture scaled to the film's frames: boxes of faces are in pixels of these."""
    import cv2

    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def _frame(video: Video, time: Fraction, unit: Fraction) -> Picture | None:
    """The first frame at or after a time; None if there is none."""
    with read_frames(video, start_pts=round(time / unit), on_demand=1) as reader:
        return next((frame.image for frame in reader), None)


def sidecar(cast: Cast, frame: int, image: Picture, corner: tuple[int, int] = (0, 0)) -> bytes:
    """The regions of all people in a picture: a whole frame, or a crop of one.

    Args:
        image: the picture that is written.
        corner: its upper left corner in the frame, in pixels of the frame as it was read.
    """
    rows = np.flatnonzero(cast.tracks.frame == frame)
    owner = cast.person[cast.tracks.track[rows]]
    height, width = image.shape[:2]
    regions: list[Region] = []
    for row, person in zip(rows.tolist(), owner.tolist(), strict=True):
        left, top, right, bottom = (cast.tracks.box[row] - np.tile(corner, 2)).tolist()
        middle = (left + right) / 2, (top + bottom) / 2
        if person != NOISE and 0 < middle[0] < width and 0 < middle[1] < height:
            regions.append((given_name(cast.everybody[person]), (left, top, right, bottom)))
    return picture(width, height, regions, film_name(cast)).encode()


def encoded_jpeg(image: Picture) -> bytes:
    """A picture as the bytes of a JPEG."""
    import cv2

    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    return bytes(data)


def with_xmp(encoded_jpeg: bytes, packet: bytes) -> bytes:
    """A JPEG with an XMP packet after its first marker; unchanged if the packet does not fit into a
    segment."""
    body = _XMP + packet
    if len(body) > _SEGMENT:
        return encoded_jpeg
    return encoded_jpeg[:2] + b"\xff\xe1" + (len(body) + 2).to_bytes(2, "big") + body + encoded_jpeg[2:]


def named_file(folder: Path, number: int, of: int, name: str) -> Path:
    """The path of a person's JPEG: a number that sorts, and the name."""
    return folder / f"{number:0{max(2, len(str(of)))}d} {file_name(name)}.jpg"
