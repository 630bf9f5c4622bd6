"""The figures: similarity before and after, maps of tracks by person, accuracy against an option."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TextIO, TypeAlias

import numpy as np
from numpy.typing import NDArray

from castlist.errors import InputError
from castlist.extras import needed
from castlist.metrics import has_both_pairs, pair_similarity, verification_auc
from castlist.outputs import check_output, check_output_folder, file_name, unwritten, whole
from castlist.research.bench.methods import (
    BASE,
    MethodKind,
    MethodOptions,
    capped,
    check_options,
    options_of,
    refined,
    refiner,
    table_name,
)
from castlist.research.bench.methods import kind as method_kind
from castlist.research.bench.progress import Progress
from castlist.research.bench.results import Store
from castlist.research.bench.run import Bench, Dataset
from castlist.research.bench.solve import TRACK, here, raw_track_means
from castlist.types import Embeddings, Machine
from castlist.vectors import unit

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["FIGURES", "SWEEPS", "Sweep", "draw"]

# Colours of people, distinguishable also for colour-blind readers [Okabe and Ito 2008]; more people differ by
# markers.
COLOURS = ("#0072b2", "#e69f00", "#009e73", "#d55e00", "#cc79a7", "#56b4e9", "#7a7a7a")
MARKERS = "os^Dv*Xp"
NARROWEST = 0.1  # least range of an axis of scores: the deviation over seeds is .02 to .03 (docs/refine.md)

DRAWN = 4000  # most tracks whose pairs are drawn; of more, a random sample

NO_SWEEP = "no sweep belongs to these methods; name ssiam or tsiam"


@dataclass(frozen=True, slots=True)
class Sweep:
    """Accuracy against one option of one method, the others at their defaults."""

    method: str
    option: str
    values: tuple[int, ...]
    label: str  # of the axis
    shown: float = 1  # factor of the option's value on the axis


SWEEPS = (
    Sweep("ssiam", "subset", (500, 1000, 2000, 3000, 5000), "B, faces drawn for each batch"),
    Sweep("ssiam", "batch", (32, 64, 128, 256), "K, positive and negative pairs of a batch, each", 0.5),
    Sweep("tsiam", "far_tracks", (5, 10, 25, 50, 100), "F, far tracks of a singleton"),
    Sweep("ssiam", "epochs", (1, 2, 5, 10, 15, 20), "epochs of SSiam"),
    Sweep("tsiam", "epochs", (1, 2, 5, 10, 15, 20), "epochs of TSiam"),
)


Refinements = dict[str, Embeddings]  # by method, with "base"


@dataclass(frozen=True, eq=False, slots=True)
class Setting:
    """The common data and options of the figures."""

    data: Dataset
    name: str  # name of the set in titles
    methods: tuple[str, ...]
    seeds: int
    recipe: str
    options: MethodOptions
    store: Store
    machine: Machine
    sweeps: tuple[Sweep, ...]
    progress: TextIO

    @property
    def swept(self) -> list[Sweep]:
        """The sweeps of these methods."""
        return [sweep for sweep in self.sweeps if sweep.method in self.methods]

    def refined(self) -> Iterator[tuple[str, Embeddings]]:
        """The embeddings before and after each method, with seed 0."""
        names = (BASE, *(m for m in self.methods if m != BASE))
        progress = Progress(self.progress, len(names))
        for method in names:
            progress.begin(f"{self.name} {method}")
            step = refiner(method, 0, self.recipe, self.options)
            better = refined(
                step, self.data.features, self.machine, lambda a, b: progress.watch("training", a, b)
            )
            progress.end()
            yield table_name(method), better
        progress.close()


def draw(
    data: Dataset,
    output: Path,
    *,
    which: tuple[str, ...],
    methods: tuple[str, ...],
    seeds: int = 3,
    recipe: str = "castlist",
    options: MethodOptions | None = None,
    results: Path = Path("castlist-bench"),
    machine: Machine = Machine(),
    sweeps: tuple[Sweep, ...] = SWEEPS,
    progress: TextIO,
    name: str = "",
) -> list[Path]:
    """The files written: each figure as SVG and as PNG, in the folder `output`.

    Args:
        name: the name of the set in titles and file names; by default its own name.

    Raises:
        MissingExtra: matplotlib is not installed.
        InputError: a figure or option is unknown, a method refines no features, only sweeps are wanted of
            methods without any, or the files cannot be written.
    """
    with needed("drawing figures", "plots"):
        from matplotlib import rc_context
    unknown = [kind for kind in which if kind not in FIGURES]
    if unknown or not which:
        raise InputError(f"unknown figure {', '.join(unknown) or '(none)'}; choose from {', '.join(FIGURES)}")
    wrong = [m for m in methods if method_kind(m) != MethodKind.REFINEMENT]
    if wrong:
        raise InputError(f"{', '.join(wrong)} changes no features; name refinements, for instance ssiam")
    check_options((BASE, *methods), recipe, options or {})
    setting = Setting(
        data, name or data.features.name, methods, seeds, recipe, options or {}, Store(results), machine,
        sweeps, progress,
    )  # fmt: skip
    if "sweeps" in which and not setting.swept:
        if len(which) == 1:
            raise InputError(NO_SWEEP)
        progress.write(f"sweeps: left out; {NO_SWEEP}\n")
        which = tuple(kind for kind in which if kind != "sweeps")
    after = dict(setting.refined()) if {"similarity", "links", "map"} & set(which) else {}
    written = []
    for kind in which:
        with rc_context({"text.parse_math": False}):  # names may hold $, which would begin a formula
            figure = FIGURES[kind](setting, after)
            written += _save(figure, output, f"{file_name(setting.name)}-{kind}")
    return written


def _save(figure: Figure, output: Path, name: str) -> list[Path]:
    paths = [output / f"{name}{suffix}" for suffix in (".svg", ".png")]
    check_output_folder(output)
    try:
        output.mkdir(parents=True, exist_ok=True)
        for path in paths:
            check_output(path)
            with whole(path) as part:
                figure.savefig(part, dpi=130, bbox_inches="tight")
    except OSError as error:
        raise InputError(unwritten(output / name, error)) from None
    return paths


def _figure(rows: int, columns: int, width: float, height: float) -> tuple[Figure, NDArray[np.object_]]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width * columns, height * rows), layout="constrained")
    return figure, figure.subplots(rows, columns, squeeze=False)


def similarity(setting: Setting, after: Refinements) -> Figure:
    """Cosine similarity of track pairs of one person and of two, a panel for each method."""
    figure, axes = _figure(1, len(after), 4.2, 3.4)
    bins = np.linspace(-1, 1, 81)
    tracks = len(setting.data.features)
    sample = np.sort(np.random.default_rng(0).permutation(tracks)[:DRAWN])
    for axis, (method, better) in zip(axes[0], after.items(), strict=True):
        vectors = raw_track_means(better, tracks)
        same, other = pair_similarity(vectors[sample], setting.data.label[sample])
        for values, name, colour in ((other, "two persons", COLOURS[3]), (same, "one person", COLOURS[0])):
            axis.hist(values, bins, density=len(values) > 0, alpha=0.55, color=colour, label=name)
        known = has_both_pairs(setting.data.label)
        auc = f"{verification_auc(vectors, setting.data.label):.3f}" if known else "not defined"
        axis.set_title(f"{method}, AUC {auc}")
        axis.set_xticks(np.linspace(-1, 1, 5))
        axis.set_xlabel("cosine similarity of two track means")
        axis.legend(frameon=False, loc="upper left")
    axes[0][0].set_ylabel("density of pairs")
    drawn = f" of {DRAWN:,} of the {tracks:,} tracks, drawn at random" if tracks > DRAWN else " of tracks"
    figure.suptitle(f"{setting.name}: pairs{drawn}")
    return figure


def links(setting: Setting, after: Refinements) -> Figure:
    """Cosine of known pairs: within a track (must-link), and of co-occurring tracks (cannot-link)."""
    features = setting.data.features
    first, second = _halves(features.embeddings.track)
    cannot = features.constraints().cannot
    figure, axes = _figure(1, len(after), 4.2, 3.4)
    bins = np.linspace(-1, 1, 81)
    for axis, (method, better) in zip(axes[0], after.items(), strict=True):
        vector, mean = unit(better.vector), raw_track_means(better, len(features))
        within = np.einsum("ij,ij->i", vector[first], vector[second])
        apart = np.einsum("ij,ij->i", mean[cannot[:, 0]], mean[cannot[:, 1]])
        for values, name, colour in (
            (apart, f"{len(apart)} cannot-links", COLOURS[3]),
            (within, f"{len(within)} must-links", COLOURS[0]),
        ):
            if len(values):
                axis.hist(values, bins, density=len(values) > 0, alpha=0.55, color=colour, label=name)
        axis.set_title(method)
        axis.set_xticks(np.linspace(-1, 1, 5))
        axis.set_xlabel("cosine similarity")
        axis.legend(frameon=False, loc="upper left")
    axes[0][0].set_ylabel("density of pairs")
    figure.suptitle(f"{setting.name}: pairs within a track, and tracks seen together")
    return figure


def _halves(track: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The rows of the first face and of the last face of each track of two faces or more."""
    order = np.argsort(track, kind="stable")
    start = np.searchsorted(track[order], np.unique(track))
    end = np.append(start[1:], len(order)) - 1
    several = end > start
    return order[start[several]], order[end[several]]


