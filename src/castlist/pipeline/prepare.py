"""What the machine found in a workspace, before anybody decided anything: as stored, or found anew."""

from __future__ import annotations

from contextlib import suppress

import numpy as np
from numpy.typing import NDArray

from castlist.decisions import Base
from castlist.errors import RecipeError, WorkspaceError
from castlist.pipeline.identify import Found, identify
from castlist.pipeline.publish import Shown
from castlist.recipe import Recipe
from castlist.store import Run, Workspace
from castlist.types import NOISE, Constraints, Embeddings, Machine, Scan, Video

__all__ = ["base_of", "keep_base", "key_of", "prepare"]

NAME = "review"  # of the table among the workspace's results
EXACT = 12_000  # tracks up to which the film's own space is measured, with memory by their square


def base_of(found: Found) -> Base:
    """What the machine found, as decisions are applied to it; its space is that of the film's own people."""
    cast = found.cast
    mean, vector, scale = _space(found.embeddings, found.constraints, np.asarray(cast.person, np.int64))
    return Base(
        cast.clock, cast.shots, cast.tracks, found.portraits, cast.person, cast.fate, cast.reason,
        vector, found.constraints.cannot, scale, cast.damaged, mean,
    )  # fmt: skip


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


def keep_base(keep: Workspace, video: Video, seen: Scan, recipe: Recipe, machine: Machine) -> None:
    """Keep the base right after a run with steps of the caller's own, which nobody can import again later."""
    found = identify(video, seen, recipe, machine=machine)
    key = key_of(keep)
    keep.put(NAME, key, base_of(found))
    keep.put("shown", key, Shown.of(found))


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
    try:
        recipe = Recipe.stored(toml)
    except RecipeError as error:
        raise WorkspaceError(
            f"{keep.path}: the recipe of its cast cannot be used again ({error}); run castlist find again"
        ) from None
    seen = keep.scan(recipe.scan_key(video))
    if seen is None:
        raise WorkspaceError(f"{keep.path}: its scan is gone; run castlist find on the film again")
    found = identify(video, seen, recipe)
    return base_of(found), Shown.of(found)


def _keep(place: str, key: str, base: Base, shown: Shown) -> None:
    """Keep both for the next time; where that cannot be, they are found again then."""
    with suppress(WorkspaceError), Workspace.open(place) as keep:
        keep.put(NAME, key, base)
        keep.put("shown", key, shown)
