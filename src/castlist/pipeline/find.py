"""Video -> cast: the whole pipeline.

    film ─▶ open ─▶ scan (decode, split, detect, track, embed: one pass) ─▶ identify ─▶ cast, report

The scan is stored segment by segment, and continues after an interruption. `identify` finds the people from
the scan in seconds, without decisions; `publish_run` then applies the decisions.
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
from castlist.pipeline.film_file import put_film
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

LONG = 8  # pieces (half a minute) from which SciPy is loaded: the outlook fits its weights on so many tracks
LEAST_MEMORY = 256 << 20  # bytes of address space needed to start: even a small film takes more


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

    Interrupted work continues, and finished work is not repeated. Where this version of castlist has already
    found the cast with the same recipe, the stored cast is read, with all decisions made since.

    Args:
        film: path of a video file.
        workspace: folder for results, `film.castlist` beside the film by default.
        recipe: the steps and their options.
        machine: device and number of threads; never changes the result's key.
        watch: called with the progress of each stage.
        progress: called with the share of all work that is done, 0 to 1, which never falls.
        replace: group the faces again where a cast was found before, also with another recipe.
        decoder: a decoder already started on the film; this call closes it.

    Raises:
        InputError: the workspace holds a cast that was found with another recipe, and `replace` is not set;
            or the device does not exist.
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
        if not _may_be_scanned(plain_path(film), place):
            helper.do(partial(load_networks, recipe, machine))  # while the decoder starts
        video = decoder.video()
        path = _place(video.path, workspace)
        opened = open_things.enter_context(Workspace.open(path, create=True))
        put_film(opened, video)
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
    """Raise InputError where an argument does not have its annotated type."""


def _run_started(workspace: Workspace, recipe: Recipe, machine: Machine) -> int:
    """The id of a new run in a workspace, stored with its recipe, models, seed and machine."""
    names = (recipe.detect.model, recipe.embed.model)
    return workspace.run_started(
        recipe.toml(),
        version=__version__,
        models={name: MODELS[name].sha256 for name in names if name in MODELS},
        seed=getattr(recipe.refine, "seed", None),
        machine={"platform": platform.platform(), "device": machine.device, "recipe": kind_of(recipe)},
    )


def _check_memory() -> None:
    """Refuse to start with so little memory that a library would end the process without a message.

    OpenBLAS calls exit(1) in the middle of a run where it gets no memory.
    """
    try:
        mmap.mmap(-1, LEAST_MEMORY).close()
    except (OSError, MemoryError) as error:
        raise ModelError(
            "there is too little memory to scan a film (about 600 MB are needed); close other programs, or "
            "raise the limit (ulimit -v), and run the same command again"
        ) from error


def _with_look(found: Found, recipe: Recipe, machine: Machine) -> Found:
    """The result with the degrees by which to turn the film, and whether it is a negative."""
    turned, negative = better_shown(found.cast, recipe, machine)
    return dataclasses.replace(found, cast=dataclasses.replace(found.cast, turned=turned, negative=negative))


def _place(film: Path, workspace: str | os.PathLike[str] | None) -> Path:
    """The folder of the workspace: the given one, or the default beside the film."""
    return workspace_of(film) if workspace is None else written(workspace)


def _may_be_scanned(film: Path, place: Path) -> bool:
    """Whether a scan may not be needed: a workspace exists, or there is no film to scan."""
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
    """The whole scan of a film: the stored part, and the rest, which is scanned and stored.

    Meanwhile the helper thread loads the report's template and SciPy, which are slow and needed at the end.
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
    """The stored part of a scan; None where there is none, or where vectors are lost and it must be repeated.

    Raises:
        WorkspaceError: vectors are lost, but a person was erased, who would return in a new scan.
    """
    try:
        return workspace.scan(key)
    except ScanLost as error:
        if workspace.erased:
            raise WorkspaceError(
                f"{error}, with --out in another folder: a person was erased here, and the film still shows "
                "this person"
            ) from error
        workspace.forget(key)
        return None