def track_map(setting: Setting, after: Refinements) -> Figure:
    """Tracks in the plane by t-SNE of cosine distances, a colour for each person, a panel for each method."""
    with needed("the map of tracks", "features"):
        from sklearn.manifold import TSNE

    figure, axes = _figure(1, len(after), 4.6, 4.6)
    size = 4 + 60 * setting.data.features.size / setting.data.features.size.max()
    for axis, (method, better) in zip(axes[0], after.items(), strict=True):
        vectors = raw_track_means(better, len(setting.data.features))
        perplexity = min(30.0, (len(vectors) - 1) / 3)
        place = TSNE(perplexity=perplexity, metric="cosine", init="random", random_state=0).fit_transform(
            vectors
        )
        for i, person in enumerate(setting.data.cast):
            rows = setting.data.label == person
            axis.scatter(
                *place[rows].T,
                s=size[rows],
                c=COLOURS[i % len(COLOURS)],
                marker=MARKERS[i // len(COLOURS) % len(MARKERS)],
                alpha=0.7,
                linewidths=0,
                label=person,
            )
        axis.set_title(method)
        axis.set_xticks([])
        axis.set_yticks([])
    if len(setting.data.cast) <= 12:
        figure.legend(
            *axes[0][0].get_legend_handles_labels(),
            loc="outside lower center",
            ncols=3,
            frameon=False,
            markerscale=1.5,
            fontsize="small",
        )
    figure.suptitle(f"{setting.name}: tracks by person; a larger dot is a longer track")
    return figure


def sweeps(setting: Setting, after: Refinements) -> Figure:
    """Accuracy and AUC against each option, mean and standard deviation over seeds."""
    chosen = [replace(sweep, values=_reached(setting, sweep)) for sweep in setting.swept]
    figure, axes = _figure(2, len(chosen), 3.6, 2.7)
    for row in axes:  # one scale for each row, so that a spread of .001 does not look like one of .1
        for axis in row[1:]:
            axis.sharey(row[0])
    reached: tuple[list[float], list[float]] = ([], [])  # ends of the error bars, of each row
    jobs = sum(len(s.values) for s in chosen) * setting.seeds
    progress = Progress(setting.progress, jobs)
    for column, sweep in zip(axes.T, chosen, strict=True):
        points = [_point(setting, sweep, value, progress) for value in sweep.values]
        x = [value * sweep.shown for value in sweep.values]
        for axis, name, values, ends in zip(
            column, ("accuracy", "AUC"), zip(*points, strict=True), reached, strict=True
        ):
            middle = [statistics.fmean(v) for v in values]
            spread = [statistics.stdev(v) if len(v) > 1 else 0 for v in values]
            axis.errorbar(x, middle, spread, marker="o", capsize=3, color=COLOURS[0])
            ends += [m + d for m, s in zip(middle, spread, strict=True) for d in (-s, s)]
            axis.set_xscale("log")
            axis.set_xticks(x, [f"{v:g}" for v in x])
            axis.minorticks_off()
            axis.set_ylabel(name)
        column[1].set_xlabel(sweep.label)
    progress.close()
    for row, ends in zip(axes, reached, strict=True):
        row[0].set_ylim(*_limits(ends))
    runs = (
        f"{setting.seeds} runs a point, mean ± standard deviation" if setting.seeds > 1 else "1 run a point"
    )
    figure.suptitle(f"{setting.name}: {runs}")
    return figure


def _reached(setting: Setting, sweep: Sweep) -> tuple[int, ...]:
    """The different values of the option on this set, where large values are capped."""
    own = options_of(sweep.method, setting.options)
    found = []
    for value in sweep.values:
        options = {sweep.method: own | {sweep.option: value}}
        step = capped(refiner(sweep.method, 0, setting.recipe, options), setting.data.features)
        found.append(int(getattr(step, sweep.option)))
    return tuple(dict.fromkeys(found))


def _limits(ends: list[float]) -> tuple[float, float]:
    """Limits of an axis of scores around some values, at least NARROWEST apart: noise is not enlarged."""
    known = [end for end in ends if np.isfinite(end)] or [0.5]
    low, high = min(known), max(known)
    margin = max(0.05 * (high - low), (NARROWEST - (high - low)) / 2)
    top = min(high + margin, 1 + NARROWEST / 20)
    return min(low - margin, top - NARROWEST), top


def _point(setting: Setting, sweep: Sweep, value: int, progress: Progress) -> tuple[list[float], list[float]]:
    """Accuracies and AUCs of all seeds at one value of the option."""
    options = {sweep.method: options_of(sweep.method, setting.options) | {sweep.option: value}}
    clusters = (len(setting.data.cast),)
    bench = Bench(
        (sweep.method,), setting.seeds, (TRACK,), clusters, setting.recipe, options, setting.machine, here
    )
    accuracy, auc = [], []
    for data, method, seed in bench.jobs([setting.data]):
        progress.begin(f"{method} {sweep.option}={value} seed {seed}")
        for result in bench(data, method, seed, setting.store, progress.watch):
            accuracy.append(result.scores["wcp"])
            auc.append(result.auc if result.auc is not None else float("nan"))
        progress.end()
    return accuracy, auc


Drawer: TypeAlias = "Callable[[Setting, Refinements], Figure]"
FIGURES: dict[str, Drawer] = {
    "similarity": similarity, "links": links, "map": track_map, "sweeps": sweeps,
}  # fmt: skip
