"""Scan -> people, without decisions: constraints, refinement, clustering, roles."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from inspect import signature

import numpy as np
from numpy.typing import NDArray

from castlist import machine_limits
from castlist.argument_types import typed_arguments
from castlist.cast import Cast
from castlist.cluster import (
    BlurredJoined,
    GroupLinkage,
    LowQualityPlacement,
    ProbabilityCut,
    join_blurred,
    judge_low_quality,
    placed,
)
from castlist.cues import Weighed, by_track
from castlist.errors import InputError
from castlist.progress import Watch, silent
from castlist.recipe import Recipe
from castlist.refine import REFINERS, Learner, Refiner, refinement
from castlist.refine.device import at_most
from castlist.refine.learner import links_of_faces
from castlist.refine.validate import Best, Validation, choose, try_refinement
from castlist.split import cells
from castlist.track import (
    NOT_A_FACE,
    TOO_BLURRED,
    Surroundings,
    kept,
    mean_length,
    recognised,
    tells_nothing,
)
from castlist.types import (
    BACKGROUND,
    NOISE,
    PERSON,
    SET_ASIDE,
    Clustering,
    Constraints,
    Embeddings,
    Machine,
    Portraits,
    Scan,
    Shots,
    Tracks,
    Tree,
    Video,
)

__all__ = ["Found", "identify", "refine_where_better"]


# Share of right tracks among people that the linkage made of unclear tracks only: tracks that show the same
# person as most faces of their group. 50 of 70 in six labelled films and five other versions of each
# (benchmarks/placed.py).
TOGETHER = 0.7
# Least bytes of memory of `GroupLinkage` for each pair of tracks: 11.1 and 11.9 were measured for 6,000 and
# 12,000 tracks, without clothes and refined features (28 with these, for a film of 2,976 tracks).
PAIR_BYTES = 11
MANY = 5000  # tracks from which memory is checked: fewer need less than a scan


@dataclass(frozen=True, eq=False, slots=True)
class Found:
    """The result of `identify`: the cast, pictures of every track, and the evidence for the people."""

    cast: Cast
    portraits: Portraits
    embeddings: Embeddings  # base vectors by track
    refined: Embeddings  # the vectors that were clustered
    constraints: Constraints
    tree: Tree
    verdict: Validation
    sureness: NDArray[np.float64]  # (t,) probability that a blurred or low-quality track shows its person;
    # NaN for all other tracks
    beside: Weighed | None = None  # the cue other than the face, and its log odds; None without one
    placements: tuple[LowQualityPlacement, ...] = ()  # likeliest people of tracks of low quality


@typed_arguments
@at_most(1)  # more threads do not multiply such small matrices faster
def identify(
    video: Video,
    scan: Scan,
    recipe: Recipe = Recipe(),
    *,
    machine: Machine = Machine(),
    watch: Watch = silent,
) -> Found:
    """The people in a scan, found without decisions.

    `castlist.decisions.apply` applies the reviewer's decisions to the result.

    Raises:
        InputError: a step refuses its input, or there is too little memory for so many tracks.
    """
    watch("people", 0, 4)
    scan = replace(scan, clock=scan.clock.of_rate(video.frame_rate))
    tracked = _tracked(video, scan, recipe)
    constraints = _constraints(scan, recipe, tracked)
    base, links = tracked.compared(constraints)
    if isinstance(recipe.link, GroupLinkage):
        _check_memory(video, len(np.unique(base.track)))
    watch("people", 1, 4)
    validation, refined = refine_where_better(recipe.refine, base, links, tracked.tracks.shot, machine)
    watch("people", 2, 4)
    beside = _beside(scan, tracked.tracks, recipe, refined, links)
    hints = () if beside is None or not beside.speaks else (beside.odds,)
    tree = recipe.link(refined, links, *hints)
    clustering = recipe.cut(tree, refined, links)
    linked = _linked(clustering, tracked)
    placements: tuple[LowQualityPlacement, ...] = ()
    if isinstance(recipe.link, GroupLinkage) and isinstance(recipe.cut, ProbabilityCut):
        length = mean_length(tracked.embeddings, scan.detections, len(linked))
        placements = judge_low_quality(refined, links, linked, tracked.tracks, length, *hints)
    label, sureness = _with_blurred(placed(linked, placements), tracked, constraints, *hints)
    for each in placements:
        sureness[list(each.tracks)] = each.sureness
    sureness = _less_sure(sureness, label)
    watch("people", 3, 4)
    cast = _cast(video, scan, recipe, tracked, label)
    watch("people", 4, 4)
    return Found(
        cast, tracked.portraits, base, refined, constraints, tree, validation, sureness, beside, placements
    )


def _check_memory(video: Video, tracks: int) -> None:
    """Refuse to compare so many tracks that the system would end the process for lack of memory.

    Raises:
        InputError: there is too little memory.
    """
    needed = PAIR_BYTES * tracks**2
    free = machine_limits.memory(swap=True) if tracks >= MANY else None
    if free is None or needed <= free:
        return
    raise InputError(
        f"{video.path}: {tracks:,} tracks of faces were found; to compare them all takes at least "
        f"{needed / 1e9:.1f} GB of memory, and {free / 1e9:.1f} GB are free. What was read of the film is "
        "kept: close other programs, or use a machine with more memory, and run the same command again; or "
        "cut the film into parts and add them to a library (castlist library add), which finds the same "
        "people in all of them"
    )


@dataclass(frozen=True, eq=False, slots=True)
class _Tracked:
    """The film's tracks, and whether each shows a face that can be compared with others."""

    shots: Shots
    tracks: Tracks
    embeddings: Embeddings  # of all tracks
    portraits: Portraits
    reason: tuple[str, ...]  # (t,) why a track is set aside, "" where it is not
    usable: NDArray[np.bool_]  # (t,) not set aside
    blurred: NDArray[np.bool_]  # (t,) usable, but too blurred to be linked: joins a person, or stays alone

    @property
    def linked(self) -> NDArray[np.bool_]:
        """(t,) tracks that the linkage joins to people."""
        return self.usable & ~self.blurred

    def compared(self, constraints: Constraints) -> tuple[Embeddings, Constraints]:
        """The faces of the linked tracks, and the constraints between these tracks."""
        linked = self.linked
        faces = self.embeddings[linked[self.embeddings.track]]
        return faces, constraints[linked[constraints.a] & linked[constraints.b]]


