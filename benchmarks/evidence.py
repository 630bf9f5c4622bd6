"""How well castlist's settings carry over to other films: all figures on recognising people, in one command.

    python benchmarks/evidence.py FILM.castlist ... --truth FOLDER [--aside NAME ...]
        [--films FOLDER] [--draws 5]

Works on the arrays of finished workspaces; FILM.truth.csv is in FOLDER. Films named by --aside are reported
separately. Four tables with a row for each film:

1. Generalisation: processor seconds of `identify`; B-cubed F of the linked tracks (each weighted by its
   faces) with castlist's prior of cosines, and with one fitted on all other given films except those of the
   same series (the same first word of the name); mean and standard deviation of F over subsamples of two
   thirds of the faces, each with a seed of its own.
2. Calibration: the share of correct links by predicted probability, pooled over films, with each prior.
3. Refinement: area under ROC of pairs of tracks and F with the model's features, with those of three TSiam
   networks alone (forced), and with castlist's mixture; the validation of `refine.use=best`.
4. Cues: area under ROC of pairs of tracks by faces, clothes, hair, place, height, and faces with clothes;
   F of castlist, and with one part removed or hair added. Hair needs the film itself (--films).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from linkage import CPU, Film, films_parser, labelled
from numpy.typing import NDArray

from castlist.cluster import (
    Calibration,
    GroupLinkage,
    ProbabilityCut,
    extend,
    membership_confidence,
    reliability,
)
from castlist.cluster.calibrate import PRIORS, Prior
from castlist.cluster.likeness import Likeness, first_view
from castlist.cues import Clothes, Weights, by_track
from castlist.pipeline.identify import refine_where_better
from castlist.refine.validate import Best, Validation, separation
from castlist.split import cells
from castlist.types import Clustering, Constraints, Embeddings

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]
NAN = float("nan")
LEAST_PAIRS = 3  # pairs of one person that a film needs to contribute to the cosines of one person
NEAR_SHOTS = 10  # a camera set-up that returns after more shots counts as another one
SAME_SETUP = 0.7  # correlation of thumbnails, minus the film's mean, of one set-up
CLEAR_GAIN = 0.01  # of F; a smaller gain or loss is noise


@dataclass(frozen=True, eq=False)
class Named:
    """A film with its name."""

    name: str
    film: Film

    @property
    def series(self) -> str:
        return self.name.split("_")[0]

    def linked_f(
        self, embeddings: Embeddings, *hints: NDArray[np.float32], constraints: Constraints | None = None
    ) -> float:
        return self.film.f(self.clustered(embeddings, *hints, constraints=constraints))

    def clustered(
        self, embeddings: Embeddings, *hints: NDArray[np.float32], constraints: Constraints | None = None
    ) -> Clustering:
        links = self.film.found.constraints if constraints is None else constraints
        tree = GroupLinkage()(embeddings, links, *hints)
        return ProbabilityCut()(tree, embeddings, links)

    @property
    def hints(self) -> tuple[NDArray[np.float32], ...]:
        """The clothes' log odds."""
        beside = self.film.found.beside
        return (beside.odds,) if beside is not None and beside.speaks else ()

    def pairs(self) -> tuple[Rows, NDArray[np.bool_]]:
        """(q, 2) pairs of labelled linked tracks, and whether each shows one person."""
        rows = self.film.rows
        a, b = np.triu_indices(len(rows), 1)
        pairs = np.stack([rows[a], rows[b]], 1)
        return pairs, self.film.who[pairs[:, 0]] == self.film.who[pairs[:, 1]]


# 1. Generalisation


def fitted_prior(films: Iterable[Named], usual: Prior) -> Prior:
    """A prior of cosines of the model's track means, of one person and of two, each film with equal weight.

    The usual prior if no film has enough pairs.
    """
    values = []
    for named in films:
        pairs, same = named.pairs()
        cosine = Likeness.from_embeddings(first_view(named.film.found.refined), len(named.film.who))[0].pairs(
            pairs
        )
        if same.sum() >= LEAST_PAIRS and (~same).sum() >= LEAST_PAIRS:
            values.append([f(cosine[m]) for m in (same, ~same) for f in (np.mean, np.std)])
    if not values:  # no other film has enough pairs
        return usual
    means = np.mean(values, axis=0)
    return replace(
        usual, **dict(zip(("same_mean", "same_std", "other_mean", "other_std"), means, strict=True))
    )


