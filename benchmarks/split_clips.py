"""How many shot boundaries are found, and how many of those found are true, by kind.

    python benchmarks/split_clips.py DIR        clips with NAME.truth.json beside NAME.mp4
    python benchmarks/split_clips.py DIR --dissolved 18    the same clips, dissolves of 18 frames for cuts
    python benchmarks/split_clips.py DIR --faster 2        the same clips, twice as fast
    python benchmarks/split_clips.py DIR --blurred 6       the same clips, blurred in every other 35 frames
    python benchmarks/split_clips.py --drawn    films drawn here, with every kind of transition
    python benchmarks/split_clips.py --moving   one take each: slow pans and zooms, often over smooth content
    python benchmarks/split_clips.py --people   drawn films of people: cuts, dissolves, and mixed ones

A truth file lists the first frame of each new shot under "shot_cuts". A boundary is found if a detected one
lies within two frames of it (within half its length for a dissolve or fade), each used once.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from castlist.split import SPLITTERS
from castlist.types import Transition

TOLERANCE = 2  # frames


class Boundary(NamedTuple):
    frame: int
    kind: str = "cut"
    length: int = 0  # frames of a dissolve or fade


def match(truth: list[Boundary], found: list[int]) -> tuple[list[Boundary], list[int]]:
    """The boundaries that were missed, and the detected frames that are no boundary."""
    missed, spare = [], list(found)
    for boundary in truth:
        reach = max(TOLERANCE, (boundary.length + 1) // 2)
        near = min(spare, key=lambda f: abs(f - boundary.frame), default=None)
        if near is None or abs(near - boundary.frame) > reach:
            missed.append(boundary)
        else:
            spare.remove(near)
    return missed, spare


def clips(folder: Path) -> Iterator[tuple[str, list[Boundary], Iterator[NDArray[np.uint8]]]]:
    from castlist.decode import open_video, read_frames

    for path in sorted(folder.glob("*.truth.json")):
        truth = json.loads(path.read_text())
        film = folder / truth["video"]
        frames = (f.image for f in read_frames(open_video(film)))
        yield film.stem, [Boundary(f) for f in truth["shot_cuts"]], frames


def made(
    folder: Path, dissolved: int, faster: int, blurred: float
) -> Iterator[tuple[str, list[Boundary], Iterator[NDArray[np.uint8]]]]:
    """The clips, scaled down, with dissolves for cuts, only every few frames, or blurred at times.

    Both shots continue during a dissolve. Shots of less than twelve frames keep their cuts, and five frames
    of every shot are unchanged. A blur of 1 is a hundredth of the frame's width.
    """
    import cv2

    from castlist.split.signal import SEES

    for name, truth, frames in clips(folder):
        small = np.array([cv2.resize(f, SEES, interpolation=cv2.INTER_AREA) for f in frames])[::faster]
        ends = [0, *(-(-b.frame // faster) for b in truth), len(small)]
        shots = [small[a:b] for a, b in itertools.pairwise(ends)]
        title, film, boundaries = f"{name} x{faster}", [shots[0]], []
        for shot in shots[1:]:
            at, shortest = sum(map(len, film)), min(len(film[-1]), len(shot))
            length = min(dissolved, shortest - 5) if shortest >= 12 else 0
            if length < 6:
                boundaries.append(Boundary(at))
                film.append(shot)
                continue
            share = (np.arange(1, length + 1) / (length + 1))[:, None, None, None]
            mixed = (1 - share) * film[-1][-length:] + share * shot[:length]
            film[-1] = film[-1][:-length]
            boundaries.append(Boundary(at - length + length // 2, "dissolve", length))
            film += [np.rint(mixed).astype(np.uint8), shot[length:]]
        whole = np.concatenate(film)
        for i in range(len(whole)) if blurred else ():
            if i % 70 >= 35:
                whole[i] = cv2.GaussianBlur(whole[i], (0, 0), blurred * SEES[0] / 100)
        yield title, boundaries, iter(whole)


def scene(rng: np.random.Generator, size: tuple[int, int] = (180, 320)) -> NDArray[np.uint8]:
    """A picture three times as large as a frame: a gradient of colour with furniture of all sizes."""
    import cv2

    h, w = 3 * size[0], 3 * size[1]
    coarse = rng.normal(rng.uniform(60, 190, 3), 30, (6, 8, 3)).clip(0, 255)
    image = cv2.resize(coarse.astype(np.float32), (w, h), interpolation=cv2.INTER_CUBIC)
    for _ in range(120):
        x, y, r = int(rng.integers(w)), int(rng.integers(h)), int(rng.integers(8, 110))
        colour = rng.uniform(0, 255, 3).tolist()
        if rng.random() < 0.5:
            cv2.ellipse(image, ((x, y), (r, r * rng.uniform(0.5, 2)), rng.uniform(0, 180)), colour, -1)
        else:
            cv2.rectangle(image, (x, y), (x + r, y + int(r * rng.uniform(0.5, 2))), colour, -1)
    return cv2.GaussianBlur(image, (0, 0), 1.5).clip(0, 255).astype(np.uint8)


def take(rng: np.random.Generator, n: int, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(n, 180, 320, 3) frames of a camera over a picture: still, hand-held, pan, whip pan or zoom."""
    import cv2

    h, w = picture.shape[0] // 3, picture.shape[1] // 3
    style = rng.choice(["still", "held", "pan", "whip", "zoom"], p=[0.3, 0.3, 0.2, 0.1, 0.1])
    speed = {"still": 0.0, "held": 0.3, "pan": 2.5, "whip": 14.0, "zoom": 0.5}[style]
    x, y = rng.uniform(0.2, 0.8) * 2 * w, rng.uniform(0.2, 0.8) * 2 * h
    vx, vy = speed * rng.choice([-1, 1]), 0.3 * speed * rng.normal()
    actor = (rng.uniform(0, w), rng.uniform(0, h), rng.normal(0, 3), rng.normal(0, 2), rng.uniform(0, 255, 3))
    out = np.empty((n, h, w, 3), np.uint8)
    for i in range(n):
        jitter = rng.normal(0, 0.8 if style == "held" else 0.0, 2)
        if not 0 < x + vx < 2 * w - 1:
            vx = -vx
        if not 0 < y + vy < 2 * h - 1:
            vy = -vy
        x, y = x + vx, y + vy
        zoom = 1 - 0.4 * i / n if style == "zoom" else 1.0
        centre = (float(x + w / 2 + jitter[0]), float(y + h / 2 + jitter[1]))
        view = cv2.getRectSubPix(picture, (max(8, int(w * zoom)), max(8, int(h * zoom))), centre)
        frame = cv2.resize(view, (w, h)) if zoom < 1 else view
        ax, ay = int(actor[0] + actor[2] * i) % w, int(actor[1] + actor[3] * i) % h
        cv2.ellipse(frame, (ax, ay), (24, 32), 0, 0, 360, actor[4].tolist(), -1)
        out[i] = np.clip(frame + rng.normal(0, 2, (*frame.shape[:2], 1)), 0, 255)
    return out


