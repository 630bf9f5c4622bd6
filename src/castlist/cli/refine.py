"""castlist refine: train on the faces of a feature file, without labels, and write refined features."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from castlist.cli.choices import OneOf
from castlist.cli.features import print_left_out
from castlist.cli.options import FEATURES, machine_options
from castlist.cli.output import visible
from castlist.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from castlist.refine.check import RefinementCheck
    from castlist.refine.learner import Learnt
    from castlist.research.features import FeatureSet
    from castlist.types import Machine

__all__ = ["command"]

METHODS = (
    *("ssiam", "ssiam-quality", "ssiam-reciprocal", "ssiam-beside", "pseudo-rf", "second-order"),
    *("tsiam", "tsiam-cross", "tsiam-beside", "tsiam-no-singletons", "tsiam-second-order"),
)


@click.command(
    "refine",
    epilog="""\b
Examples:
  castlist refine episode.npz -o refined.npz
  castlist refine vectors.npy --tracks tracks.npy -o refined.npy
  castlist refine episode.npz --check
  castlist refine episode.npz --method auto -o refined.npz
  castlist refine episode.npz --method tsiam --recipe paper --set epochs=5 -o refined.mat
  castlist refine episode.npz --model network.safetensors -o refined.npz
  castlist refine another.npz --apply network.safetensors -o another-refined.npz
