"""Films of one person and of two, made of the tracks of labelled films: array work on finished workspaces.

    python benchmarks/few_people.py FILM.castlist ... [--truth FOLDER] [--tracks 6]

FILM.truth.csv lies in FOLDER, or beside the workspace. Of each film, the tracks of every person of `tracks`
tracks and more are a film of their own: alone, with one and with three tracks of other people who are seen
beside the person, and with another of the four people of most tracks, as if the two were never seen
together; and all tracks are a film in which nobody is seen with anybody. Each is refined and linked as
castlist does it, by the faces alone. Printed are B-cubed precision, recall and F by track, and how many of
the films are right in the number of people.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import combinations

import numpy as np
from linkage import CPU, Film, Labels, films_parser, labelled
from numpy.typing import NDArray

from castlist.cluster import GroupLinkage, ProbabilityCut, extend
from castlist.metrics import b_cubed
from castlist.pipeline.identify import refine_where_better
from castlist.recipe import Recipe

KINDS = ("alone", "one guest", "three guests", "two people", "nobody together")
MOST = 4  # people of a film who are taken in pairs


def scored(film: Film, tracks: Labels, together: bool) -> tuple[float, float, float, bool]:
    """Precision, recall and F of a film of some tracks, and whether it has as many people as it should.

    Args:
        tracks: rows of tracks whose person is known.
        together: whether it is known who is seen together.
    """
    keep = np.isin(np.arange(len(film.who)), tracks)
    faces, links = film.found.embeddings, film.found.constraints
    base = faces[keep[faces.track]]
    known = links[keep[links.a] & keep[links.b] & together]
    shot = film.found.cast.tracks.shot
    _, refined = refine_where_better(Recipe().refine, base, known, shot, CPU)
    tree = GroupLinkage()(refined, known)
    label = extend(ProbabilityCut()(tree, refined, known), len(keep)).label[tracks]
    true = film.who[tracks]
    score = b_cubed(true, label)
    return score.precision, score.recall, score.f1, len(np.unique(label)) == len(np.unique(true))


def guests(film: Film, own: Labels, rng: np.random.Generator) -> Labels:
    """Tracks of other people seen together with tracks of a person, in random order."""
    pairs: NDArray[np.int64] = film.found.constraints.cannot
    beside = np.concatenate([pairs[np.isin(pairs[:, 0], own), 1], pairs[np.isin(pairs[:, 1], own), 0]])
    return rng.permutation(np.setdiff1d(np.intersect1d(beside, film.rows), own))


def main() -> None:
    parser = films_parser(__doc__)
    parser.add_argument("--tracks", type=int, default=6, help="fewest tracks of a person who is a film")
    given = parser.parse_args()
    rows = defaultdict(list)
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
    print(f"{'':18}{'films':>8}{'P':>8}{'R':>8}{'F':>8}{'right number':>14}")
    for kind in KINDS:
        if rows[kind]:
            mean = np.mean(rows[kind], axis=0)
            print(
                f"{kind:18}{len(rows[kind]):8}" + "".join(f"{v:8.3f}" for v in mean[:3]) + f"{mean[3]:14.3f}"
            )


if __name__ == "__main__":
    main()
