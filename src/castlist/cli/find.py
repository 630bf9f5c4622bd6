"""castlist find: the cast of a film, or of many."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from castlist.cli.options import films_options, machine_options, made_recipe, place_advised, recipe_options
from castlist.errors import InputError
from castlist.types import Machine

if TYPE_CHECKING:
    from castlist.cast import Cast
    from castlist.decode import WaitingDecoder
    from castlist.progress import Watch
    from castlist.recipe import Recipe


@click.command(
    epilog="""\b
Examples:
  castlist find film.mp4                    results go to film.castlist/ beside the film
  castlist find film.mp4 --out /tmp/cast    or elsewhere
  castlist find film.mp4 --json > cast.json
  castlist find film.mp4 --people 6         if you know how many people there are; or --people 4-8
  castlist find film.mp4 --set sampling.per_second=12
  castlist find season/                     every film in a folder; films that are done are skipped
  castlist find *.mp4 --jobs 2              two films at once
  castlist find season/ --shard 3/40        part 3 of 40 of the films, for a job array
  castlist find season/ --on ray            on a Ray cluster
  castlist find -- -odd-name.mp4            a name that begins with a dash
After an interruption, run the same command again: it continues where it stopped. If one of several films
fails, the others are still processed; the table shows the error, and the exit status is 2.
""",
)
@films_options
@recipe_options
@machine_options
@click.option(
    "--jobs", type=click.IntRange(0, 4096), default=0, show_default=True,
    help="Films at the same time. 0: one on this machine; with --on ray as many as the cluster has cores "
    "for.",
)  # fmt: skip
@click.option("--shard", metavar="K/N", help="Process only part K of N of the films.")
@click.option(
    "--on", type=click.Choice(["local", "ray"]), default="local", show_default=True,
    help="Where the work is done: on this machine, or on a Ray cluster (castlist[ray]).",
)  # fmt: skip
@click.option(
    "--address", metavar="HOST:PORT", help="Address of the Ray cluster; by default a cluster on this machine."
)
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="Print JSON and nothing else on stdout: the cast of one FILM (docs/cast.schema.json); of several, "
    "or of a folder, what became of each film.",
)
@click.option(
    "--replace",
    is_flag=True,
    help="Group the faces again of a film that is done. A cast that was found with another recipe is "
    "replaced; --set, --people and --recipe replace it, too.",
)
@click.option("-q", "--quiet", is_flag=True, help="Show no progress, only the result.")
def command(
    films: tuple[str, ...], out: str | None, recipe: str | None, settings: tuple[str, ...],
    people: str | None, device: str, threads: int, jobs: int, shard: str | None, on: str,
    address: str | None, as_json: bool, replace: bool, quiet: bool,
) -> int:  # fmt: skip
    """Find the cast of each FILM: who appears, when, and for how long. A folder means all films in it."""
    if address is not None and on != "ray":
        raise InputError("--address names a Ray cluster; add --on ray, or leave it out")
    machine = Machine(device=device, threads=min(threads, os.cpu_count() or threads))
    own = bool(recipe or settings or people)
    if len(films) == 1 and not Path(films[0]).is_dir() and shard is None and on == "local":
        place = out or os.path.splitext(films[0])[0] + ".castlist"
        begun = os.path.exists(os.path.join(place, "cast.db"))
        with _begun_early(films[0], None if own or begun else machine) as decoder:
            steps = made_recipe(recipe, settings, people)
            _single(
                films[0], steps, machine, decoder, out=out, as_json=as_json, replace=replace, own=own,
                quiet=quiet,
            )  # fmt: skip
        return 0
    steps = made_recipe(recipe, settings, people)
    return _many(
        films, steps, machine, out=out, jobs=jobs, shard=shard, on=on, address=address,
        as_json=as_json, replace=replace, own=own, quiet=quiet,
    )  # fmt: skip


_EARLIER = {  # (film was scanned now, faces were clustered now) -> the message
    (False, True): "The film was scanned before; the earlier scan was used.",
    (False, False): "The cast was found before, and is shown as it is now, with all decisions; to group its "
    "faces again, add --replace.",
}


@contextmanager
def _begun_early(film: str, machine: Machine | None) -> Iterator[WaitingDecoder | None]:
    """The started decoder of a film, while this process imports other modules; None if the file does not
    exist.

    If a machine is given, the default networks are loaded at the same time.
    """
    from castlist.decode import WaitingDecoder
    from castlist.helper_thread import HelperThread

    if not os.path.isfile(film):  # `find` then reports what is wrong with it
        yield None
        return
    with WaitingDecoder(film) as decoder, HelperThread() as helper:
        if machine is not None and machine.device != "cuda":
            helper.do(partial(_load_usual, machine))
        yield decoder


def _load_usual(machine: Machine) -> None:
    """Load the networks of the default recipe; errors are reported later, where the networks are used."""
    with suppress(Exception):
        from castlist.detect import YuNet
        from castlist.embed import SFace
        from castlist.models import load

        for name in (YuNet.model, SFace.model):
            load(name, machine.shared)


class _Stages:
    """Passes progress on and records which stages ran; shows no progress for an earlier scan."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._frames: set[int] = set()  # numbers of scanned frames in the reports
        self._grouped = False

    def __call__(self, stage: str, done: int, total: int) -> None:
        if stage == "scan":
            self._frames.add(done)
            if self._frames == {total}:  # an earlier scan is used; the method `reused` says so
                return
        else:
            self._grouped = True
        self._watch(stage, done, total)

    def reused(self, frames: int) -> str:
        """A sentence about the earlier results that were used for a film of this many frames; "" if none."""
        scanned = len(self._frames) > 1 or frames <= 1
        return _EARLIER.get((scanned, self._grouped), "")


