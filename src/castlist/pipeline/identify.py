"""Who is who in what a scan brought home: array work that takes seconds and knows no database."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from castlist.cast import Cast
from castlist.cluster.links import must_groups
from castlist.decisions import Decision, Resolved, resolve
from castlist.decisions.constraints import with_decisions
from castlist.decisions.resolve import DECIDED_NO_FACE, HIDDEN
from castlist.errors import InputError
from castlist.progress import Watch, silent
from castlist.recipe import Recipe
from castlist.refine import REFINERS
from castlist.refine.validate import Best, Verdict, choose, try_refinement
from castlist.track import NOT_A_FACE, TOO_BLURRED, kept, tells_nothing
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
    Tracks,
    Tree,
    Video,
)

__all__ = ["Found", "identify", "refine_where_better"]


@dataclass(frozen=True, eq=False, slots=True)
class Found:
    """What `identify` found: the cast, pictures of every track, and how the people were told apart."""

    cast: Cast
    portraits: Portraits
    embeddings: Embeddings  # base vectors by track
    refined: Embeddings  # those that were clustered
    constraints: Constraints
    tree: Tree
    verdict: Verdict
    said: Resolved  # what the decisions say about these tracks


def identify(
    video: Video,
    seen: Scan,
    recipe: Recipe = Recipe(),
    *,
    decisions: Sequence[Decision] = (),
    machine: Machine = Machine(),
    watch: Watch = silent,
) -> Found:
    """The people in what a scan brought home, within what people decided.

    Raises:
        InputError: a step refuses what it is given.
    """
    watch("people", 0, 4)
    shots = recipe.split(seen.signal)
    followed = recipe.track(shots, seen.detections, seen.clock)
    everything, portraits = _by_track(followed, seen, recipe.embed.model)
    tracks = recipe.divide(followed, everything)
    if tracks is not followed:
        everything, portraits = _by_track(tracks, seen, recipe.embed.model)
    said = resolve(decisions, tracks, seen.clock, video)
    reason = _reasons(recipe.sift(tracks, seen.detections, everything), said)
    good = kept(reason)
    blurred = good & tells_nothing(everything, len(tracks))
    linked = good & ~blurred
    embeddings = everything[linked[everything.track]]
    together = recipe.reflect(recipe.constrain(tracks), tracks, seen.detections, everything)
    constraints = with_decisions(together, must=said.must, cannot=said.cannot)
    constraints = constraints[good[constraints.a] & good[constraints.b]]
    told = must_groups(len(tracks), said.must, said.must[:0])[0]
    links = _links(constraints, told, linked)
    watch("people", 1, 4)
    verdict, better = refine_where_better(recipe.refine, embeddings, links, tracks.shot, machine)
    watch("people", 2, 4)
    tree = recipe.link(better, links)
    clustering = recipe.cut(tree, better, links)
    watch("people", 3, 4)
    label = _labels(clustering, linked, blurred, told)
    fate = _fates(recipe.bill(label, tracks), label, said, blurred)
    unclear = good & (fate == SET_ASIDE)
    why = np.where(unclear, NOT_A_FACE, np.where(blurred & (fate == BACKGROUND), TOO_BLURRED, reason))
    cast = Cast.of(
        video,
        seen.clock,
        shots,
        tracks,
        label,
        fate=fate,
        reason=tuple(why.tolist()),
        names=said.names(label),
        portraits=portraits,
        damaged=seen.damaged,
    )
    watch("people", 4, 4)
    return Found(cast, portraits, embeddings, better, constraints, tree, verdict, said)


def _by_track(tracks: Tracks, seen: Scan, model: str) -> tuple[Embeddings, Portraits]:
    """The embedded faces of each track, with their pictures; faces that no track took are left out."""
    track_of = np.full(len(seen.detections), NOISE, np.int64)
    detected = tracks.detection >= 0
    track_of[tracks.detection[detected]] = tracks.track[detected]
    rows = np.flatnonzero(track_of[seen.embedded] >= 0)
    rows = rows[np.argsort(track_of[seen.embedded[rows]], kind="stable")]
    face = seen.embedded[rows]
    embeddings = Embeddings(seen.vector[rows], track_of[face], face, seen.quality[face], model)
    found = seen.detections
    image = tuple(seen.image[row] for row in rows)
    return embeddings, Portraits(
        found.frame[face], found.box[face], track_of[face], seen.quality[face], image
    )


def _reasons(reason: tuple[str, ...], said: Resolved) -> tuple[str, ...]:
    """Why each track is set aside, "" where it is not: what a person said of it outranks the machine."""
    wanted = said.wanted
    return tuple(
        DECIDED_NO_FACE if said.not_a_face[t] else HIDDEN if said.hidden[t] else "" if wanted[t] else why
        for t, why in enumerate(reason)
    )


def _links(constraints: Constraints, told: NDArray[np.int64], linked: NDArray[np.bool_]) -> Constraints:
    """The constraints between tracks that are linked; what holds by way of another track is kept.

    `told` (t,) are the groups that must-links make.
    """
    first = np.full(len(linked), NOISE)
    rows = np.flatnonzero(linked)[::-1]
    first[told[rows]] = rows
    star = np.stack([first[told[rows]], rows], 1)
    between = constraints[linked[constraints.a] & linked[constraints.b]]
    return with_decisions(between, must=star[star[:, 0] != star[:, 1]])


def _labels(
    clustering: Clustering, linked: NDArray[np.bool_], blurred: NDArray[np.bool_], told: NDArray[np.int64]
) -> NDArray[np.int64]:
    """(t,) persons of the tracks that were linked; one that is too blurred is with whom it was said to be.

    Where nobody said anything it is a person of its own.
    """
    label = np.full(len(linked), NOISE, np.int64)
    label[: len(clustering)] = clustering.label
    label[~linked] = NOISE
    person = label.max(initial=NOISE) + 1 + np.arange(len(linked))  # of a group of must-links
    person[told[linked]] = label[linked]
    label[blurred] = person[told[blurred]]
    return np.unique(label, return_inverse=True)[1] - int((label == NOISE).any())  # without gaps


def _fates(
    billed: NDArray[np.int8], label: NDArray[np.int64], said: Resolved, blurred: NDArray[np.bool_]
) -> NDArray[np.int8]:
    """Fates with what was decided: a person goes where any of their tracks was put; who has a name is one."""
    nowhere_clear = blurred & ~np.isin(label, label[~blurred])
    fate = np.where(nowhere_clear & (billed == PERSON), np.int8(BACKGROUND), billed)
    for track in np.flatnonzero((said.named_by > 0) & (fate == SET_ASIDE)):
        fate[label == label[track]] = PERSON
    for track in np.flatnonzero((said.fate >= 0) & (label != NOISE)):
        fate[label == label[track]] = said.fate[track]
    fate[label == NOISE] = SET_ASIDE
    return fate


def refine_where_better(
    refine: Any, embeddings: Embeddings, constraints: Constraints, shot: NDArray[np.int64], machine: Machine
) -> tuple[Verdict, Embeddings]:
    """Better embeddings where a refinement helps; a step that cannot be tried is taken as it is.

    Args:
        refine: a refinement step, or `Best` for whichever of several the film's own pairs speak for.
        shot: (t,) of each track.
    """
    machine = replace(machine, threads=machine.threads or 1)  # so small a network trains no faster on more
    steps = _candidates(refine)
    if any(not hasattr(step, "fit") for step in steps.values()):
        refined = refine(embeddings, constraints, machine=machine)
        return Verdict.mixed(refined), refined
    verdict = choose(
        {
            name: try_refinement(_trial(step, machine), embeddings, constraints, shot)
            for name, step in steps.items()
        }
    )
    if not verdict.better:
        return verdict, embeddings
    return verdict, steps[verdict.name](embeddings, constraints, machine=machine)


def _candidates(step: Any) -> dict[str, Any]:
    """The refinements that are to be tried, by name."""
    if not isinstance(step, Best):
        return {type(step).__name__: step}
    unknown = [name for name in step.candidates if name not in REFINERS]
    if unknown or not step.candidates:
        raise InputError(
            f"refine.candidates must name some of {', '.join(REFINERS)}; got {list(step.candidates)}"
        )
    makers: dict[str, Any] = dict(REFINERS)
    return {name: makers[name](seed=step.seed) for name in step.candidates if name != "none"}


def _trial(step: Any, machine: Machine) -> Callable[[Embeddings, Constraints, Embeddings], Embeddings]:
    """Learn from these faces with their constraints, and refine those."""

    def refine(learn: Embeddings, known: Constraints, apply: Embeddings) -> Embeddings:
        model = step.fit(learn.vector, learn.track, known.cannot, machine=machine)
        vector: NDArray[np.float32] = model.transform(apply.vector)
        return Embeddings(vector, apply.track, apply.detection, apply.quality, "refined")

    return refine