""",
)
@click.argument("features")
@click.option(
    "--tracks",
    metavar="FILE",
    help="With a bare .npy: an .npy with the track number of each row. By default NAME.tracks.npy beside it.",
)
@click.option(
    "--frames",
    metavar="FILE",
    help="With a bare .npy: an .npy with the frame of each row. By default NAME.frames.npy beside it.",
)
@click.option(
    "--method",
    type=OneOf("method", ("auto", *METHODS)),
    help="The method; by default tsiam if the file has tracks, else ssiam: the methods of the paper. "
    "auto: the one that --check advises.",
)
@click.option(
    "--recipe",
    type=click.Choice(["castlist", "paper"]),
    default="castlist",
    show_default=True,
    help="castlist: suits features of any scale and number of dimensions; paper: by the paper and its "
    "slides (docs/refine.md says what they leave open).",
)
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="OPTION=VALUE",
    help="Change one option of the method; can be given several times.",
)
@click.option(
    "--seed", type=click.IntRange(0), default=0, show_default=True, help="Seed of the random numbers."
)
@click.option("-o", "--out", type=FEATURES, metavar="FILE", help="The refined features, .npz, .mat or .npy.")
@click.option(
    "--check",
    "only_check",
    is_flag=True,
    help="Train nothing; print what kind of features these are and which method suits them.",
)
@click.option("--model", type=FEATURES, metavar="FILE", help="Also save the trained network, as safetensors.")
@click.option(
    "--apply",
    "trained",
    type=FEATURES,
    metavar="FILE",
    help="Train nothing; refine by a network that --model saved, of features of the same face model.",
)
@click.option("-q", "--quiet", is_flag=True, help="Show no progress.")
@machine_options
def command(
    features: str,
    tracks: str | None,
    frames: str | None,
    method: str | None,
    recipe: str,
    settings: tuple[str, ...],
    seed: int,
    out: Path | None,
    only_check: bool,
    model: Path | None,
    trained: Path | None,
    quiet: bool,
    device: str,
    threads: int,
) -> None:
    """Train on FEATURES without their labels, and write the refined features.

    FEATURES are vectors of your own: .npz, a bare .npy, .csv, .tsv, .parquet, .h5 or .safetensors
    (docs/bench.md lists what they hold); or an SSIAM .mat, an FGG .mat, a BCL folder or .ids file.
    """
    from castlist.outputs import check_apart
    from castlist.refine.model import check_model_output
    from castlist.research import features as io
    from castlist.types import Machine

    if only_check:
        _check(io.read(features, tracks=tracks, frames=frames))
        return
    if out is None or out.suffix not in (".npz", ".mat", ".npy"):
        wrong = "no output was named" if out is None else f"{out} is not .npz, .mat or .npy"
        raise click.UsageError(f"{wrong}; add -o refined.npz (or .mat, .npy)")
    if trained:
        _check_untrained()
    if model:
        check_model_output(model)
    given = io.source_files(features, tracks=tracks, frames=frames)
    check_apart([out, *_files(model)], [*given, *_files(trained)])
    table = io.read(features, tracks=tracks, frames=frames)
    if trained:
        vector = _applied(trained, table)
    else:
        machine = Machine(device=device, threads=threads)
        refinement = _fitted(table, _chosen(method, table), recipe, seed, settings, model, machine, quiet)
        vector = refinement.transform(table.embeddings.vector)
    better = replace(table, embeddings=replace(table.embeddings, vector=vector))
    io.write(better, out)
    print_left_out(better, out)
    click.echo(f"{out}: {_size(table)}, {vector.shape[1]} dimensions")


def _files(network: Path | None) -> list[Path]:
    """The two files of a network; none if no network is named."""
    return [] if network is None else [network, Path(f"{network}.json")]


def _check_untrained() -> None:
    """Refuse training options together with a trained network."""
    context = click.get_current_context()
    given = [
        option.opts[0]
        for option in context.command.params
        if option.name in ("method", "recipe", "settings", "seed", "model", "device", "threads")
        and context.get_parameter_source(option.name) is not ParameterSource.DEFAULT
    ]
    if given:
        raise click.UsageError(
            f"--apply trains nothing, and {given[0]} says how to train; leave one of them out"
        )


def _applied(trained: Path, table: FeatureSet) -> NDArray[np.floating]:
    """The features refined by a network that --model saved."""
    from castlist.refine import Refined

    return Refined.load(trained).transform(table.embeddings.vector)


def _fitted(
    table: FeatureSet,
    method: str,
    recipe: str,
    seed: int,
    settings: tuple[str, ...],
    model: Path | None,
    machine: Machine,
    quiet: bool,
) -> Learnt:
    """The method trained on the features; its network is saved at the path `model`."""
    from castlist.recipe import Recipe
    from castlist.refine import Learner, Refined
    from castlist.refine.learner import known_quality

    e, links = table.embeddings, table.constraints()
    made = Recipe().with_step("refine", {"use": method, **_applicable(method, recipe=recipe, seed=seed)})
    for setting in settings:
        made = made.with_setting(f"refine.{setting}")
    _check_tracks(method, table, timed=table.timed or bool(len(links.cannot)))
    if model and method == "tsiam-second-order":
        raise click.UsageError(f"--method {method} trains several networks, and --model saves only one")
    step = made.refine
    if not isinstance(step, Learner):
        raise click.UsageError(
            f"--method {method} needs a film and cannot train on a feature file; choose another method"
        )
    with _progress(method, quiet) as watch:
        refined = step.fit(
            e.vector, e.track, links.cannot, links.must, quality=known_quality(e),
            machine=machine, watch=watch,
        )  # fmt: skip
    if model and isinstance(refined, Refined):
        refined.save(model)
    return refined


def _check_tracks(method: str, table: FeatureSet, *, timed: bool) -> None:
    """Refuse a method that needs tracks if the features have none; stderr says what is missing."""
    if method.startswith("tsiam") and len(table) == len(table.embeddings):
        raise InputError(
            f"{method} learns from tracks, and {table.name} has none with two faces or more; "
            "use --method second-order or ssiam"
        )
    if method.startswith("tsiam") and not timed:
        click.echo(
            "this file has no frame numbers, so castlist cannot know which tracks are seen together: the "
            "negative pairs of every track are taken from its farthest tracks, and may be wrong", err=True,
        )  # fmt: skip


def _chosen(method: str | None, table: FeatureSet) -> str:
    """The method to use; stderr has the advice of --check if it is followed or differs from the default."""
    if method not in (None, "auto"):
        return str(method)
    default = "tsiam" if 1 < len(table) < len(table.embeddings) else "ssiam"
    try:
        advised = _found(table).method
    except InputError:
        if method:
            raise
        return default  # this method then refuses the features, and says why
    if method:
        click.echo(f"--check advises {advised} for {visible(table.name)}: it is used", err=True)
        return advised
    if advised != default:
        click.echo(
            f"{default} is used, the paper's method; for {visible(table.name)} --check advises {advised}: "
            f"--method {advised}, or --method auto",
            err=True,
        )
    return default


def _applicable(method: str, recipe: str, seed: int) -> dict[str, str | int]:
    """The options among these two that the method has; a method without randomness takes no seed."""
    from castlist.refine import REFINERS

    options = {f.name for f in fields(REFINERS[method]())}
    if recipe != "castlist" and "recipe" not in options:
        raise click.UsageError(f"--method {method} is not in the paper and has no recipe; leave --recipe out")
    return {name: value for name, value in (("recipe", recipe), ("seed", seed)) if name in options}


def _check(table: FeatureSet) -> None:
    """Print how well similarity ranks these features, and which method fits them."""
    found = _found(table)
    click.echo(f"{table.name}: {_size(table)}, {found.dimensions} dimensions")
    for sentence in found.sentences:
        click.echo(sentence)


def _found(table: FeatureSet) -> RefinementCheck:
    """The measurements of the check on these features."""
    from castlist.refine.check import check
    from castlist.refine.learner import known_quality

    e = table.embeddings
    return check(e.vector, e.track, table.constraints().cannot, quality=known_quality(e))


def _size(table: FeatureSet) -> str:
    """The numbers of tracks and faces; in a collection of pictures, the number of faces alone."""
    faces, tracks = len(table.embeddings), len(table)
    if tracks == faces:
        return f"{faces:,} faces without tracks"
    return f"{tracks:,} track{'s' if tracks > 1 else ''}, {faces:,} faces"


@contextmanager
def _progress(method: str, quiet: bool) -> Iterator[Callable[[int, int], None] | None]:
    """A watch that draws one line on stderr."""
    if quiet:
        yield None
        return
    with click.progressbar(length=100, label=f"Training {method}", file=sys.stderr) as bar:

        def watch(done: int, total: int) -> None:
            bar.update(100 * done // total - bar.pos)

        yield watch
