"""Video -> cast: the whole pipeline.

    film ─▶ open ─▶ scan (decode, split, detect, track, embed: one pass) ─▶ identify ─▶ cast, report

The scan is stored segment by segment and goes on where it was interrupted. `identify` is array work on the
scan, takes seconds, and says who is who by the machine alone; `publish_run` applies the decisions to that.
"""

from __future__ import annotations

import dataclasses
import importlib
import mmap
import os
import platform
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from castlist._version import __version__
from castlist.argument_types import typed_arguments
from castlist.cast import Cast
from castlist.decode import WaitingDecoder
from castlist.decode.files import plain_path
from castlist.errors import ModelError, WorkspaceError
from castlist.film_workspace import workspace_of
from castlist.helper_thread import HelperThread
from castlist.models import MODELS
from castlist.pipeline.identify import Found, identify
from castlist.pipeline.orientation import better_shown, is_doubtful
from castlist.pipeline.parallel import scan_in_parallel
from castlist.pipeline.pictures import missing_pictures, recut_pictures
from castlist.pipeline.publish import evidence_of, publish_run
from castlist.pipeline.reuse import found_before, kind_of, other_steps, refuse_steps
from castlist.pipeline.scan import is_last_piece, load_networks
from castlist.progress import Watch, overall, silent
from castlist.recipe import Recipe
from castlist.refine.device import choose_device
from castlist.report.html import compile_template
from castlist.store import ScanLost, Workspace
from castlist.store.paths import written
from castlist.store.workspace import KeptPictures
from castlist.types import Machine, Scan, Video

__all__ = ["find"]

LONG = 8  # pieces, half a minute: so long a film has tracks enough that the outlook fits its weights by SciPy
LEAST_MEMORY = 256 << 20  # bytes of address space without which no film is begun: a small one takes more


def find(
    film: str | os.PathLike[str],
    *,
    workspace: str | os.PathLike[str] | None = None,
    recipe: Recipe = Recipe(),
    machine: Machine = Machine(),
    watch: Watch = silent,
    progress: Callable[[float], None] | None = None,
    replace: bool = False,
    decoder: WaitingDecoder | None = None,
) -> Cast:
    """The cast of a film: who appears, and when.

    Work that was interrupted goes on where it was; work that is done already is not done again. Where this
    castlist found the cast by the same recipe before, that cast is read, with every decision made since.

    Args:
        film: path of a video file.
        workspace: folder for results, `film.castlist` beside the film by default.
        recipe: what is done, step by step.
        machine: where it is done; never changes the result's key.
        watch: told of progress, stage by stage.
        progress: told how much of everything is done, 0 to 1; never less than before.
        replace: group the faces anew where a cast was found before, also with another recipe.
        decoder: one that was started on the film already; it ends with this call.

    Raises:
        InputError: the workspace holds a cast that was found with another recipe, and `replace` is not set;
            or the device is not there.
        VideoError: the file is not a video that can be read.
        ModelError: there is too little memory.
        WorkspaceError: the workspace is busy, or cannot be read or written.
    """
    _check_types(recipe, machine, watch, progress)
    started = time.perf_counter()
    watch = watch if progress is None else overall(progress, watch)
    with ExitStack() as open_things:
        if decoder is not None:
            open_things.enter_context(decoder)
        _check_memory()
        choose_device(machine)
        place = _place(plain_path(film), workspace)
        before = None if replace else found_before(plain_path(film), place, recipe)
        if before is not None:
            watch("scan", len(before.clock), len(before.clock))
            if progress is not None:
                progress(1.0)
            return before
        decoder = decoder or open_things.enter_context(WaitingDecoder(film))
        helper = open_things.enter_context(HelperThread())
        if not _begun(plain_path(film), place):
            helper.do(partial(load_networks, recipe, machine))  # while the decoder starts
        video = decoder.video()
        path = _place(video.path, workspace)
        opened = open_things.enter_context(Workspace.open(path, create=True))
        opened.put_video(video)
        if not replace:
            refuse_steps(path, other_steps(opened, recipe))
        run = _run_started(opened, recipe, machine)
        scanned = _scanned(opened, video, recipe, machine, helper, watch, decoder)
        scan_end = time.perf_counter()
        found = identify(video, scanned, recipe, machine=machine, watch=watch)
        if is_doubtful(found.cast, scanned):
            found = _with_look(found, recipe, machine)
        watch("report", 0, 1)
        timings = {"scan": scan_end - started, "people": time.perf_counter() - scan_end}
        evidence = evidence_of(found, recipe, machine, timings)
        cast = publish_run(opened, video, found, evidence, run)
        opened.run_finished(run, timings, {"tracks": len(cast.tracks), "people": len(cast)})
        watch("report", 1, 1)
        return cast.with_pictures(KeptPictures(opened.path))


