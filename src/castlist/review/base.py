"""What the machine found, before anybody decided anything: the ground on which decisions are applied."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from castlist.errors import InputError, WorkspaceError
from castlist.review.renew import Shown
from castlist.store import Run, Workspace
from castlist.types import (
    NOISE,
    Clock,
    Constraints,
    Embeddings,
    Portraits,
    Shots,
    Tracks,
    Video,
    freeze,
)

__all__ = ["Base", "key_of", "prepare"]

NAME = "review"  # of the table among the workspace's results
EXACT = 12_000  # tracks up to which the film's own space is measured, with memory by their square


@dataclass(frozen=True, eq=False, slots=True)
class Base:
    """Tracks, who they show according to the machine alone, and how alike they are."""

    clock: Clock
    shots: Shots
    tracks: Tracks
    portraits: Portraits
    label: NDArray[np.int32]  # (t,) person, NOISE where set aside
    fate: NDArray[np.int8]  # (t,)
    reason: tuple[str, ...]  # (t,) why a track is not of the cast
    vector: NDArray[np.float32]  # (t, d) unit vectors; zero rows where there is none
    cannot: NDArray[np.int64]  # (q, 2) tracks seen together
    scale: NDArray[np.float64]  # (4,) mean cosine of one person and of two, its deviation, prior log odds
    damaged: int = 0
    mean: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 0), np.float32))
    # (t, d) unit means of the tracks' faces, as the model gives them; `vector` where not given

    def __post_init__(self) -> None:
        if not len(self.mean):
            object.__setattr__(self, "mean", self.vector)
        freeze(self, label=(np.int32, (None,)), fate=(np.int8, (None,)))
        d = np.shape(self.vector)[1] if np.ndim(self.vector) == 2 else 0
        freeze(self, vector=(np.float32, (len(self.label), d)), cannot=(np.int64, (None, 2)))
        width = np.shape(self.mean)[1] if np.ndim(self.mean) == 2 else 0
        freeze(self, scale=(np.float64, (4,)), mean=(np.float32, (len(self.label), width)))
        if not len(self.tracks) == len(self.label) == len(self.fate) == len(self.reason):
            raise InputError("Base.label, fate and reason must have one row a track")

    @classmethod
    def of(
        cls,
        shots: Shots,
        clock: Clock,
        tracks: Tracks,
        label: NDArray[np.int32],
        fate: NDArray[np.int8],
        reason: tuple[str, ...],
        embeddings: Embeddings,
        constraints: Constraints,
        portraits: Portraits,
        damaged: int = 0,
    ) -> Base:
        """The base of a clustering; its space is that of the film's own people."""
        mean, vector, scale = _space(embeddings, constraints, np.asarray(label, np.int64))
        return cls(
            clock,
            shots,
            tracks,
            portraits,
            label,
            fate,
            reason,
            vector,
            constraints.cannot,
            scale,
            damaged,
            mean,
        )


def _space(
    embeddings: Embeddings, constraints: Constraints, label: NDArray[np.int64]
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float64]]:
    from castlist.cluster import Calibration, track_means
    from castlist.cluster.whiten import measure, whiten

    mean, faces = track_means(embeddings, len(label), length=True)
    scale = Calibration.fit(embeddings, constraints).scale
    rows = np.flatnonzero((faces > 0) & (label != NOISE))
    vector = mean
    if 2 <= len(rows) <= EXACT:
        own = np.unique(label[rows], return_inverse=True)[1].astype(np.int64)
        vector = mean.copy()
        vector[rows] = whiten(mean[rows], own)
        scale = measure(vector[rows] @ vector[rows].T, own, scale)
    return mean, vector, np.array([scale.same, scale.other, scale.spread, scale.odds])


def prepare(place: str) -> tuple[Video, Base]:
    """The film and the base of a workspace: as kept, or found anew from its scan (seconds) and kept.

    Raises:
        WorkspaceError: no run has finished there yet, or its tables are damaged.
    """
    with Workspace.open(place, write=False) as keep:
        video = keep.video()
        key = key_of(keep)
        if video is None or not key:
            raise WorkspaceError(f"{place}: no cast has been found yet; run castlist find first")
        base = _kept(keep, key)
        if base is None:
            base, shown = _found(keep, video, _last_run(keep).recipe)
            _keep(place, key, base, shown)
    return video, base


def key_of(keep: Workspace) -> str:
    """Under which key the base of a workspace's last finished run is kept, "" before the first."""
    video = keep.video()
    if video is None or not any(run.finished for run in keep.runs()):
        return ""
    run = _last_run(keep)
    return f"{run.id} {run.started} {video.digest}"


def _last_run(keep: Workspace) -> Run:
    return [run for run in keep.runs() if run.finished][-1]


def _kept(keep: Workspace, key: str) -> Base | None:
    """The base as it was kept, None where it was not, or by another castlist, or is damaged."""
    try:
        return keep.get(NAME, key, Base)
    except WorkspaceError:
        return None


def _found(keep: Workspace, video: Video, toml: str) -> tuple[Base, Shown]:
    from castlist.identification import identify
    from castlist.recipe import Recipe

    recipe = Recipe.parse(toml)
    seen = keep.scan(recipe.scan_key(video))
    if seen is None:
        raise WorkspaceError(f"{keep.path}: its scan is gone; run castlist find on the film again")
    found = identify(video, seen, recipe)
    cast = found.cast
    base = Base.of(
        cast.shots, cast.clock, cast.tracks, cast.person, cast.fate, cast.reason,
        found.refined, found.constraints, found.portraits, cast.damaged,
    )  # fmt: skip
    return base, Shown.of(found)


def _keep(place: str, key: str, base: Base, shown: Shown) -> None:
    """Keep both for the next time; where that cannot be, they are found again then."""
    with suppress(WorkspaceError), Workspace.open(place) as keep:
        keep.put(NAME, key, base)
        keep.put("shown", key, shown)