def _single(
    film: str, recipe: Recipe, machine: Machine, decoder: WaitingDecoder | None, *, out: str | None,
    as_json: bool, replace: bool, own: bool, quiet: bool,
) -> None:  # fmt: skip
    """Find the cast of one film, and print it."""
    from castlist.cli.output import print_cast, progress
    from castlist.film_workspace import workspace_of
    from castlist.io import plain_json
    from castlist.pipeline import find
    from castlist.pipeline.outlook import outlook
    from castlist.pipeline.reuse import refuse_steps
    from castlist.store import Workspace

    place = Path(out) if out else workspace_of(Path(film))
    with place_advised():
        differing = _replaced(place, recipe)
    if not replace and not own:  # a recipe named by the user gives a new cast
        refuse_steps(place, differing)
    with progress(quiet) as watch, place_advised():
        stages = _Stages(watch)
        cast = find(
            film,
            workspace=out,
            recipe=recipe,
            machine=machine,
            watch=stages,
            replace=replace or bool(differing),
            decoder=decoder,
        )
    if differing:
        steps = ", ".join(differing)
        click.echo(
            f"A cast that was found here with another recipe was replaced (different: {steps}).", err=True
        )
    if as_json:
        from castlist.io.exports.cast_json import document

        click.echo(plain_json.text(document(cast)))
    else:
        with Workspace.open(place, write=False) as opened:
            print_cast(cast, place, stages.reused(len(cast.clock)), outlook(opened))
    if differs := _another_number(recipe, cast):
        click.echo(differs, err=True)


def _another_number(recipe: Recipe, cast: Cast) -> str:
    """A sentence if the cast has another number of people than asked for; else ""."""
    from castlist.cluster import PeopleCut

    if not isinstance(recipe.cut, PeopleCut) or recipe.cut.least <= len(cast) <= recipe.cut.most:
        return ""
    least, most = recipe.cut.least, recipe.cut.most
    asked = str(least) if least == most else f"{least} to {most}"
    found = f"{asked} people were asked for, and {len(cast)} are in the cast"
    if len(cast) > most:
        return f"{found}: people who are seen in one frame, or who were named, are never one person."
    behind = f", {len(cast.background)} more in the background" if cast.background else ""
    return f"{found}{behind}: no other person is seen long enough to be distinguished."


def _replaced(path: Path, recipe: Recipe) -> list[str]:
    """The steps in which the recipe of the existing cast differs."""
    from castlist.pipeline.reuse import other_steps
    from castlist.store import Workspace

    if not (path / "cast.db").is_file():
        return []
    with Workspace.open(path, write=False) as opened:
        return other_steps(opened, recipe)


def _many(
    films: tuple[str, ...], recipe: Recipe, machine: Machine, *, out: str | None, jobs: int,
    shard: str | None, on: str, address: str | None, as_json: bool, replace: bool, own: bool, quiet: bool,
) -> int:  # fmt: skip
    """Find the casts of several films, and print a row for each; the status is 2 if a film failed."""
    from castlist.cli.films import SkippedFolders, films_progress, print_outcomes
    from castlist.io import plain_json
    from castlist.library import Shard, executor, films_of, find_all

    part = Shard.parse(shard) if shard else Shard()
    with SkippedFolders() as skipped:
        total = len(part.of(films_of(films, skipped=skipped)))
    with films_progress(total, quiet) as (watch, each):
        outcomes = find_all(
            films, out=out, recipe=recipe, machine=machine, executor=executor(on, jobs, address),
            shard=part, watch=watch, each=each, replace=replace or own, anew=replace,
        )  # fmt: skip
    if as_json:
        rows = [outcome.document() for outcome in outcomes]
        click.echo(plain_json.text({"films": rows}))
    else:
        print_outcomes(outcomes)
    return 0 if all(outcome.ok for outcome in outcomes) else 2
