"""Video -> cast, a straight line.

    film ─▶ open ─▶ scan (decode, split, detect, track, embed: one pass) ─▶ identify ─▶ cast, report

The scan is kept segment by segment and goes on where it was interrupted. `identify` is array work on what
the scan brought home, takes seconds, and knows no video and no database.
"""

from __future__ import annotations

import os
import platform
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from castlist import report
from castlist._version import __version__
from castlist.cast import Cast
from castlist.cluster import Calibration, reliability
from castlist.decode import open_video
from castlist.models import MODELS, load
from castlist.pipeline.identify import Found, identify
from castlist.pipeline.pictures import make_again, missing
from castlist.pipeline.prepare import keep_base
from castlist.pipeline.scan import scan
from castlist.progress import Watch, silent
from castlist.recipe import Recipe
from castlist.refine.validate import pair_cosines
from castlist.report import Evidence
from castlist.store import Workspace
from castlist.types import Machine, Scan, Video

__all__ = ["find"]


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
        decisions = keep.decisions.all()
        found = identify(video, seen, recipe, decisions=decisions, machine=machine, watch=watch)
        watch("report", 0, 1)
        keep.put_cast(found.cast, found.portraits, run=run)
        timings = {"scan": scanned - started, "people": time.perf_counter() - scanned}
        evidence = _evidence(found, recipe, machine, timings)
        report.write(found.cast, keep.path / "report.html", thumbs=keep.image, evidence=evidence)
        keep.run_finished(run, timings, {"tracks": len(found.cast.tracks), "people": len(found.cast)})
        if recipe.own:
            keep_base(keep, video, seen, recipe, machine)
        watch("report", 1, 1)
        return found.cast


def _scanned(keep: Workspace, video: Video, recipe: Recipe, machine: Machine, watch: Watch) -> Scan:
    """The whole scan of a film, as stored: what is there already, and what was missing."""
    key = recipe.scan_key(video)
    if not keep.is_complete(key):
        total = video.frame_count_estimate
        pieces = scan(
            video,
            recipe,
            machine,
            frames=keep.frames(key),
            last_pts=keep.last_pts(key),
            retimed=keep.retimed(key),
            keep_image=keep.put_image,
            watch=lambda frames: watch("scan", frames, max(total, frames)),
        )
        for piece in pieces:
            keep.append(key, piece)
        keep.complete(key)
    frames = keep.frames(key)
    watch("scan", frames, frames)
    seen = keep.scan(key) or Scan.empty()
    if lost := missing(keep, seen):
        make_again(keep, video, seen, lost)
    return seen


def _evidence(found: Found, recipe: Recipe, machine: Machine, timings: dict[str, float]) -> Evidence:
    """What the report shows beyond the cast."""
    before = pair_cosines(found.embeddings, found.constraints)
    after = pair_cosines(found.refined, found.constraints)
    roles = (("face detection", recipe.detect.model), ("face vectors", recipe.embed.model))
    known = [(role, MODELS[name]) for role, name in roles if name in MODELS]
    return Evidence(
        positive_before=before[0], negative_before=before[1],
        positive_after=after[0], negative_after=after[1],
        reliability=_reliability(found), verdict=found.verdict.sentence, portraits=found.portraits,
        version=__version__,
        models=tuple(report.Model(role, m.name, m.sha256, m.licence) for role, m in known),
        recipe=recipe.toml(), seed=getattr(recipe.refine, "seed", None), timings=tuple(timings.items()),
        platform=platform.platform(), provider=load(known[0][1].name, machine).provider if known else "",
    )  # fmt: skip


def _reliability(found: Found) -> NDArray[np.float32]:
    """(b, 3) what the film's calibration says of the pairs that the film itself knows, and what is true.

    Known are the halves of a track, which are one person, and tracks seen together, which are two.
    """
    known = Calibration.fit(found.refined, found.constraints)
    said = known.probability(np.concatenate([known.within, known.apart]))
    true = np.repeat([True, False], [len(known.within), len(known.apart)])
    bins = reliability(said, true)
    full = bins.count > 0
    return np.stack([bins.said, bins.true, bins.count.astype(np.float64)], 1)[full].astype(np.float32)
