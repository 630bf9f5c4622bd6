"""How often a track that shows too little of a face shows the person that castlist assigned it to.

    python benchmarks/clips.py CLIPS --scorer SCORER --keep KEPT     finds the cast of films with labels
    python benchmarks/placed.py CLIPS KEPT

For each film of CLIPS (film.mp4 and film.truth.csv) and all together: how many tracks were assigned with a
probability below the limit of `castlist redact` and above it, and how many the linkage joined, for people of
several tracks; and how many of these have more faces of another label than of their person's.
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from castlist.boxes import iou, pairs_in_frame
from castlist.cast import Cast
from castlist.redact.redact import SURE
from castlist.research.truth import labelled_faces, read_truth
from castlist.store import Workspace

OVERLAP = 0.3  # IoU from which a found face matches a labelled one


def labels_of(cast: Cast, truth: Path) -> list[Counter[str]]:
    """For each track, the number of its faces by label; "" for faces without a label."""
    known, tracks = labelled_faces(read_truth(truth)), cast.tracks
    found, true = pairs_in_frame(tracks.frame, known.frame)
    near = iou(tracks.box[found], known.box[true].astype(np.float32))
    best = np.zeros(len(tracks.frame))
    label = np.full(len(tracks.frame), "", known.label.dtype)
    for i in np.argsort(near, kind="stable").tolist():  # the last one written counts: the largest overlap
        if near[i] >= OVERLAP:
            best[found[i]], label[found[i]] = near[i], known.label[true[i]]
    return [Counter(label[tracks.rows(t)].tolist()) for t in range(len(tracks))]


def judged(cast: Cast, sureness: NDArray[np.float32], label: list[Counter[str]]) -> NDArray[np.int64]:
    """(3, 2) tracks below the limit, above it, and linked: their number, and how many are wrong."""
    found = np.zeros((3, 2), np.int64)
    for person in cast.everybody:
        if len(person.tracks) < 2:
            continue
        own = sum((label[t] for t in person.tracks), Counter()).most_common(1)[0][0]
        for t in person.tracks:
            sure = float(sureness[t])
            kind = 2 if sure != sure else int(sure >= SURE)
            found[kind] += (1, label[t].most_common(1)[0][0] != own)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("clips", type=Path)
    parser.add_argument("kept", type=Path)
    given = parser.parse_args()
    total = np.zeros((3, 2), np.int64)
    print(f"{'film':24}{'below':>14}{'from the limit':>16}{'linked':>14}    tracks, and wrong ones")
    for truth in sorted(given.clips.glob("*.truth.csv")):
        name = truth.name.removesuffix(".truth.csv")
        with Workspace.open(given.kept / f"{name}.castlist", write=False) as opened:
            cast, base = opened.cast(), opened.machine()
        if base is None or len(base.sureness) != len(cast.tracks):
            raise SystemExit(f"{name}: find its cast again with this castlist")
        found = judged(cast, base.sureness, labels_of(cast, truth))
        total += found
        print(f"{name:24}" + "".join(f"{n:>10}, {wrong:>2}" for n, wrong in found.tolist()))
    print(f"{'all':24}" + "".join(f"{n:>10}, {wrong:>2}" for n, wrong in total.tolist()))


if __name__ == "__main__":
    main()