def _tracked(video: Video, scan: Scan, recipe: Recipe) -> _Tracked:
    """The film's tracks: faces followed through shots, tracks of two people split, useless tracks marked.

    Shots and tracks are found here on the whole film. The scan finds these within each segment, too, but only
    to choose the faces to embed, since a segment must not depend on others.
    """
    shots = recipe.split(scan.signal)
    tracks = recipe.track(shots, scan.detections, scan.clock)
    embeddings, portraits = _by_track(tracks, scan, recipe.embed.model)
    parted = recipe.split_tracks(tracks, embeddings)
    if parted is not tracks:
        tracks = parted
        embeddings, portraits = _by_track(tracks, scan, recipe.embed.model)
    around = Surroundings(scan.clock, cells(scan.signal), video.width, video.height, scan.motion)
    reason = recipe.filter(tracks, scan.detections, embeddings, around)
    usable = kept(reason)
    blurred = usable & tells_nothing(embeddings, len(tracks))
    return _Tracked(shots, tracks, embeddings, portraits, reason, usable, blurred)


def _constraints(scan: Scan, recipe: Recipe, tracked: _Tracked) -> Constraints:
    """Constraints between usable tracks from the film itself: co-occurring tracks show two people."""
    constraints = recipe.constrain(tracked.tracks)
    constraints = recipe.mirrors(constraints, tracked.tracks, scan.detections, tracked.embeddings)
    return constraints[tracked.usable[constraints.a] & tracked.usable[constraints.b]]


def _cast(video: Video, scan: Scan, recipe: Recipe, tracked: _Tracked, label: NDArray[np.int64]) -> Cast:
    """The cast from the labels (t,): people with their roles, and the reasons for tracks set aside."""
    tracks, blurred = tracked.tracks, tracked.blurred & ~np.isin(label, label[~tracked.blurred])
    sure = recognised(tracked.embeddings, scan.detections, len(tracks))
    fate = _fates(recipe.roles(label, tracks, scan.clock, video.height, sure), label, blurred)
    too_blurred = np.where(blurred & (fate == BACKGROUND), TOO_BLURRED, tracked.reason)
    reason = np.where(tracked.usable & (fate == SET_ASIDE), NOT_A_FACE, too_blurred)
    return Cast.of(
        video, scan.clock, tracked.shots, tracks, label, fate=fate, reason=tuple(reason.tolist()),
        portraits=tracked.portraits, damaged=scan.damaged,
    )  # fmt: skip


def _beside(
    scan: Scan, tracks: Tracks, recipe: Recipe, embeddings: Embeddings, links: Constraints
) -> Weighed | None:
    """The cue other than the face, and its log odds; None without a cue, or if the linkage takes no hints."""
    if "hints" not in signature(recipe.link.__call__).parameters:
        return None
    rows, track = _rows(tracks, scan)
    vector, quality = by_track(scan.cue[rows], track, len(tracks))
    ends = (scan.clock.seconds(tracks.first), scan.clock.seconds(tracks.last))
    weighed: Weighed | None = recipe.weigh(vector, quality, np.stack(ends, 1), embeddings, links)
    return weighed


