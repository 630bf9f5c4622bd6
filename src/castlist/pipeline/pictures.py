"""Cuts missing or damaged face pictures out of the film again."""

from __future__ import annotations

import numpy as np

from castlist.decode import read_frames
from castlist.errors import VideoError
from castlist.pipeline.scan import MAX_SIDE, jpeg, portrait
from castlist.store import Workspace
from castlist.types import Scan, Video

__all__ = ["missing_pictures", "recut_pictures"]


def missing_pictures(workspace: Workspace, scan: Scan) -> list[int]:
    """Rows of the scan's vectors whose pictures are missing, or differ from what was written."""
    intact = {name: workspace.has_image(name) for name in set(scan.image) if name}
    return [row for row, name in enumerate(scan.image) if name and not intact[name]]


def recut_pictures(workspace: Workspace, video: Video, scan: Scan, rows: list[int]) -> int:
    """Cut the pictures of some rows out of the film again, and store them; the number of restored pictures.

    The film is decoded up to the last of these rows, without detection. A picture with other bytes (from
    another version of the JPEG library) has another name, and does not replace the lost one.
    """
    wanted: dict[int, list[int]] = {}
    for row in rows:
        wanted.setdefault(int(scan.detections.frame[scan.embedded[row]]), []).append(row)
    made: set[str] = set()
    try:
        with read_frames(video, max_side=MAX_SIDE, on_demand=1) as reader:
            for number, frame in enumerate(reader):
                for row in wanted.pop(number, ()):
                    made.add(_again(workspace, scan, row, frame.image, video.width))
                if not wanted:
                    break
    except VideoError:  # the film is shorter now; pictures up to here are restored
        pass
    return sum(scan.image[row] in made for row in rows)


def _again(workspace: Workspace, scan: Scan, row: int, image: np.ndarray, width: int) -> str:
    """The name of one picture, cut out and stored."""
    zoom = np.float32(width / image.shape[1])
    return workspace.put_image(jpeg(portrait(image, scan.detections.box[scan.embedded[row]] / zoom)))
