"""Detect and embed the faces in pictures that a user gives."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from castlist.decode import printable
from castlist.errors import InputError
from castlist.low_light import brightened
from castlist.noise import smoothed
from castlist.recipe import Recipe
from castlist.types import Detections, Machine
from castlist.vectors import unit

if TYPE_CHECKING:
    from castlist.library.library import Library
    from castlist.library.search import LikelyPerson

__all__ = ["PhotoFace", "PhotoProposal", "chosen_face", "faces_in", "named_photos", "propose_photos"]

LARGEST = 64 << 20  # bytes of a picture file, at most
PIXELS = 1 << 26  # pixels of a picture, at most: 67 megapixels
SIDE = 1920  # pixels of the longer side, to which larger pictures are reduced
SIDES = (320, 640, 1280)  # pixels of the longer side for detection: of large faces and of small ones
ENLARGED = 2.0  # times that a small picture is enlarged, at most
OVERLAP = 0.4  # of two boxes (IoU), from which they are one face found at two sizes
PROPOSED = 0.5  # probability from which a name is proposed
PICTURES = frozenset({".bmp", ".jpeg", ".jpg", ".jp2", ".png", ".tif", ".tiff", ".webp"})


@dataclass(frozen=True, eq=False, slots=True)
class PhotoFace:
    """A face in a picture."""

    number: int  # from 1, from left to right
    box: tuple[float, float, float, float]  # left, top, right, bottom in pixels of the picture
    vector: NDArray[np.float32]  # (d,) of length 1


def faces_in(
    photo: str | os.PathLike[str], recipe: Recipe = Recipe(), machine: Machine = Machine()
) -> list[PhotoFace]:
    """The faces in a picture, from left to right.

    Raises:
        InputError: it is no picture that can be read, or shows no face.
    """
    from castlist.embed import align_faces

    image = smoothed(_read(Path(photo)))
    found = _detect(image, recipe, machine)
    if not len(found):
        raise InputError(
            f"{printable(photo)}: no face was found in this picture; use a larger or sharper one"
        )
    chips = np.array([brightened(align_faces(image, points)) for points in found.landmarks])
    vectors = unit(recipe.embed(chips, machine=machine))
    order = np.argsort(found.box[:, 0], kind="stable")
    return [PhotoFace(n, tuple(found.box[i].tolist()), vectors[i]) for n, i in enumerate(order.tolist(), 1)]


def chosen_face(photo: str | os.PathLike[str], faces: list[PhotoFace], number: int | None) -> PhotoFace:
    """The face of a number, or the only face.

    Raises:
        InputError: there are several faces and no number was given, or there is no face of that number.
    """
    if number is None and len(faces) == 1:
        return faces[0]
    listed = "; ".join(
        f"{f.number}: {f.box[2] - f.box[0]:.0f} pixels wide at {f.box[0]:.0f}, {f.box[1]:.0f}" for f in faces
    )
    if number is None:
        raise InputError(f"{printable(photo)}: shows {len(faces)} faces; choose one with --face ({listed})")
    if not 1 <= number <= len(faces):
        raise InputError(f"{printable(photo)}: has no face {number}; it has {listed}")
    return faces[number - 1]


def _read(photo: Path) -> NDArray[np.uint8]:
    """The pixels (h, w, 3) BGR, turned upright, with a longer side of SIDE at most."""
    import cv2

    try:
        status = os.stat(photo)
        if not stat.S_ISREG(status.st_mode) or status.st_size > LARGEST:
            raise InputError(f"{printable(photo)}: is not a picture file of at most {LARGEST >> 20} MB")
        data = np.frombuffer(photo.read_bytes(), np.uint8)
        reduced = cv2.imdecode(data, cv2.IMREAD_REDUCED_COLOR_8) if len(data) else None
        if reduced is not None and 64 * reduced.shape[0] * reduced.shape[1] > 2 * PIXELS:
            raise InputError(
                f"{printable(photo)}: has more than {PIXELS >> 20} megapixels; save a smaller copy"
            )
        image = None if reduced is None else cv2.imdecode(data, cv2.IMREAD_COLOR)
    except OSError as error:
        raise InputError(f"{printable(photo)}: cannot be read ({error.strerror})") from None
    except cv2.error:
        image = None
    if image is None:
        raise InputError(f"{printable(photo)}: is not a picture that can be read; give a JPEG or PNG file")
    zoom = SIDE / max(image.shape[:2])
    return np.asarray(
        image if zoom >= 1 else cv2.resize(image, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_AREA)
    )


def _detect(image: NDArray[np.uint8], recipe: Recipe, machine: Machine) -> Detections:
    """Faces detected at several sizes, each once."""
    import cv2

    scales = sorted({min(side / max(image.shape[:2]), ENLARGED) for side in SIDES})
    found = Detections.concatenate([recipe.detect(image, scale=s, machine=machine) for s in scales])
    if not len(found):
        return found
    size = found.box[:, 2:] - found.box[:, :2]
    boxes = np.concatenate([found.box[:, :2], size], 1).tolist()
    kept = cv2.dnn.NMSBoxes(boxes, found.score.tolist(), 0.6, OVERLAP)
    return found[np.sort(np.asarray(kept, np.int64).ravel())]


@dataclass(frozen=True, slots=True)
class PhotoProposal:
    """A name that pictures propose for a person of a library."""

    name: str
    person: str  # id
    now: str  # the name or label of the person now
    probability: float
    pictures: int  # pictures with this name that show the person

    def document(self) -> dict[str, object]:
        """As plain values."""
        return {
            "name": self.name, "person": self.person, "now": self.now,
            "probability": round(self.probability, 4), "pictures": self.pictures,
        }  # fmt: skip


def propose_photos(library: Library, folder: str | os.PathLike[str]) -> tuple[list[PhotoProposal], list[str]]:
    """Names for people of a library from a folder of named pictures, and why pictures were left out.

    Nothing is changed. Each name is proposed for one person: the one that most of its pictures show.
    """
    found_in: dict[str, dict[str, list[LikelyPerson]]] = {}
    skipped: list[str] = []
    for name, photo in named_photos(folder):
        try:
            found = [f for f in library.search(photo) if f.person and f.probability >= PROPOSED]
        except InputError as error:
            skipped.append(str(error))
            continue
        if found:
            found_in.setdefault(name, {}).setdefault(str(found[0].person), []).append(found[0])
    proposals = []
    for name, people in found_in.items():
        person, found = max(people.items(), key=lambda p: (len(p[1]), p[1][0].probability, p[0]))
        chance = max(f.probability for f in found)
        proposals.append(PhotoProposal(name, person, found[0].name, chance, len(found)))
    return sorted(proposals, key=lambda p: (-p.probability, p.name)), skipped


def named_photos(folder: str | os.PathLike[str]) -> Iterator[tuple[str, Path]]:
    """(name, picture) of each picture of a folder: NAME/any.jpg, or NAME.jpg, NAME 2.jpg, NAME_0003.jpg.

    Raises:
        InputError: there is no such folder, or no picture in it.
    """
    root = Path(folder)
    if not root.is_dir():
        raise InputError(f"{printable(folder)}: is not a folder; give one with pictures named after people")
    found = False
    for file in sorted(f for f in (*root.glob("*"), *root.glob("*/*")) if f.suffix.lower() in PICTURES):
        found = True
        stem = (
            file.parent.name
            if file.parent != root
            else re.sub(r"[\s_()-]*\d*\)?$", "", file.stem) or file.stem
        )
        yield stem.replace("_", " ").strip(), file
    if not found:
        raise InputError(f"{printable(folder)}: contains no picture; put pictures named after people into it")