class PriorInPlace:
    """The prior of a model, replaced within a `with` statement."""

    def __init__(self, model: str, prior: Prior) -> None:
        self.model, self.prior, self.usual = model, prior, PRIORS[model]

    def __enter__(self) -> None:
        PRIORS[self.model] = self.prior

    def __exit__(self, *_: object) -> None:
        PRIORS[self.model] = self.usual


def others(named: Named, films: Sequence[Named]) -> list[Named]:
    return [film for film in films if film.series != named.series]


def generalisation(
    part: Sequence[Named], films: Sequence[Named], draws: int
) -> tuple[list[str], list[list[float]]]:
    rows = []
    for named in part:
        found = named.film.found
        usual = named.linked_f(found.refined, *named.hints)
        prior = fitted_prior(others(named, films), PRIORS[found.refined.model])
        with PriorInPlace(found.refined.model, prior):
            left_out = named.linked_f(found.refined, *named.hints)
        drawn = named.film.drawn(draws, *named.hints) if draws else np.array([NAN])
        rows.append([len(named.film.rows), named.film.seconds, usual, prior.same_mean, prior.other_mean,
                     left_out, drawn.mean(), drawn.std()])  # fmt: skip
    heads = ["tracks", "CPU s", "F", "same", "other", "F left out", "F of 2/3", "± sd"]
    return heads, rows


# 2. Calibration


def links(named: Named) -> tuple[Floats, NDArray[np.bool_]]:
    """Each link's predicted probability, and whether most other tracks of its person show the same person."""
    found, film = named.film.found, named.film
    clustering = named.clustered(found.refined, *named.hints)
    confidence = membership_confidence(found.refined, found.constraints, clustering)
    label = extend(clustering, len(film.who)).label[film.rows]
    who = film.who[film.rows]
    table = np.zeros((who.max(initial=0) + 1, label.max(initial=0) + 1))
    np.add.at(table, (who, label), 1)
    rest = table.T[label]
    rest[np.arange(len(who)), who] -= 1
    several = rest.sum(axis=1) > 0
    return confidence[film.rows][several], (rest.argmax(axis=1) == who)[several]


def calibration(films: Sequence[Named], all_films: Sequence[Named], *, left_out: bool) -> list[str]:
    said, right = [], []
    for named in films:
        model = named.film.found.refined.model
        prior = fitted_prior(others(named, all_films), PRIORS[model]) if left_out else PRIORS[model]
        with PriorInPlace(model, prior):
            p, good = links(named)
        said.append(p)
        right.append(good)
    p, good = np.concatenate(said), np.concatenate(right)
    if not len(p):
        return ["0", "–", "–", "–"]
    diagram = reliability(p, good)
    sure = p >= 0.9
    bins = " ".join(
        f"{a:.2f}:{b:.2f} ({n})"
        for a, b, n in zip(diagram.predicted, diagram.true, diagram.count, strict=True)
        if n
    )
    share = good[sure].mean() if sure.any() else NAN
    return [str(len(p)), f"{diagram.expected_calibration_error:.3f}", f"{share:.3f} of {sure.sum()}", bins]


# 3. Refinement


def refinement(films: Sequence[Named]) -> tuple[list[str], list[list[float]], list[str]]:
    rows, said = [], []
    for named in films:
        found, film = named.film.found, named.film
        base, forced = first_view(found.refined), replace(found.refined, share=1.0)
        shot = found.cast.tracks.shot
        verdict = refine_where_better(Best(), found.embeddings, found.constraints, shot, CPU)[0]
        f = [named.linked_f(e, *named.hints) for e in (base, forced, found.refined)]
        rows.append([film.auc(base), film.auc(forced), film.auc(found.refined), *f])
        said.append(judged(verdict))
    return ["AUC base", "forced", "mixed", "F base", "forced", "mixed"], rows, said