def drawn(seed: int, shots: int = 40) -> tuple[list[Boundary], NDArray[np.uint8]]:
    """Boundaries and frames of a film with cuts, blended cuts, dissolves, fades, flashes and jump cuts."""
    rng = np.random.default_rng(seed)
    film, truth, picture = [take(rng, 40, scene(rng))], [], scene(rng)
    kinds = ["cut", "cut in one place", "blended cut", "dissolve", "fade to black", "fade to white"]
    for _ in range(shots):
        kind = str(rng.choice(kinds, p=[0.35, 0.1, 0.1, 0.25, 0.1, 0.1]))
        n, length = int(rng.integers(15, 90)), int(rng.integers(8, 49))
        picture = picture if kind == "cut in one place" else scene(rng)
        if kind in ("dissolve", "blended cut"):
            length = 1 if kind == "blended cut" else length
            new = take(rng, n + length, picture)
            last = film[-1]
            old = np.concatenate([last[-1:]] * length) if len(last) <= length + 12 else last[-length:]
            if len(last) > length + 12:
                film[-1] = last[:-length]
            share = (np.arange(1, length + 1) / (length + 1))[:, None, None, None]
            mixed = ((1 - share) * old + share * new[:length]).astype(np.uint8)
            start = sum(map(len, film))
            truth.append(Boundary(start + length // 2, kind, length))
            film += [mixed, new[length:]]
        elif kind.startswith("fade"):
            half, colour = max(4, length // 2), 255.0 * (kind == "fade to white")
            new = take(rng, n + half, picture)
            share = (np.arange(1, half + 1) / half)[:, None, None, None]
            old = film[-1][-half:]
            share_old = share[-len(old) :]
            film[-1] = np.concatenate(
                [film[-1][: -len(old)], ((1 - share_old) * old + share_old * colour).astype(np.uint8)]
            )
            truth.append(Boundary(sum(map(len, film)) + 1, kind, 2 * half))
            into = (share * new[:half] + (1 - share) * colour).astype(np.uint8)
            film.append(np.concatenate([into, new[half:]]))
        else:
            new = take(rng, n, picture)
            truth.append(Boundary(sum(map(len, film)), kind))
            film.append(new)
        if rng.random() < 0.3 and n > 30:  # a photographer's flash
            film[-1][-12 : -12 + int(rng.integers(1, 4))] = (film[-1][-12] * 0.3 + 178).astype(np.uint8)
    return truth, np.concatenate(film)


def moving(seed: int, n: int = 400) -> Iterator[NDArray[np.uint8]]:
    """One take of a camera that pans, tilts or zooms slowly, or of a large slow figure; no boundary."""
    import cv2

    rng = np.random.default_rng([seed, 1])
    picture, (h, w) = scene(rng), (180, 320)
    style, blur, speed = (
        ("pan", "tilt", "zoom", "figure")[seed // 4 % 4],
        (0, 10, 30, 60)[seed % 4],
        rng.uniform(0.3, 4),
    )
    picture = cv2.GaussianBlur(picture, (0, 0), blur) if blur else picture
    colour, start = rng.uniform(0, 255, 3).tolist(), rng.uniform(0, 2)
    for i in range(n):
        there = abs((start + speed * i / w) % 4 - 2)  # back and forth between 0 and 2
        x, y = (there if style == "pan" else 1.0) * w, (there if style == "tilt" else 1.0) * h
        zoom = 0.6 + 0.4 * there if style == "zoom" else 1.0
        view = cv2.getRectSubPix(picture, (int(w * zoom), int(h * zoom)), (x + w / 2, y + h / 2))
        frame = cv2.resize(view, (w, h))
        if style == "figure":
            cv2.ellipse(frame, (int(there * w) - w // 2, h // 2), (w // 4, h // 2), 0, 0, 360, colour, -1)
        yield np.clip(frame + rng.normal(0, 2, (h, w, 1)), 0, 255).astype(np.uint8)


def of_people(first: int, count: int) -> Iterator[tuple[str, list[Boundary], Iterator[NDArray[np.uint8]]]]:
    """The drawn films with many cuts and dissolves, then `count` random ones."""
    from castlist.drawn import FILMS, random_script
    from castlist.drawn.film import picture, shots

    scripts = [FILMS["cuts"](), FILMS["dissolves"]()]
    for script in [*scripts, *(random_script(seed, seconds=90) for seed in range(first, first + count))]:
        table, shared = shots(script), script.lengths()[1]
        rows = zip(table.start.tolist(), table.transition.tolist(), shared, strict=True)
        truth = [Boundary(start, Transition(kind).word, length) for start, kind, length in rows][1:]
        yield script.title, truth, (frame for frame, _ in picture(script, 0))


def drawn_films(first: int, count: int) -> Iterator[tuple[str, list[Boundary], Iterator[NDArray[np.uint8]]]]:
    for seed in range(first, first + count):
        truth, frames = drawn(seed)
        yield f"drawn {seed}", truth, iter(frames)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument(
        "--dissolved", type=int, default=0, metavar="FRAMES", help="make every cut a dissolve"
    )
    parser.add_argument("--faster", type=int, default=1, metavar="TIMES", help="of DIR: every so many frames")
    parser.add_argument(
        "--blurred", type=float, default=0, metavar="WIDTH", help="in hundredths of the width"
    )
    parser.add_argument("--drawn", type=int, nargs="?", const=6, default=0, metavar="FILMS")
    parser.add_argument("--moving", type=int, nargs="?", const=32, default=0, metavar="TAKES")
    parser.add_argument("--people", type=int, nargs="?", const=4, default=0, metavar="FILMS")
    parser.add_argument("--first", type=int, default=0, metavar="SEED", help="of the films drawn (default 0)")
    parser.add_argument("--verbose", action="store_true", help="list what was missed and what is false")
    options = parser.parse_args()
    changes = (options.dissolved, options.faster, options.blurred)
    as_it_is = changes == (0, 1, 0)
    films = [clips(options.folder) if as_it_is else made(options.folder, *changes)] if options.folder else []
    films += [drawn_films(options.first, options.drawn)]
    takes = range(options.first, options.first + options.moving)
    films += [((f"moving {seed}", [], moving(seed)) for seed in takes)]
    films += [of_people(options.first, options.people)] if options.people else []
    if not (options.folder or options.drawn or options.moving or options.people):
        parser.error("give a folder of clips, or --drawn, --moving or --people")
    splitters = {name: kind() for name, kind in SPLITTERS.items()}
    tally: dict[str, dict[str, list[int]]] = {name: {} for name in splitters}
    false: dict[str, list[int]] = {name: [0, 0] for name in splitters}
    kind_found: dict[str, dict[str, list[int]]] = {name: {} for name in splitters}
    for title, truth, frames in itertools.chain(*films):
        clock = time.perf_counter()
        signals = np.array([splitters["content"].signal(f) for f in frames])
        seconds = time.perf_counter() - clock
        for name, splitter in splitters.items():
            shots = splitter(signals)
            found = shots.start[1:].tolist()
            missed, wrong = match(truth, found)
            for frame, kind in zip(found, shots.transition[1:].tolist(), strict=True):
                right = kind_found[name].setdefault(Transition(kind).word, [0, 0])
                right[0] += frame not in wrong
                right[1] += 1
            false[name][0] += len(wrong)
            false[name][1] += len(found)
            for boundary in truth:
                count = tally[name].setdefault(boundary.kind, [0, 0])
                count[0] += boundary not in missed
                count[1] += 1
            print(
                f"{title:24} {name:10} {len(signals):6} frames  {len(truth):3} true  {len(found):3} found  "
                f"{len(missed):3} missed  {len(wrong):3} false"
            )
            if options.verbose and name == "content":
                kinds = dict(zip(shots.start.tolist(), shots.transition.tolist(), strict=True))
                print("   missed", [tuple(b) for b in missed])
                print("   false", [(f, Transition(kinds[f]).word) for f in wrong])
        print(f"{title:24} {1000 * seconds / max(len(signals), 1):.2f} ms a frame to get and describe it")
    for name in splitters:
        wrong, found = false[name]
        parts = [f"{kind} {hit}/{n}" for kind, (hit, n) in sorted(tally[name].items())]
        by_kind = [f"{kind} {hit}/{n}" for kind, (hit, n) in sorted(kind_found[name].items())]
        print(f"{name}: precision {found - wrong}/{found} ({', '.join(by_kind)})")
        print(f"{name}: recall by kind: {', '.join(parts)}")


if __name__ == "__main__":
    sys.exit(main())
