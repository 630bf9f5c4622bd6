"""Face vectors of pictures without detail: aligned crops made small, noisy, and large again.

    python benchmarks/blurred.py FOLDER [--people 150]     <person>/<picture>, aligned crops of 112 pixels

For each size: the mean cosine of two people and of one person, the share of pairs in the right order (area
under ROC), the share of pictures whose `detail` is below the limit, and the median of `detail`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from castlist.embed import CHIP, SFace, detail
from castlist.embed.quality import TELLS
from castlist.refine.validate import separation
from castlist.vectors import unit

SIZES = (6, 7, 8, 9, 10, 12, 14, 16, 20, 24, 32, CHIP)
EACH = 4  # pictures of a person at most
NOISE = 2.0  # standard deviation, in grey levels


def pictures(folder: Path, people: int) -> tuple[list[NDArray[np.uint8]], NDArray[np.int64]]:
    """Pictures of every second person by name, and (n,) the person of each."""
    chosen = sorted(p for p in folder.iterdir() if p.is_dir())[::2][:people]
    files = [(k, path) for k, person in enumerate(chosen) for path in sorted(person.iterdir())[:EACH]]
    images = [cv2.resize(cv2.imread(str(path)), (CHIP, CHIP)) for _, path in files]
    return images, np.array([k for k, _ in files])


def spoilt(image: NDArray[np.uint8], size: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    if size == CHIP:
        return image
    side = max(4, round(size * float(np.exp(rng.normal(0, 0.05)))))
    small = cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA).astype(np.float32)
    noisy = np.clip(small + rng.normal(0, NOISE, small.shape), 0, 255).astype(np.uint8)
    return np.asarray(cv2.resize(noisy, (CHIP, CHIP), interpolation=cv2.INTER_CUBIC), np.uint8)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--people", type=int, default=150)
    given = parser.parse_args()
    images, who = pictures(given.folder, given.people)
    upper = np.triu_indices(len(who), 1)
    same = (who[:, None] == who)[upper]
    rng, embed = np.random.default_rng(0), SFace()
    print(f"{len(images)} pictures of {who.max() + 1} people")
    print("pixels  two people  one person  in order  below the limit  detail")
    for size in SIZES:
        chips = np.array([spoilt(image, size, rng) for image in images])
        vector = unit(embed(chips))
        cosine = (vector @ vector.T)[upper]
        fine = np.array([detail(chip) for chip in chips])
        order = separation(cosine[same], cosine[~same])
        print(
            f"{size:6} {cosine[~same].mean():11.2f} {cosine[same].mean():11.2f} {order:9.3f} "
            f"{(fine < TELLS).mean():16.2f} {np.median(fine):7.4f}"
        )


if __name__ == "__main__":
    main()