def judged(verdict: Validation) -> str:
    """The validation's result, in a cell."""
    if not verdict.pairs:
        return "nothing to judge by"
    used = "used" if verdict.better else "not used"
    return f"{verdict.name} {verdict.before:.3f} → {verdict.after:.3f}, {used}"


def gains(rows: Sequence[Sequence[float]]) -> str:
    """The share of refinement's possible gains in F that the mixture reaches, and its losses."""
    base, forced, mixed = np.array(rows)[:, 3:].T
    could = np.maximum(np.maximum(forced, mixed) - base, 0)
    clear = could > CLEAR_GAIN
    taken = np.maximum(mixed - base, 0)[clear].sum() / could[clear].sum() if clear.any() else NAN
    return (
        f"gains of more than {CLEAR_GAIN} on {clear.sum()} of {len(base)} films, {taken:.2f} of them taken; "
        f"forced loses more than that on {(forced < base - CLEAR_GAIN).sum()}, "
        f"the mixture on {(mixed < base - CLEAR_GAIN).sum()} (at most {max((base - mixed).max(), 0):.3f})"
    )


# 4. Cues


def hair(named: Named, path: Path) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Colours of the ring around the face: (t, c) unit vectors of tracks, and (t,) their quality."""
    import av

    found = named.film.found
    portraits, count = found.portraits, len(named.film.who)
    at: dict[int, list[int]] = {}
    for row, frame in enumerate(portraits.frame.tolist()):
        at.setdefault(frame, []).append(row)
    rings: dict[int, NDArray[np.uint8]] = {}
    with av.open(str(path)) as container:
        for number, frame in enumerate(container.decode(video=0)):
            if number in at:
                image = frame.to_ndarray(format="bgr24")
                rings.update({row: _ring(image, portraits.box[row]) for row in at[number]})
    rows = sorted(rings)
    cue = Clothes()([rings[row] for row in rows])
    return by_track(replace(cue, quality=(cue.quality > 0).astype(np.float32)), portraits.track[rows], count)


def _ring(image: NDArray[np.uint8], box: NDArray[np.floating]) -> NDArray[np.uint8]:
    """(4, n, 3) pixels above and beside a face, without the face."""
    wide, high = box[2] - box[0], box[3] - box[1]
    first = np.floor([box[0] - 0.3 * wide, box[1] - 0.5 * high]).astype(int)
    last = np.ceil([box[2] + 0.3 * wide, box[1] + 0.45 * high]).astype(int)
    low, high_end = np.maximum(first, 0), np.minimum(last, image.shape[1::-1])
    part = image[low[1] : max(high_end[1], low[1]), low[0] : max(high_end[0], low[0])]
    y, x = np.mgrid[low[1] : low[1] + part.shape[0], low[0] : low[0] + part.shape[1]]
    face = (x > box[0] + 0.1 * wide) & (x < box[2] - 0.1 * wide) & (y > box[1] + 0.1 * high)
    ring = part[~face]
    return ring[: len(ring) // 4 * 4].reshape(4, -1, 3)


def places(named: Named, pairs: Rows) -> Floats:
    """(q,) nearness of two tracks in the picture of one camera set-up; NaN if they are of two set-ups."""
    tracks = named.film.found.cast.tracks
    picture = cells(named.film.scan.signal).reshape(len(named.film.scan.signal), -1).astype(np.float64)
    picture -= picture.mean(axis=0)
    a, b = _in_order(pairs, tracks.first)
    x, y = picture[tracks.last[a]], picture[tracks.first[b]]
    alike = (x * y).sum(axis=1) / np.maximum(np.linalg.norm(x, axis=1) * np.linalg.norm(y, axis=1), 1e-9)
    ends, starts = tracks.box[tracks.offset[a + 1] - 1], tracks.box[tracks.offset[b]]
    gap = np.linalg.norm((ends[:, :2] + ends[:, 2:] - starts[:, :2] - starts[:, 2:]) / 2, axis=1)
    near = -gap / np.maximum(ends[:, 2] - ends[:, 0], 1) - np.abs(
        np.log((ends[:, 3] - ends[:, 1]) / (starts[:, 3] - starts[:, 1]))
    )
    apart = tracks.shot[b] - tracks.shot[a]
    return np.where((alike >= SAME_SETUP) & (apart > 0) & (apart <= NEAR_SHOTS), near, NAN)


def _in_order(pairs: Rows, first: NDArray[np.integer]) -> tuple[Rows, Rows]:
    swap = first[pairs[:, 0]] > first[pairs[:, 1]]
    return np.where(swap, pairs[:, 1], pairs[:, 0]), np.where(swap, pairs[:, 0], pairs[:, 1])


def heights(named: Named, pairs: Rows) -> Floats:
    """(q,) similarity of two faces in height, for pairs of two shots at most ten apart; NaN for others."""
    tracks = named.film.found.cast.tracks
    high = np.log([np.median(b[:, 3] - b[:, 1]) for b in np.split(tracks.box, tracks.offset[1:-1])])
    apart = np.abs(tracks.shot[pairs[:, 0]] - tracks.shot[pairs[:, 1]])
    alike = -np.abs(high[pairs[:, 0]] - high[pairs[:, 1]])
    return np.where((apart > 0) & (apart <= NEAR_SHOTS), alike, NAN)


def standing(named: Named, pairs: Rows) -> Floats:
    """As `heights`, but of the height over the mean of the faces in the same frames; NaN for a face alone."""
    tracks = named.film.found.cast.tracks
    count = len(named.film.who)
    high = np.array([np.median(b[:, 3] - b[:, 1]) for b in np.split(tracks.box, tracks.offset[1:-1])])
    beside: list[list[float]] = [[] for _ in range(count)]
    for a, b in named.film.found.constraints.cannot.tolist():
        beside[a].append(high[b])
        beside[b].append(high[a])
    level = np.array([np.log(high[i] / np.mean(near)) if near else NAN for i, near in enumerate(beside)])
    apart = np.abs(tracks.shot[pairs[:, 0]] - tracks.shot[pairs[:, 1]])
    alike = -np.abs(level[pairs[:, 0]] - level[pairs[:, 1]])
    return np.where((apart > 0) & (apart <= NEAR_SHOTS), alike, NAN)


def area(value: Floats, same: NDArray[np.bool_]) -> float:
    """Area under ROC over the pairs that have a value; NaN if these are of one kind."""
    known = ~np.isnan(value)
    return separation(value[known & same], value[known & ~same])


def clothing(named: Named, pairs: Rows) -> tuple[Floats, Floats]:
    """(q,) similarity of clothes, NaN if not visible, and their log odds, 0 there."""
    beside = named.film.found.beside
    if beside is None:
        return np.full(len(pairs), NAN), np.zeros(len(pairs))
    odds = beside.odds[pairs[:, 0], pairs[:, 1]].astype(np.float64)
    return np.where(np.isnan(odds), NAN, dotted(beside.vector, pairs)), np.nan_to_num(odds)


def dotted(vector: NDArray[np.float32], pairs: Rows) -> Floats:
    return np.asarray(np.einsum("qc,qc->q", vector[pairs[:, 0]], vector[pairs[:, 1]]), np.float64)


def cues(films: Sequence[Named], folder: Path | None) -> tuple[list[str], list[list[float]]]:
    rows = []
    for named in films:
        found, film = named.film.found, named.film
        pairs, same = named.pairs()
        likeness = Likeness.from_embeddings(found.refined, len(film.who))[0].pairs(pairs)
        faces = Calibration.fit(found.refined, found.constraints).log_odds(likeness)
        alike, odds = clothing(named, pairs)
        ring, with_hair = NAN, NAN
        path = _film_file(folder, named.name)
        if path is not None:
            vector, quality = hair(named, path)
            seen = (quality[pairs] > 0).all(axis=1)
            ring = area(np.where(seen, dotted(vector, pairs), NAN), same)
            with_hair = named.linked_f(found.refined, *_both(named, vector, quality))
        nothing = Constraints.empty()
        measures: tuple[Callable[[Named, Rows], Floats], ...] = (places, heights, standing)
        rows.append([
            area(faces, same), area(alike, same), ring, *(area(m(named, pairs), same) for m in measures),
            area(faces + odds, same), named.linked_f(found.refined, *named.hints),
            named.linked_f(found.refined), named.linked_f(first_view(found.refined), *named.hints),
            named.linked_f(found.refined, *named.hints, constraints=nothing), with_hair,
        ])  # fmt: skip
    heads = ["faces", "clothes", "hair", "place", "height", "standing", "faces+clothes", "F", "−clothes",
             "−networks", "−together", "+hair"]  # fmt: skip
    return heads, rows


def _both(
    named: Named, vector: NDArray[np.float32], quality: NDArray[np.float32]
) -> tuple[NDArray[np.float32], ...]:
    """Hints of clothes and of hair together; the film weighs hair as it weighs clothes."""
    found = named.film.found
    tracks = found.cast.tracks
    clock = named.film.scan.clock
    times = np.stack([clock.seconds(tracks.first), clock.seconds(tracks.last)], 1)
    weighed = Weights()(vector, quality, times, found.refined, found.constraints)
    if weighed is None or not weighed.speaks:
        return named.hints
    if not named.hints:
        return (weighed.odds,)
    odds = np.nan_to_num(named.hints[0]) + np.nan_to_num(weighed.odds)
    return (np.where(np.isnan(named.hints[0]) & np.isnan(weighed.odds), np.float32(NAN), odds),)


def _film_file(folder: Path | None, name: str) -> Path | None:
    if folder is None:
        return None
    found = [p for p in sorted(folder.glob(f"{name}.*")) if p.suffix in (".mp4", ".mkv", ".webm", ".avi")]
    return found[0] if found else None


# The page


def shown(
    title: str,
    heads: Sequence[str],
    films: Sequence[Named],
    rows: Sequence[Sequence[float]],
    note: Sequence[str] = (),
) -> None:
    print(f"\n{title}\n\n| film | " + " | ".join(heads) + (" | judge |" if note else " |"))
    print("| --- |" + " --- |" * (len(heads) + bool(note)))
    for i, (named, row) in enumerate(zip(films, rows, strict=True)):
        print(f"| {named.name} | " + " | ".join(map(cell, row)) + (f" | {note[i]} |" if note else " |"))
    with np.errstate(all="ignore"):
        mean = [
            float(np.nanmean(column)) if not np.isnan(column).all() else NAN for column in np.array(rows).T
        ]
    print("| **mean** | " + " | ".join(map(cell, mean)) + (" | |" if note else " |"), flush=True)


def cell(value: float) -> str:
    if np.isnan(value):
        return "–"
    return f"{value:.0f}" if value > 10 or isinstance(value, int) else f"{value:.3f}"


def main() -> None:
    parser = films_parser(__doc__)
    parser.add_argument("--films", type=Path, help="folder of the films, for the hair")
    parser.add_argument("--aside", nargs="*", default=[], help="films to report apart")
    parser.add_argument("--draws", type=int, default=5)
    given = parser.parse_args()
    films = [Named(place.stem, labelled(place, given.truth)) for place in given.places]
    aside = [named for named in films if named.name.startswith(tuple(given.aside))] if given.aside else []
    groups = {"given": [named for named in films if named not in aside], "kept aside": aside}
    for group, part in groups.items():
        if not part:
            continue
        heads, rows = generalisation(part, films, given.draws)
        shown(f"Generalisation, films {group}", heads, part, rows)
        print(
            f"\nCalibration, films {group}\n\n| prior | links | error | right of p ≥ .9 | said:true (links) |"
        )
        print("| --- |" + " --- |" * 4)
        for left_out in (False, True):
            cells_ = calibration(part, films, left_out=left_out)
            print(f"| {'left out' if left_out else 'castlist'} | " + " | ".join(cells_) + " |", flush=True)
        heads, rows, said = refinement(part)
        shown(f"Refinement, films {group}", heads, part, rows, said)
        print(f"\n{gains(rows)}")
        heads, rows = cues(part, given.films)
        shown(f"Cues, films {group}", heads, part, rows)


if __name__ == "__main__":
    main()
