"""Whether a consensus of several subsamples of faces beats a single run: array work on finished workspaces.

    python benchmarks/consensus.py FILM.castlist ... [--truth FOLDER] [--draws 5] [--times 3]

FILM.truth.csv is in FOLDER, or beside the workspace. A single run links two thirds of each track's faces,
drawn at random, with the networks that were trained on all of them. A consensus joins tracks by how often
`draws` such runs put them together (average linkage under the same cannot-links, cut at one half). For each
film: B-cubed F of the linked tracks with all faces, mean and standard deviation over all single runs, and
over `times` consensuses of independent runs.
"""

from __future__ import annotations

import numpy as np
from linkage import Film, films_parser, labelled, thinned
from numpy.typing import NDArray

from castlist.cluster import GroupLinkage, ProbabilityCut, extend
from castlist.cluster.dense import agglomerate
from castlist.cluster.tree import assemble, cut_tree
from castlist.types import Clustering

TOGETHER = 0.5  # share of runs from which on two tracks are one person


def run(film: Film, rng: np.random.Generator | None, hints: tuple[NDArray[np.float32], ...]) -> Clustering:
    """The clustering of all faces, or of two thirds of them."""
    found = film.found
    table = found.refined if rng is None else found.refined[thinned(found.refined.track, rng)]
    tree = GroupLinkage()(table, found.constraints, *hints)
    return extend(ProbabilityCut()(tree, table, found.constraints), len(film.who))


def consensus(film: Film, runs: list[Clustering]) -> Clustering:
    """The clustering on which most runs agree."""
    present = np.unique(film.found.refined.track)
    gap = np.ones((len(present), len(present)))
    for clustering in runs:
        label = clustering.label[present]
        gap -= (label[:, None] == label[None]) / len(runs)
    place = np.full(len(film.who), -1)
    place[present] = np.arange(len(present))
    a, b = place[film.found.constraints.cannot].T
    known = (a >= 0) & (b >= 0)
    gap[a[known], b[known]] = gap[b[known], a[known]] = np.inf
    np.fill_diagonal(gap, 0.0)
    merge, height = agglomerate(np.maximum(gap, 0), np.ones(len(gap)), "average")
    tree = assemble(merge, height, len(gap))
    label = np.full(len(film.who), -1, np.int32)
    label[present] = cut_tree(tree, int((tree.height < TOGETHER).sum())).label
    return Clustering(label)


def main() -> None:
    parser = films_parser(__doc__)
    parser.add_argument("--draws", type=int, default=5)
    parser.add_argument("--times", type=int, default=3)
    given = parser.parse_args()
    heads = ("all faces", "single", "± sd", "consensus", "± sd")
    print("| film | " + " | ".join(heads) + " |\n| --- |" + " --- |" * len(heads))
    rows = []
    for place in given.places:
        film = labelled(place, given.truth)
        beside = film.found.beside
        hints = (beside.odds,) if beside is not None and beside.speaks else ()
        single, joint = [], []
        for time in range(given.times):
            seeds = range(time * given.draws, (time + 1) * given.draws)
            runs = [run(film, np.random.default_rng(seed), hints) for seed in seeds]
            single += [film.f(one) for one in runs]
            joint.append(film.f(consensus(film, runs)))
        whole = film.f(run(film, None, hints))
        rows.append([whole, np.mean(single), np.std(single), np.mean(joint), np.std(joint)])
        print(f"| {place.stem} | " + " | ".join(f"{v:.3f}" for v in rows[-1]) + " |", flush=True)
    print("| **mean** | " + " | ".join(f"{v:.3f}" for v in np.mean(rows, axis=0)) + " |")


if __name__ == "__main__":
    main()
