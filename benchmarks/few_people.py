"""Films of one person, of two, and of many people seen once, from workspaces and photographs.

    python benchmarks/few_people.py FILM.castlist ... [--truth FOLDER] [--tracks 6] [--pictures FOLDER]

FILM.truth.csv is in FOLDER, or beside the workspace. In each film, the tracks of every person with at least
`tracks` tracks make films of their own: alone; with one and with three tracks of other people who are seen
together with the person; and with another of the four people with most tracks, as if the two were never seen
together. Also, all tracks make a film without co-occurrences. Each is refined and linked as castlist does it,
by the faces alone. Printed are B-cubed precision, recall and F by track, and how many of the films have the
right number of people. With --pictures (<person>/<picture>, aligned crops of 112 by 112 pixels) also casts
drawn from these people, with one picture in each track: one, two, or all pictures of every person.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import combinations
from pathlib import Path

import cv2
import numpy as np
from linkage import CPU, Film, Labels, films_parser, labelled
from numpy.typing import NDArray

from castlist.cluster import GroupLinkage, ProbabilityCut, extend
from castlist.embed import SFace
from castlist.metrics import b_cubed
from castlist.pipeline.identify import refine_where_better
from castlist.recipe import Recipe
from castlist.types import Constraints, Embeddings

KINDS = ("alone", "one guest", "three guests", "two people", "nobody together")
MOST = 4  # people of a film who are combined in pairs
CASTS = (8, 20, 60, 200, 500)  # people
DRAWS = 5  # casts of each size
Score = tuple[float, float, float, bool]  # precision, recall and F, and whether the number of people is right


def scored(film: Film, tracks: Labels, together: bool) -> Score:
    """The score of a film of some tracks.

    Args:
        tracks: rows of tracks whose person is known.
        together: whether co-occurrences are known.
    """
    keep = np.isin(np.arange(len(film.who)), tracks)
    faces, links = film.found.embeddings, film.found.constraints
    base = faces[keep[faces.track]]
    known = links[keep[links.a] & keep[links.b] & together]
    shot = film.found.cast.tracks.shot
    _, refined = refine_where_better(Recipe().refine, base, known, shot, CPU)
    return compared(refined, known, film.who, tracks)


def compared(faces: Embeddings, known: Constraints, who: Labels, tracks: Labels) -> Score:
    """The score of castlist's clustering on the given tracks; `who` (t,) is the person of every track."""
    tree = GroupLinkage()(faces, known)
    label = extend(ProbabilityCut()(tree, faces, known), len(who)).label[tracks]
    true = who[tracks]
    score = b_cubed(true, label)
    return score.precision, score.recall, score.f1, len(np.unique(label)) == len(np.unique(true))


def guests(film: Film, own: Labels, rng: np.random.Generator) -> Labels:
    """Tracks of other people seen together with tracks of a person, in random order."""
    pairs: NDArray[np.int64] = film.found.constraints.cannot
    beside = np.concatenate([pairs[np.isin(pairs[:, 0], own), 1], pairs[np.isin(pairs[:, 1], own), 0]])
    return rng.permutation(np.setdiff1d(np.intersect1d(beside, film.rows), own))


def photographs(folder: Path) -> dict[str, list[Score]]:
    """Scores of casts drawn from photographs, one in each track: one, two or all pictures of every person."""
    files = sorted(path for path in folder.glob("*/*") if path.is_file())
    vector = SFace()(np.stack([cv2.imread(str(path)) for path in files]))
    who = np.unique([path.parent.name for path in files], return_inverse=True)[1]
    people, rng = int(who.max()) + 1, np.random.default_rng(0)
    place = np.arange(len(who)) - np.searchsorted(who, who)
    rows: dict[str, list[Score]] = defaultdict(list)
    for size in (size for size in CASTS if size <= people):
        for often, most in (("once", 1), ("twice", 2), ("all pictures", len(who))):
            for _ in range(DRAWS):
                cast = np.isin(who, rng.choice(people, size, replace=False))
                drawn = np.flatnonzero(cast & (place < most))
                n = len(drawn)
                faces = Embeddings(
                    vector[drawn], np.arange(n), np.full(n, -1), np.ones(n, np.float32), "sface"
                )
                rows[f"{size} people, {often}"].append(
                    compared(faces, Constraints.empty(), who[drawn], np.arange(n))
                )
    return rows


def main() -> None:
    parser = films_parser(__doc__, fewest="*")
    parser.add_argument("--tracks", type=int, default=6, help="fewest tracks of a person who is a film")
    parser.add_argument("--pictures", type=Path, help="folder of a folder for each person")
    given = parser.parse_args()
    rows: dict[str, list[Score]] = defaultdict(list)
    for place in given.places:
        film, rng = labelled(place, given.truth), np.random.default_rng(0)
        count = np.bincount(film.who[film.rows], minlength=1)
        own = {p: film.rows[film.who[film.rows] == p] for p in np.argsort(-count) if count[p] >= given.tracks}
        for tracks in own.values():
            rows["alone"].append(scored(film, tracks, True))
            others = guests(film, tracks, rng)
            for kind, number in (("one guest", 1), ("three guests", 3)):
                if len(others) >= number:
                    rows[kind].append(scored(film, np.append(tracks, others[:number]), True))
        for a, b in combinations(list(own.values())[:MOST], 2):
            rows["two people"].append(scored(film, np.append(a, b), False))
        rows["nobody together"].append(scored(film, film.rows, False))
        print(place, flush=True)
    table = {kind: rows[kind] for kind in KINDS if rows[kind]}
    if given.pictures:
        table |= photographs(given.pictures)
    print(f"{'':26}{'films':>8}{'P':>8}{'R':>8}{'F':>8}{'right number':>14}")
    for kind, scores in table.items():
        mean = np.mean(scores, axis=0)
        print(f"{kind:26}{len(scores):8}" + "".join(f"{v:8.3f}" for v in mean[:3]) + f"{mean[3]:14.3f}")


if __name__ == "__main__":
    main()
