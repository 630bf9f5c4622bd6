"""A still of the film for each appearance, for the report."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress

import numpy as np
from numpy.typing import NDArray

from castlist.cast import Cast
from castlist.decode import open_again, read_frames
from castlist.errors import CastlistError
from castlist.report.page import LEAD, stills_of
from castlist.report.stills import Stills
from castlist.store import Workspace
from castlist.types import Clock, Video

__all__ = ["kept_stills", "make_stills"]

KEPT = "stills"  # name among the workspace's results
MOST = 400  # stills of one film: more than a user looks at, a minute's work on a laptop
SIDE = 320  # pixels of the long side
QUALITY = 80  # of the JPEGs, as of the small pictures of faces
JUMP = 8.0  # longest gap between stills, in seconds, that is decoded; longer ones are skipped by a seek


def kept_stills(workspace: Workspace) -> Stills:
    """The stills of a workspace; empty without stills, or if these are damaged."""
    video = workspace.video()
    with suppress(CastlistError):
        found = None if video is None else workspace.get(KEPT, video.digest, Stills)
        if found is not None:
            return found
    return Stills.empty()


def make_stills(
    workspace: Workspace, cast: Cast, watch: Callable[[int, int], None] = lambda a, b: None
) -> Stills:
    """The stills of the appearances that a report lists, each cut out of the film once, and stored.

    No stills are made of a film from which a person was erased: they could show that person.

    Args:
        workspace: open for writing.
        watch: called with the number of stills made, and the number to make.

    Raises:
        VideoError: the film is gone, has been replaced by another, or cannot be read.
        WorkspaceError: the stills cannot be written.
    """
    stored = kept_stills(workspace)
    if workspace.erased:
        return stored
    known = dict(zip(stored.frame.tolist(), stored.image, strict=True))
    wanted = _wanted(cast)
    lacking = [frame for frame in wanted if not workspace.has_image(known.get(frame, ""))]
    if not lacking:
        return stored
    video = open_again(cast.video)
    for done, (frame, image) in enumerate(_frames(video, cast.clock, lacking), 1):
        known[frame] = workspace.put_image(_jpeg(image))
        watch(done, len(lacking))
    frames = sorted(set(wanted) & set(known))
    made = Stills(np.array(frames, np.int64), tuple(known[frame] for frame in frames))
    workspace.put(KEPT, video.digest, made)
    return made


def _wanted(cast: Cast) -> list[int]:
    """The frame with the best face of each appearance; at most MOST, with all first appearances first."""
    several = [person for person in cast.people[:LEAD] if len(person.appearances) > 1]
    stays = [[face.frame for _, face in stills_of(p) if face is not None] for p in several]
    ranked = [
        person_stays[n]
        for n in range(max(map(len, stays), default=0))
        for person_stays in stays
        if n < len(person_stays)
    ]
    return sorted(dict.fromkeys(ranked[:MOST]))


def _frames(video: Video, clock: Clock, frames: Sequence[int]) -> Iterator[tuple[int, NDArray[np.uint8]]]:
    """(frame, picture (h, w, 3) BGR) of each of `frames`, which are in rising order."""
    times = clock.seconds()
    groups = np.split(np.array(frames), np.flatnonzero(np.diff(times[np.array(frames)]) > JUMP) + 1)
    for group in groups:
        wanted = {int(clock.pts[frame]): int(frame) for frame in group}
        with read_frames(video, start_pts=min(wanted), max_side=SIDE, on_demand=1) as reader:
            for frame in reader:
                if frame.pts in wanted:
                    yield wanted.pop(frame.pts), frame.image
                if not wanted or frame.pts > max(wanted):
                    break


def _jpeg(image: NDArray[np.uint8]) -> bytes:
    import cv2

    return bytes(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1])
