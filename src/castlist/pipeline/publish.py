"""Updates the stored cast and the report of a workspace after decisions."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from castlist import report
from castlist._version import __version__
from castlist.cast import Cast
from castlist.cluster import Calibration, reliability
from castlist.decisions import (
    Base,
    Decision,
    apply,
    as_shown,
    cast_of,
    completed_log,
    recorded_people,
    renumbered,
)
from castlist.embed.quality import turned
from castlist.errors import WorkspaceError
from castlist.models import MODELS, provider
from castlist.pipeline.dark import lower_dark_quality
from castlist.pipeline.identify import Found
from castlist.pipeline.outlook import outlook, outlook_of, store_outlook
from castlist.pipeline.reuse import scan_of
from castlist.pipeline.stills import kept_stills
from castlist.recipe import Recipe
from castlist.refine.device import at_most
from castlist.refine.validate import pair_cosines
from castlist.report import Evidence, Unsure
from castlist.report.page import Alike
from castlist.shell_words import shell_path
from castlist.store import Workspace
from castlist.suggest import Outlook
from castlist.suggest.alike import look_alikes, with_doubts
from castlist.types import NOISE, Constraints, CuePairs, Embeddings, Machine, Portraits, Video

__all__ = [
    "Publication",
    "alike_in",
    "base_of",
    "continued",
    "evidence_of",
    "poses_in",
    "prepared",
    "previous",
    "publish",
    "publish_run",
    "space",
    "stored_evidence",
    "unsure_of",
    "write_report",
]

EXACT = 12_000  # tracks up to which the film's features are whitened: memory grows with their square


def publish_run(workspace: Workspace, video: Video, found: Found, evidence: Evidence, run: int) -> Cast:
    """Store the result of a run, apply the decisions, and publish the cast; people keep their numbers.

    Raises:
        WorkspaceError: the disk is full, or the folder cannot be written.
    """
    before = previous(workspace)
    if before is not None:  # decisions without whole groups refer to the groups of the run before
        log = completed_log(before, video, workspace.decisions.all())
        workspace.decisions.complete(log)
    log = workspace.decisions.all()
    portraits = lower_dark_quality(found.portraits, found.cast.shots, workspace.image)
    base = continued(replace(base_of(found), portraits=portraits), before, video, log)
    workspace.put("machine", f"run {run}", base)
    workspace.put("evidence", f"run {run}", replace(evidence, portraits=Portraits.empty()))
    return publish(workspace, base, video, run)


def continued(base: Base, before: Base | None, video: Video, log: Sequence[Decision]) -> Base:
    """The result of a run, with people numbered and decided as in the run before.

    A person with a number that the decisions had already given up (as by a merge) gets an unused number.
    """
    if before is None:
        return renumbered(base, None, log)
    view = apply(before, video, log)
    base = renumbered(replace(base, stood=recorded_people(view)), as_shown(before, view), log)
    alive = {g.number for g in view.groups}
    groups = apply(base, video, log).groups
    left = [g.number for g in groups if not g.by and g.number < before.next_number and g.number not in alive]
    again = np.isin(base.number, left)
    number = base.number.copy()
    number[again] = base.next_number + np.arange(int(again.sum()))
    base = replace(base, number=number, next_number=base.next_number + int(again.sum()))
    return as_shown(base, apply(base, video, log))


@at_most(1)
def publish(workspace: Workspace, base: Base, video: Video, run: int | None = None) -> Cast:
    """Store the cast after the latest decision, and write its report.

    Args:
        run: the run of this cast; by default that of the stored cast.

    Raises:
        WorkspaceError: the disk is full, or the folder cannot be written.
    """
    publication = prepared(workspace, base, video, run)
    publication.store(workspace)
    return publication.cast


@dataclass(frozen=True, slots=True)
class Publication:
    """A cast after the latest decision; its report is written, its tables are not yet."""

    cast: Cast
    portraits: Portraits
    left: Outlook
    run: int | None
    decision: int  # the latest decision that it includes

    def store(self, workspace: Workspace) -> None:
        """Write the tables; new decisions wait during this short step.

        Raises:
            WorkspaceError: the disk is full, or the folder cannot be written.
        """
        store_outlook(workspace, self.left, self.run, self.decision)
        # Last, since the stored cast names the latest decision that all tables include.
        workspace.put_cast(self.cast, self.portraits, run=self.run, decision=self.decision)


@at_most(1)
def prepared(workspace: Workspace, base: Base, video: Video, run: int | None = None) -> Publication:
    """The first and longer part of `publish`, with the same arguments; it holds no lock."""
    run = workspace.cast_run()[0] if run is None else run
    view = apply(base, video, workspace.decisions.all())
    cast = cast_of(base, video, view)
    left = outlook_of(base, view)
    alike = with_doubts(look_alikes(base, view), left.doubts)
    write_report(workspace, cast, base.portraits, run, alike=alike, left=left)
    return Publication(cast, base.portraits, left, run, view.revision)


def write_report(
    workspace: Workspace,
    cast: Cast,
    portraits: Portraits,
    run: int | None = None,
    *,
    alike: Alike | None = None,
    left: Outlook | None = None,
    path: Path | None = None,
) -> None:
    """Write the report of a cast, with the evidence of its run.

    Args:
        alike: people who may be the same person; by default read from the workspace.
        left: uncertain people, and the expected clicks of a review; by default read from the workspace.
        path: the file; `report.html` in the workspace by default.
    """
    evidence = replace(stored_evidence(workspace, run), portraits=portraits)
    alike = alike_in(workspace) if alike is None else alike
    path = workspace.path / "report.html" if path is None else path
    unsure = unsure_of(workspace, cast, outlook(workspace) if left is None else left)
    report.write(
        cast, path, thumbs=workspace.image, evidence=evidence, alike=alike, unsure=unsure,
        stills=kept_stills(workspace),
    )  # fmt: skip


def alike_in(workspace: Workspace) -> Alike:
    """People who may be the same person, after the decisions; empty if no vectors are stored."""
    base, video = workspace.machine(), workspace.video()
    if base is None or video is None:
        return {}
    alike = look_alikes(base, apply(base, video, workspace.decisions.all()))
    return with_doubts(alike, outlook(workspace).doubts)


def poses_in(workspace: Workspace) -> dict[str, float]:
    """The turn of the face in each picture, by the picture's name; empty where the scan is gone."""
    video, runs = workspace.video(), [run for run in workspace.runs() if run.finished]
    if video is None or not runs:
        return {}
    try:
        scan = scan_of(workspace, video, runs[-1])[1]
    except WorkspaceError:
        return {}
    return dict(zip(scan.image, turned(scan.detections.landmarks[scan.embedded]).tolist(), strict=True))