@typed_arguments
def _check_types(
    recipe: Recipe, machine: Machine, watch: Watch, progress: Callable[[float], None] | None
) -> None:
    """Raise InputError where one of these is not what its annotation says."""


def _run_started(workspace: Workspace, recipe: Recipe, machine: Machine) -> int:
    """The id of a new run in a workspace: which recipe, models, seed and machine it uses."""
    names = (recipe.detect.model, recipe.embed.model)
    return workspace.run_started(
        recipe.toml(),
        version=__version__,
        models={name: MODELS[name].sha256 for name in names if name in MODELS},
        seed=getattr(recipe.refine, "seed", None),
        machine={"platform": platform.platform(), "device": machine.device, "recipe": kind_of(recipe)},
    )


def _check_memory() -> None:
    """Refuse to begin with so little memory that a library would end the process without a word of ours.

    OpenBLAS calls exit(1) where it gets none, in the middle of a run.
    """
    try:
        mmap.mmap(-1, LEAST_MEMORY).close()
    except (OSError, MemoryError) as error:
        raise ModelError(
            "there is too little memory to scan a film (about 600 MB are needed); close other programs, or "
            "raise the limit (ulimit -v), and run the same command again"
        ) from error


def _with_look(found: Found, recipe: Recipe, machine: Machine) -> Found:
    """The same, with by how much the film had better be turned, and whether it is a negative."""
    turned, negative = better_shown(found.cast, recipe, machine)
    return dataclasses.replace(found, cast=dataclasses.replace(found.cast, turned=turned, negative=negative))


def _place(film: Path, workspace: str | os.PathLike[str] | None) -> Path:
    """The folder of the workspace: the one that is named, or the usual one beside the film."""
    return workspace_of(film) if workspace is None else written(workspace)


def _begun(film: Path, place: Path) -> bool:
    """Whether there is a workspace already, whose scan may be complete, or no film that could be scanned."""
    return not film.is_file() or (place / "cast.db").exists()


def _scanned(
    workspace: Workspace,
    video: Video,
    recipe: Recipe,
    machine: Machine,
    helper: HelperThread,
    watch: Watch,
    decoder: WaitingDecoder,
) -> Scan:
    """The whole scan of a film, as stored: what is there already, and what was missing.

    The helper meanwhile makes ready what takes long the first time and is needed at the end.
    """
    key = recipe.scan_key(video)
    scanned = _stored(workspace, key)
    if workspace.is_complete(key):
        decoder.close()
    else:
        total = video.frame_count_estimate
        pieces = scan_in_parallel(
            video,
            recipe,
            machine,
            frames=workspace.frames(key),
            last_pts=workspace.last_pts(key),
            retimed=workspace.retimed(key),
            keep_image=workspace.put_image,
            watch=lambda frames: watch("scan", frames, max(total, frames)),
            decoder=decoder,
        )
        helper.do(partial(compile_template, "report.html"))
        for number, piece in enumerate(pieces):
            if number == LONG:
                helper.do(partial(importlib.import_module, "scipy.optimize"))
            workspace.append(key, piece, last=is_last_piece(piece))
        workspace.complete(key)
        scanned = workspace.scan(key)
    frames = workspace.frames(key)
    watch("scan", frames, frames)
    scanned = scanned or Scan.empty()
    if lost := missing_pictures(workspace, scanned):
        recut_pictures(workspace, video, scanned, lost)
    return scanned


def _stored(workspace: Workspace, key: str) -> Scan | None:
    """What is stored of a scan; None where nothing is, or where vectors are lost, and all is made anew.

    Raises:
        WorkspaceError: vectors are lost, but somebody was erased, whom a new scan would bring back.
    """
    try:
        return workspace.scan(key)
    except ScanLost as error:
        if workspace.erased:
            raise WorkspaceError(
                f"{error}, with --out in another folder: somebody was erased here whom the film still shows"
            ) from error
        workspace.forget(key)
        return None