def _rows(tracks: Tracks, scan: Scan) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(k,) rows of the embedded faces that belong to a track, ordered by track, and (k,) their tracks."""
    track_of = np.full(len(scan.detections), NOISE, np.int64)
    detected = tracks.detection >= 0
    track_of[tracks.detection[detected]] = tracks.track[detected]
    rows = np.flatnonzero(track_of[scan.embedded] >= 0)
    rows = rows[np.argsort(track_of[scan.embedded[rows]], kind="stable")]
    return rows, track_of[scan.embedded[rows]]


def _by_track(tracks: Tracks, scan: Scan, model: str) -> tuple[Embeddings, Portraits]:
    """The embedded faces of each track, with their pictures; faces without a track are left out."""
    rows, track = _rows(tracks, scan)
    face = scan.embedded[rows]
    embeddings = Embeddings(scan.vector[rows], track, face, scan.quality[face], model)
    found = scan.detections
    image = tuple(scan.image[row] for row in rows)
    return embeddings, Portraits(found.frame[face], found.box[face], track, scan.quality[face], image)


def _linked(clustering: Clustering, tracked: _Tracked) -> NDArray[np.int64]:
    """(t,) persons of the linked tracks, NOISE for all others."""
    label = np.full(len(tracked.linked), NOISE, np.int64)
    label[: len(clustering)] = clustering.label
    label[~tracked.linked] = NOISE
    return label


def _with_blurred(
    label: NDArray[np.int64], tracked: _Tracked, constraints: Constraints, *hints: NDArray[np.float32]
) -> BlurredJoined:
    """The labels; a blurred track joins one of the people, or is a person of its own."""
    label, sureness = join_blurred(tracked.embeddings, constraints, label, tracked.blurred, *hints)
    label = label.copy()
    alone = np.flatnonzero(tracked.blurred & (label == NOISE))
    label[alone] = label.max(initial=NOISE) + 1 + np.arange(len(alone))
    without_gaps = np.unique(label, return_inverse=True)[1] - int((label == NOISE).any())
    return BlurredJoined(without_gaps, sureness)


def _less_sure(sureness: NDArray[np.float64], label: NDArray[np.int64]) -> NDArray[np.float64]:
    """(t,) probability of each track's person, lowered where that person has only unclear tracks, several."""
    people = label[label != NOISE]
    clear = np.bincount(people, np.isnan(sureness[label != NOISE])) > 0
    several = np.bincount(people) > 1
    doubtful = (label != NOISE) & np.append(several & ~clear, False)[label]
    return np.where(doubtful, TOGETHER * sureness, sureness)


def _fates(role: NDArray[np.int8], label: NDArray[np.int64], blurred: NDArray[np.bool_]) -> NDArray[np.int8]:
    """(t,) roles; people without a clear face (`blurred`) are in the background at best."""
    fate = np.where(blurred & (role == PERSON), np.int8(BACKGROUND), role)
    fate[label == NOISE] = SET_ASIDE
    return fate


def refine_where_better(
    refine: Refiner | Best,
    embeddings: Embeddings,
    constraints: Constraints,
    shot: NDArray[np.int64],
    machine: Machine,
) -> tuple[Validation, Embeddings]:
    """Refined embeddings where the refinement helps; a step that cannot be validated is always applied.

    Args:
        refine: a refinement step, or `Best` for the one of several that is best on the film's own pairs.
        shot: (t,) the shot of each track.
    """
    if not isinstance(refine, Best | Learner):
        refined = refine(embeddings, constraints, machine=machine)
        return Validation.mixed(refined), refined
    machine = replace(machine, threads=machine.threads or 1)  # more do not train so small a network faster
    steps = _candidates(refine)
    validation = choose(
        {
            name: try_refinement(_trial(step, machine), embeddings, constraints, shot)
            for name, step in steps.items()
        }
    )
    if not validation.better:
        return validation, embeddings
    step = steps[validation.name]
    return validation, step(embeddings, constraints, machine=machine)


def _candidates(step: Learner | Best) -> dict[str, Learner]:
    """The refinements to try, by name."""
    if not isinstance(step, Best):
        return {type(step).__name__: step}
    unknown = [name for name in step.candidates if name not in REFINERS]
    if unknown or not step.candidates:
        raise InputError(
            f"refine.candidates must name some of {', '.join(REFINERS)}; got {list(step.candidates)}"
        )
    steps = {name: refinement(name, seed=step.seed) for name in step.candidates if name != "none"}
    return {name: step for name, step in steps.items() if isinstance(step, Learner)}


def _trial(step: Learner, machine: Machine) -> Callable[[Embeddings, Constraints, Embeddings], Embeddings]:
    """A function that learns from some faces with their constraints, and refines other faces."""

    def refine(learn: Embeddings, known: Constraints, apply: Embeddings) -> Embeddings:
        links = links_of_faces(learn, known)
        model = step.fit(learn.vector, learn.track, links.cannot, machine=machine)
        vector: NDArray[np.float32] = model.transform(apply.vector)
        return Embeddings(vector, apply.track, apply.detection, apply.quality, "refined")

    return refine
