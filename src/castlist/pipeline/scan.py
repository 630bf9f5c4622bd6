"""The one pass over a film: shots, faces and vectors are stored segment by segment.

Decoding a film and finding its faces is nearly all of the work, so it is done in one pass: every frame gives
its signal for the shots, some frames are searched for faces, faces are cut out while the frame is in memory,
and the best faces of each track are embedded. The scan is stored in segments of frames. A segment does not
depend on the segments before it, so an interrupted pass continues after the last stored segment, and ends
with the same result.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial

import numpy as np
from numpy.typing import NDArray

from castlist.boxes import portrait_square
from castlist.decode import Frame, Limits, Reader, WaitingDecoder, decoding_threads, read_frames
from castlist.detect import BACK, LookAhead, Sampler, Sampling
from castlist.embed import (
    CHIP,
    Embedder,
    align_faces,
    best_faces,
    detail,
    doubtful,
    face_patch,
    face_quality,
    halved,
    sharpness,
    track_motion,
)
from castlist.errors import RecipeError
from castlist.helper_thread import HelperTask, HelperThread
from castlist.low_light import brightened
from castlist.noise import smoothed
from castlist.pipeline.custom_steps import finder_of, vectors_of
from castlist.recipe import Recipe
from castlist.types import Clock, Detections, Machine, Scan, Video

__all__ = ["MAX_SIDE", "SEGMENT", "is_last_piece", "jpeg", "load_networks", "portrait", "scan"]

SEGMENT = 96  # frames, about four seconds: the most that is lost when the process is killed
UNFINISHED = 2  # decoded segments whose faces may wait to be embedded: some segments have many
CROWD = 2000  # faces that may wait, 80 MB; if there are more, the next segment waits
MAX_SIDE = 1920  # pixels of the longer side to which frames are scaled down before all steps
AHEAD = 8  # frames by which a search for faces is started early: two searches, at 24 frames a second
AHEAD_BYTES = 64 << 20  # of frames that may wait for a search; of large frames fewer wait, but at least two
TOGETHER = 4  # faces embedded in one call, a multiple of `embed.network.BATCH`: 70 ms
EDGE = 0.1  # margin, as a share of a face's box: nearer to the edge of the frame a face may be cut off
PORTRAIT = 128  # pixels: height of the small picture kept of a face with its surroundings


def scan(
    video: Video,
    recipe: Recipe,
    machine: Machine,
    *,
    frames: int = 0,
    last_pts: int | None = None,
    retimed: int = 0,
    most: int | None = None,
    keep_image: Callable[[bytes], str],
    watch: Callable[[int], None] = lambda frames: None,
    decoder: WaitingDecoder | None = None,
) -> Iterator[Scan]:
    """Pieces of the scan of a film, in order, each of SEGMENT frames; the last has fewer, or none.

    Args:
        frames: number of frames in earlier pieces; `last_pts` is the time of the last of these frames, and
            `retimed` the number of these with another time than in the film (`Clock.retimed`).
        most: pieces after which to stop; None: at the film's end.
        keep_image: stores a small JPEG and returns its name.
        watch: called after each frame with the number of frames so far.
        decoder: a decoder that has opened the film and waits to read it.

    Raises:
        VideoError: the film cannot be read any further.
    """
    start = 0 if last_pts is None else last_pts + 1
    shared = machine.shared
    with ExitStack() as open_things:
        helper = open_things.enter_context(HelperThread())
        helper.do(lambda: load_networks(recipe, machine))  # while the decoder starts
        lag = _lag(video) if machine.threads != 1 and type(recipe.sampling) is Sampling else 0
        steps = _ScanSteps(recipe, shared, video, helper, lag)
        thumb = getattr(recipe.split, "sees", None)
        reader = open_things.enter_context(
            read_frames(
                video,
                start_pts=start,
                max_side=MAX_SIDE,
                thumb=thumb,
                on_demand=BACK + 1 + lag,
                exact=retimed > 0,
                limits=Limits(threads=decoding_threads(video.width, video.height, machine.threads)),
                decoder=decoder,
            )
        )
        waiting: deque[tuple[HelperTask[Scan], int]] = deque()  # and the number of faces of each
        number = itertools.count(frames + 1)
        segments = _segments(reader, steps, lambda: watch(next(number)))
        for segment in itertools.islice(segments, most):
            # embedded while the next frames are searched
            waiting.append((helper.do(partial(segment.finish, keep_image)), len(segment.chips)))
            del segment  # so that the pictures of its faces are freed after this
            while len(waiting) > UNFINISHED or sum(faces for _, faces in waiting) > CROWD:
                yield waiting.popleft()[0].result()
        for piece, _ in reversed(waiting):  # the helper begins with the first of them
            piece.run()
        for piece, _ in waiting:
            yield piece.result()


def is_last_piece(piece: Scan) -> bool:
    """Whether a piece is the film's last; a piece of SEGMENT frames may be the last, too."""
    return len(piece) < SEGMENT