def unsure_of(workspace: Workspace, cast: Cast, left: Outlook) -> Unsure:
    """The uncertain people, for the report."""
    called = {p.id: p.name for p in cast.everybody}
    why = {d.person: d.sentence(called.get(d.other, "somebody")) for d in left.doubts}
    return Unsure(why, f"castlist review {shell_path(workspace.path.name)}", left.clicks)


def stored_evidence(workspace: Workspace, run: int | None) -> Evidence:
    """The evidence of a run, as its report shows it; empty where none is stored."""
    try:
        return workspace.get("evidence", f"run {run}", Evidence) or Evidence()
    except WorkspaceError:
        return Evidence()


def previous(workspace: Workspace) -> Base | None:
    """The base of the last run, with its people's numbers; in old workspaces, made from the stored cast."""
    base = workspace.machine()
    if base is not None:
        return base
    try:
        cast = workspace.cast()
    except WorkspaceError:
        return None
    number = np.array([p.id for p in cast.everybody], np.int64)
    empty = np.zeros((len(cast.tracks), 0), np.float32)
    return Base(
        cast.clock, cast.shots, cast.tracks, workspace.portraits(), cast.person, cast.fate, cast.reason,
        empty, np.zeros((0, 2), np.int64), np.zeros(4), cast.damaged, empty,
        number, int(number.max(initial=0)) + 1, turned=cast.turned,
        negative=cast.negative,
    )  # fmt: skip


