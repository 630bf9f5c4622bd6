"""Video -> cast, a straight line.

    film ─▶ open ─▶ scan (decode, split, detect, track, embed: one pass) ─▶ identify ─▶ cast, report

The scan is kept segment by segment and goes on where it was interrupted. `identify` is array work on what
the scan brought home, takes seconds, and knows no video and no database.
"""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from castlist import __version__, report
from castlist.cast import Cast
from castlist.decode import open_video
from castlist.judge import Verdict, kept, pair_cosines, try_refinement
from castlist.models import MODELS, load
from castlist.recipe import Recipe
from castlist.report import Evidence
from castlist.scan import scan
from castlist.store import Workspace
from castlist.types import Constraints, Embeddings, Machine, Portraits, Scan, Tracks, Video

__all__ = ["Found", "Watch", "find", "identify", "silent"]

Watch = Callable[[str, int, int], None]  # stage, how far it is, how far it goes (0: not known)


def silent(stage: str, done: int, total: int) -> None:
    """Watches and says nothing."""


@dataclass(frozen=True, eq=False, slots=True)
class Found:
    """What `identify` found: the cast, pictures of every track, and how the people were told apart."""

    cast: Cast
    portraits: Portraits
    embeddings: Embeddings  # base vectors by track
    refined: Embeddings  # those that were clustered
    constraints: Constraints
    verdict: Verdict


def find(
    film: str | os.PathLike[str],
    *,
    workspace: str | os.PathLike[str] | None = None,
    recipe: Recipe = Recipe(),
    machine: Machine = Machine(),
    watch: Watch = silent,
) -> Cast:
    """The cast of a film: who appears, and when.

    Work that was interrupted goes on where it was; work that is done already is not done again.

    Args:
        film: path of a video file.
        workspace: folder for results, `film.castlist` beside the film by default.
        recipe: what is done, step by step.
        machine: where it is done; never changes the result's key.
        watch: told of progress.

    Raises:
        VideoError: the file is not a video that can be read.
        WorkspaceError: the workspace is busy, or cannot be read or written.
    """
    started = time.perf_counter()
    video = open_video(film)
    place = Workspace.beside(video.path) if workspace is None else Path(workspace)
    with Workspace.open(place, create=True) as keep:
        keep.put_video(video)
        names = (recipe.detect.model, recipe.embed.model)
        run = keep.run_started(
            recipe.toml(),
            version=__version__,
            models={name: MODELS[name].sha256 for name in names if name in MODELS},
            seed=getattr(recipe.refine, "seed", None),
            machine={"platform": platform.platform(), "device": machine.device},
        )
        seen = _scanned(keep, video, recipe, machine, watch)
        scanned = time.perf_counter()
        found = identify(video, seen, recipe, machine=machine, watch=watch)
        watch("report", 0, 1)
        keep.put_cast(found.cast, found.portraits, run=run)
        timings = {"scan": scanned - started, "people": time.perf_counter() - scanned}
        evidence = _evidence(found, recipe, machine, timings)
        report.write(found.cast, keep.path / "report.html", thumbs=keep.image, evidence=evidence)
        keep.run_finished(run, timings, {"tracks": len(found.cast.tracks), "people": len(found.cast)})
        watch("report", 1, 1)
        return found.cast


def _scanned(keep: Workspace, video: Video, recipe: Recipe, machine: Machine, watch: Watch) -> Scan:
    """The whole scan of a film, as stored: what is there already, and what was missing."""
    key = recipe.key("split", "look", "detect", "track", "embed") + video.digest
    if not keep.is_complete(key):
        total = video.frame_count_estimate
        pieces = scan(
            video,
            recipe,
            machine,
            frames=keep.frames(key),
            last_pts=keep.last_pts(key),
            keep_image=keep.put_image,
            watch=lambda frames: watch("scan", frames, max(total, frames)),
        )
        for piece in pieces:
            keep.append(key, piece)
        keep.complete(key)
    frames = keep.frames(key)
    watch("scan", frames, frames)
    return keep.scan(key) or Scan.empty()


def identify(
    video: Video,
    seen: Scan,
    recipe: Recipe = Recipe(),
    *,
    machine: Machine = Machine(),
    watch: Watch = silent,
) -> Found:
    """The people in what a scan brought home.

    Raises:
        InputError: a step refuses what it is given.
    """
    watch("people", 0, 5)
    shots = recipe.split(seen.signal)
    tracks = recipe.track(shots, seen.detections, seen.clock)
    watch("people", 1, 5)
    everything, portraits = _by_track(tracks, seen, recipe.embed.model)
    reason = recipe.sift(tracks, seen.detections, everything)
    good = kept(reason)
    embeddings = everything[good[everything.track]]
    constraints = recipe.constrain(tracks)
    constraints = constraints[good[constraints.a] & good[constraints.b]]
    watch("people", 2, 5)
    verdict = try_refinement(_refiner(recipe, machine), embeddings, constraints, tracks.shot)
    refined = recipe.refine(embeddings, constraints, machine=machine) if verdict.better else embeddings
    watch("people", 3, 5)
    tree = recipe.link(refined, constraints)
    clustering = recipe.cut(tree, refined, constraints)
    watch("people", 4, 5)
    label = np.full(len(tracks), -1, np.int64)
    label[: len(clustering)] = clustering.label
    label[~good] = -1
    cast = Cast.of(
        video, seen.clock, shots, tracks, label,
        fate=recipe.bill(label, tracks), reason=reason, portraits=portraits, damaged=seen.damaged,
    )  # fmt: skip
    watch("people", 5, 5)
    return Found(cast, portraits, embeddings, refined, constraints, verdict)


def _by_track(tracks: Tracks, seen: Scan, model: str) -> tuple[Embeddings, Portraits]:
    """The embedded faces of each track, with their pictures; faces that no track took are left out."""
    track_of = np.full(len(seen.detections), -1, np.int64)
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


def _refiner(recipe: Recipe, machine: Machine) -> Callable[..., Embeddings]:
    """Learn from some faces, apply to others: how a refinement is judged."""

    def refine(learn: Embeddings, constraints: Constraints, apply: Embeddings) -> Embeddings:
        model = recipe.refine.fit(learn.vector, learn.track, constraints.cannot, machine=machine)
        vector: NDArray[np.float32] = model.transform(apply.vector)
        return Embeddings(vector, apply.track, apply.detection, apply.quality, apply.model)

    return refine


def _evidence(found: Found, recipe: Recipe, machine: Machine, timings: dict[str, float]) -> Evidence:
    """What the report shows beyond the cast."""
    before = pair_cosines(found.embeddings, found.constraints)
    after = pair_cosines(found.refined, found.constraints)
    roles = (("face detection", recipe.detect.model), ("face vectors", recipe.embed.model))
    known = [(role, MODELS[name]) for role, name in roles if name in MODELS]
    return Evidence(
        positive_before=before[0], negative_before=before[1],
        positive_after=after[0], negative_after=after[1],
        verdict=found.verdict.sentence, portraits=found.portraits, version=__version__,
        models=tuple(report.Model(role, m.name, m.sha256, m.licence) for role, m in known),
        recipe=recipe.toml(), seed=getattr(recipe.refine, "seed", None), timings=tuple(timings.items()),
        platform=platform.platform(), provider=load(known[0][1].name, machine).provider if known else "",
    )  # fmt: skip