@dataclass(frozen=True, slots=True)
class _ScanSteps:
    """The common data of the segments of one film: recipe, machine, video and helper thread."""

    recipe: Recipe
    machine: Machine
    video: Video
    helper: HelperThread
    lag: int  # frames by which a search for faces is started early; 0: it is not

    def watcher(self) -> Sampler | LookAhead:
        """The sampler that chooses frames of a segment, and searches these for faces."""
        sampling, detect = self.recipe.sampling, finder_of(self.recipe.detect)
        if not self.lag:
            return sampling.watch(detect, self.machine)
        return LookAhead(sampling, detect, self.machine, self.helper, self.lag)


def _lag(video: Video) -> int:
    """Frames by which a search for faces is started early."""
    return max(2, min(AHEAD, AHEAD_BYTES // (3 * video.width * video.height)))


def load_networks(recipe: Recipe, machine: Machine) -> None:
    """Load the networks of a scan before they are needed."""
    machine = machine.shared
    recipe.detect(np.zeros((64, 64, 3), np.uint8), scale=1.0, machine=machine)
    recipe.embed(np.zeros((0, CHIP, CHIP, 3), np.uint8), machine=machine)


def _segments(reader: Reader, steps: _ScanSteps, on_frame: Callable[[], None]) -> Iterator[_Segment]:
    """The segments of SEGMENT frames, with all frames processed."""
    before = _counts(reader)
    segment = _Segment(steps, reader.unit)
    for frame in reader:
        segment.add(frame)
        on_frame()
        if len(segment.pts) == SEGMENT:
            segment.close(_counts(reader) - before)
            done, segment = segment, _Segment(steps, reader.unit)
            yield done
            del done
            before = _counts(reader)
    segment.close(_counts(reader) - before)
    if segment.pts or segment.lost.any():
        yield segment


def _counts(reader: Reader) -> NDArray[np.int64]:
    """(3,) frames damaged, frames given another time, ticks that could not be read."""
    return np.array([reader.damaged, reader.retimed, reader.unread], np.int64)


@dataclass(slots=True)
class _RecentFrame:
    """A recent frame, and the picture in which faces are searched: smoothed where it is noisy."""

    number: int
    frame: Frame
    _searched: NDArray[np.uint8] | None = None

    def searched_picture(self) -> NDArray[np.uint8]:
        """(h, w, 3) BGR; the same array at each call."""
        if self._searched is None:
            self._searched = smoothed(self.frame.image)
        return self._searched


@dataclass(slots=True)
class _Segment:
    """The data of the frames of a segment, until it is complete."""

    steps: _ScanSteps
    unit: Fraction
    pts: list[int] = field(default_factory=list)
    signals: list[NDArray[np.uint8]] = field(default_factory=list)
    found: list[Detections] = field(default_factory=list)
    chips: list[NDArray[np.uint8]] = field(default_factory=list)
    besides: list[NDArray[np.uint8]] = field(default_factory=list)  # for the cue, a picture for each face
    patches: list[NDArray[np.uint8]] = field(default_factory=list)  # in which non-rigid motion is measured
    portraits: list[bytes] = field(default_factory=list)  # JPEG, a tenth of the bytes; few are stored
    frames: deque[_RecentFrame] = field(init=False)  # the most recent ones
    lost: NDArray[np.int64] = field(default_factory=lambda: np.zeros(3, np.int64))  # see `_counts`
    watcher: Sampler | LookAhead = field(init=False)

    def __post_init__(self) -> None:
        self.frames = deque(maxlen=BACK + 1 + self.steps.lag)
        self.watcher = self.steps.watcher()

    def add(self, frame: Frame) -> None:
        """Process one more frame."""
        number = len(self.pts)
        signal = self.steps.recipe.split.signal(frame.image if frame.thumb is None else frame.thumb)
        self.pts.append(frame.pts)
        self.signals.append(signal)
        recent = _RecentFrame(number, frame)
        self.frames.append(recent)
        for faces in self.watcher.see(number, float(frame.pts * self.unit), recent.searched_picture, signal):
            self._store(faces)

    def _store(self, faces: Detections) -> None:
        """Cut the faces out of their frame while it is in memory."""
        recent = next(each for each in self.frames if each.number == faces.frame[0])
        image, searched = recent.frame.image, recent.searched_picture()
        zoom = np.float32(self.steps.video.width / image.shape[1])
        self.chips += [brightened(align_faces(searched, points)) for points in faces.landmarks]
        self.besides += [self.steps.recipe.cue.cut(image, box) for box in faces.box]
        self.patches += [face_patch(image, box) for box in faces.box]
        self.portraits += [jpeg(portrait(image, box)) for box in faces.box]
        self.found.append(Detections(faces.frame, faces.box * zoom, faces.score, faces.landmarks * zoom))

    def close(self, lost: NDArray[np.int64]) -> None:
        """Search the last frames, and free all pictures but those of faces."""
        for faces in self.watcher.finish():
            self._store(faces)
        self.frames.clear()
        self.lost = lost
        self._in_order()

    def _in_order(self) -> None:
        """Sort the faces by frame: a face may be traced back to an earlier frame after later ones."""
        frames = [int(n) for faces in self.found for n in faces.frame]
        order = sorted(range(len(frames)), key=frames.__getitem__)
        self.found.sort(key=lambda faces: int(faces.frame[0]))
        self.chips, self.besides = [self.chips[i] for i in order], [self.besides[i] for i in order]
        self.patches = [self.patches[i] for i in order]
        self.portraits = [self.portraits[i] for i in order]

    def finish(self, keep_image: Callable[[bytes], str]) -> Scan:
        """The scan of the segment, with its best faces embedded."""
        recipe = self.steps.recipe
        damaged, retimed, unread = self.lost.tolist()
        clock = Clock(np.array(self.pts), self.unit, retimed, unread)
        signal = np.array(self.signals, np.uint8)
        detections = Detections.concatenate(self.found)
        quality = self._quality(detections)
        shots = recipe.split(signal)
        follow = getattr(recipe.track, "pieces", recipe.track)
        tracks = follow(shots, detections, clock)
        embed = recipe.embed
        chosen = best_faces(
            tracks, quality, clock, per_second=embed.per_second, least=embed.least,
            single=doubtful(tracks, detections, quality, clock),
        )  # fmt: skip
        helper = self.steps.helper
        motion = helper.part(partial(track_motion, np.array(self.patches), tracks, self._whole(detections)))
        cue = helper.part(partial(recipe.cue, [self.besides[i] for i in chosen]))
        vector = embed_chips(embed, [self.chips[i] for i in chosen], self.steps.machine, helper)
        names = tuple(keep_image(self.portraits[i]) for i in chosen)
        return Scan(
            clock, signal, detections, quality, chosen, vector, names, damaged, cue.result(), motion.result()
        )

    def _whole(self, faces: Detections) -> NDArray[np.bool_]:
        """(n,) whether each face lies in the frame with a margin of EDGE."""
        size = (self.steps.video.width, self.steps.video.height)
        edge = EDGE * (faces.box[:, 2:] - faces.box[:, :2])
        return np.asarray(((faces.box[:, :2] >= edge) & (faces.box[:, 2:] <= size - edge)).all(1))

    def _quality(self, faces: Detections) -> NDArray[np.float32]:
        size = (faces.box[:, 2:] - faces.box[:, :2]).min(1) if len(faces) else np.zeros(0)
        sharp = np.array([sharpness(chip) for chip in self.chips])
        fine = np.array([detail(chip) for chip in self.chips])
        return face_quality(size, faces.score, faces.landmarks, sharp, fine)


def embed_chips(
    embed: Embedder, chips: list[NDArray[np.uint8]], machine: Machine, helper: HelperThread
) -> NDArray[np.float32]:
    """(n, d) vectors of n chips (112, 112, 3), TOGETHER at a time, so that two threads share the work."""
    size = max(1, len(chips)) if machine.device == "cuda" else TOGETHER
    parts = [np.array(chips[i : i + size]) for i in range(0, len(chips), size)]
    tasks = [helper.part(partial(embed, part, machine=machine)) for part in parts]
    found = [vectors_of(embed, task.result(), len(part)) for task, part in zip(tasks, parts, strict=True)]
    if len({vector.shape[1] for vector in found}) > 1:
        raise RecipeError(f"embed: {type(embed).__name__} gives vectors of different lengths")
    return np.concatenate(found) if found else np.zeros((0, 0), np.float32)


def portrait(image: NDArray[np.uint8], box: NDArray[np.float32]) -> NDArray[np.uint8]:
    """(PORTRAIT, PORTRAIT, 3) BGR, a face with hair and chin, for recognition by people.

    Args:
        image: (h, w, 3) BGR.
        box: (4,) left, top, right, bottom of the face, in pixels of `image`.
    """
    import cv2

    centres, sides = portrait_square(box[None], np.array(image.shape[1::-1]))
    centre, side = centres[0], float(sides[0])
    scale = PORTRAIT / max(side, 1.0)
    if scale < 0.5:
        image, zoom, moved = halved(image, centre - side / 2, centre + side / 2, scale)
        scale, centre = scale / zoom, zoom * centre + moved
    shift = np.array([PORTRAIT, PORTRAIT]) / 2 - scale * centre
    matrix = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]])
    warped = cv2.warpAffine(
        image, matrix, (PORTRAIT, PORTRAIT), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(warped, np.uint8)


def jpeg(image: NDArray[np.uint8]) -> bytes:
    """A picture (h, w, 3) BGR as the bytes of a JPEG, in the quality in which pictures are stored."""
    import cv2

    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 85])
    return bytes(data.tobytes())
