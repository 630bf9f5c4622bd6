"""The quality that a film's evidence allows, and that of the linkage, on finished workspaces.

    python benchmarks/linkage.py FILM.castlist ... [--truth FOLDER] [--draws 5]

FILM.truth.csv is in FOLDER, or beside the workspace. For each film: the area under ROC of pairs of tracks
(base features, and mixed with the film's own networks); B-cubed F of castlist's clustering (linked tracks,
each weighted by its faces; `benchmarks/clips.py` scores the whole cast by face), of its own tree at the best
cut, and of average linkage under the same cannot-links at one fixed distance and at the best one; F on base
features alone, which shows the share of the networks; and mean and standard deviation over `draws` subsamples
of two thirds of the faces, each with a seed of its own.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from people import true_persons

from castlist import Workspace
from castlist.cluster import Average, GroupLinkage, HeightCut, ProbabilityCut, extend
from castlist.cluster.likeness import Likeness, first_view
from castlist.pipeline.identify import Found, identify
from castlist.recipe import Recipe
from castlist.refine import Averaged
from castlist.refine.validate import separation
from castlist.types import Clustering, Embeddings, Machine

FIXED = 0.72  # distance of average linkage with a fixed cut
CPU = Machine(device="cpu", threads=1)
Labels = NDArray[np.int64]


class Film:
    """A film's tracks, their true people, and the evidence."""

    def __init__(self, place: Path, truth: Path) -> None:
        with Workspace.open(place, write=False) as keep:
            video, recipe = keep.video(), Recipe.stored(keep.runs()[-1].recipe)
            assert video is not None
            last = next(run.finished for run in reversed(keep.runs()) if run.finished)
            keys = (recipe.scan_key(video), *keep.scan_keys(last))  # of an earlier castlist, too
            seen = next(scan for scan in map(keep.scan, keys) if scan is not None)
            self.scan, started = seen, time.process_time()
            found: Found = identify(video, seen, Recipe(), machine=CPU)
            self.seconds = time.process_time() - started  # processor seconds of identifying people
        self.found, tracks = found, found.cast.tracks
        self.who = true_persons(truth, found.cast)
        linked = np.isin(np.arange(len(tracks)), found.embeddings.track)
        self.rows = np.flatnonzero(linked & (self.who >= 0))
        self.weight = tracks.size[self.rows].astype(np.float64)

    def f(self, clustering: Clustering) -> float:
        """B-cubed F over faces of linked tracks."""
        label = extend(clustering, len(self.who)).label[self.rows]
        who = self.who[self.rows]
        table = np.zeros((who.max() + 1, label.max() + 1))
        np.add.at(table, (who, label), self.weight)
        total = table.sum()
        precision = (table**2 / np.maximum(table.sum(0), 1e-9)).sum() / total
        recall = (table**2 / np.maximum(table.sum(1), 1e-9)[:, None]).sum() / total
        return float(2 * precision * recall / (precision + recall))

    def auc(self, embeddings: Embeddings) -> float:
        """How well pairs of tracks are separated: the area under ROC."""
        cosine = Likeness.from_embeddings(embeddings, len(self.who))[0][self.rows].matrix()
        place = np.triu_indices(len(self.rows), 1)
        same = (self.who[self.rows][:, None] == self.who[self.rows])[place]
        return separation(cosine[place][same], cosine[place][~same])

    def linked(self, embeddings: Embeddings) -> tuple[float, float]:
        """F of castlist's clustering, and at the best cut of its tree."""
        links = self.found.constraints
        tree = GroupLinkage()(embeddings, links)
        heights = np.unique(tree.height[np.isfinite(tree.height)])
        best = max((self.f(HeightCut(float(h))(tree, embeddings, links)) for h in heights), default=0.0)
        return self.f(ProbabilityCut()(tree, embeddings, links)), best

    def ruled(self, embeddings: Embeddings) -> tuple[float, float]:
        """F of average linkage at the fixed distance, and at the best one."""
        links = self.found.constraints
        tree = Average()(embeddings, links)
        values = [self.f(HeightCut(float(h))(tree, embeddings, links)) for h in np.arange(0.3, 1.2, 0.02)]
        return self.f(HeightCut(FIXED)(tree, embeddings, links)), max(values)

    def drawn(self, draws: int, *hints: NDArray[np.float32]) -> NDArray[np.float64]:
        """(draws,) F of subsamples of the faces, with other seeds; `hints` as for the linkage."""
        base, links = self.found.embeddings, self.found.constraints
        values = []
        for seed in range(draws):
            few = base[thinned(base.track, np.random.default_rng(seed))]
            mixed = Averaged(seed=seed + 1)(few, links, machine=CPU)
            values.append(self.f(ProbabilityCut()(GroupLinkage()(mixed, links, *hints), mixed, links)))
        return np.array(values)


def thinned(track: Labels, rng: np.random.Generator) -> Labels:
    """Rows of two thirds of each track's faces, at least one."""
    order = np.lexsort((rng.random(len(track)), track))
    start = np.flatnonzero(np.diff(track[order], prepend=-1))
    size = np.diff(np.append(start, len(track)))
    place = np.arange(len(track)) - np.repeat(start, size)
    return np.sort(order[place < np.repeat(np.ceil(2 * size / 3), size)])


def films_parser(text: str | None, *, fewest: str = "+") -> argparse.ArgumentParser:
    """A parser of workspaces of labelled films, and of the folder of their truth."""
    parser = argparse.ArgumentParser(description=text, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("places", type=Path, nargs=fewest)
    parser.add_argument("--truth", type=Path, help="folder of FILM.truth.csv")
    return parser


def labelled(place: Path, truth: Path | None) -> Film:
    """The film of a workspace, with its truth from a folder, or else from beside the workspace."""
    return Film(place, (truth or place.parent) / f"{place.stem}.truth.csv")


def main() -> None:
    parser = films_parser(__doc__)
    parser.add_argument("--draws", type=int, default=0)
    given = parser.parse_args()
    heads = ("tracks", "AUC", "mixed", "share", "base F", "F", "best", "rule", "r.best", "draws", "sd")
    print(f"{'film':26}" + "".join(f"{head:>8}" for head in heads))
    rows = []
    for place in given.places:
        film = labelled(place, given.truth)
        found = film.found
        draws = film.drawn(given.draws) if given.draws else np.array([np.nan])
        rows.append(
            [
                film.auc(first_view(found.refined)), film.auc(found.refined), found.refined.share,
                film.linked(found.embeddings)[0], *film.linked(found.refined), *film.ruled(found.embeddings),
                draws.mean(), draws.std(),
            ]
        )  # fmt: skip
        print(f"{place.stem:26}{len(film.rows):8}" + "".join(f"{v:8.3f}" for v in rows[-1]), flush=True)
    print(f"{'mean':34}" + "".join(f"{v:8.3f}" for v in np.nanmean(rows, axis=0)))


if __name__ == "__main__":
    main()