@at_most(1)
def base_of(found: Found) -> Base:
    """The result of a run as a base for decisions, with vectors whitened by the film's own people."""
    cast = found.cast
    mean, vector, scale = space(found.embeddings, found.constraints, np.asarray(cast.person, np.int64))
    return Base(
        cast.clock, cast.shots, cast.tracks, found.portraits, cast.person, cast.fate, cast.reason,
        vector, found.constraints.cannot, scale, cast.damaged, mean, turned=cast.turned,
        negative=cast.negative, cue=_cue_of(found), sureness=np.asarray(found.sureness, np.float32),
    )  # fmt: skip


def _cue_of(found: Found) -> CuePairs:
    """The clothes cue for pairs of tracks; empty where clothes carry no information in this film."""
    pairs = CuePairs() if found.beside is None else found.beside.pairs()
    return pairs if pairs.speaks else CuePairs()


class LikenessSpace(NamedTuple):
    """The means of t tracks, and the same whitened by a film's people."""

    mean: NDArray[np.float32]  # (t, d) unit means of the tracks
    vector: NDArray[np.float32]  # (t, d) whitened means
    scale: NDArray[np.float64]  # (4,) `same`, `other`, `spread`, `odds` of a `Scale` for whitened means


def space(embeddings: Embeddings, constraints: Constraints, label: NDArray[np.int64]) -> LikenessSpace:
    """Track means whitened by the film's own people; `label` (t,) is each track's person, NOISE for none."""
    from castlist.cluster import track_means
    from castlist.cluster.whiten import measure, whiten

    mean, faces = track_means(embeddings, len(label), length=True)
    scale = Calibration.fit(embeddings, constraints).scale
    rows = np.flatnonzero((faces > 0) & (label != NOISE))
    vector = mean
    if 2 <= len(rows) <= EXACT:
        groups = np.unique(label[rows], return_inverse=True)[1].astype(np.int64)
        vector = mean.copy()
        vector[rows] = whiten(mean[rows], groups)
        scale = measure(vector[rows] @ vector[rows].T, groups, scale)
    return LikenessSpace(mean, vector, np.array([scale.same, scale.other, scale.spread, scale.odds]))


@at_most(1)  # as `identify`
def evidence_of(found: Found, recipe: Recipe, machine: Machine, timings: dict[str, float]) -> Evidence:
    """The evidence of a report."""
    before = pair_cosines(found.embeddings, found.constraints)
    after = pair_cosines(found.refined, found.constraints)
    roles = (("face detection", recipe.detect.model), ("face vectors", recipe.embed.model))
    known = [(role, MODELS[name]) for role, name in roles if name in MODELS]
    return Evidence(
        positive_before=before[0], negative_before=before[1],
        positive_after=after[0], negative_after=after[1],
        reliability=_reliability(found), verdict=found.verdict.sentence, portraits=found.portraits,
        version=__version__,
        models=tuple(report.ModelUse(role, m.name, m.sha256, m.licence) for role, m in known),
        recipe=recipe.toml(), seed=getattr(recipe.refine, "seed", None), timings=tuple(timings.items()),
        platform=platform.platform(), provider=provider(known[0][1].name, machine) if known else "",
    )  # fmt: skip


def _reliability(found: Found) -> NDArray[np.float32]:
    """(b, 3) reliability of the calibration on known pairs of the film: predicted, true, and count of b bins.

    Known are the halves of a track, which show one person, and co-occurring tracks, which show two.
    """
    known = Calibration.fit(found.refined, found.constraints)
    predicted = known.probability(np.concatenate([known.within, known.apart]))
    true = np.repeat([True, False], [len(known.within), len(known.apart)])
    bins = reliability(predicted, true)
    full = bins.count > 0
    return np.stack([bins.predicted, bins.true, bins.count.astype(np.float64)], 1)[full].astype(np.float32)
