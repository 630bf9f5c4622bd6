"""All tables and figures of the slides (Sharma et al., FG 2019) as one page, from given features."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path
from typing import NamedTuple, TextIO

from castlist import __version__
from castlist.errors import CastlistError, InputError, MissingExtra
from castlist.outputs import check_output_folder, whole
from castlist.research.bench.collect import collect, once
from castlist.research.bench.csv_table import csv_text
from castlist.research.bench.datasets import DatasetFacts, dataset_table, facts
from castlist.research.bench.html import Part, document, html_table, section, sentences, summaries
from castlist.research.bench.isolated import isolated
from castlist.research.bench.latex import latex
from castlist.research.bench.methods import MethodKind, MethodOptions, known, options_of, resolve, shown_name
from castlist.research.bench.published import OLDER, PUBLISHED, Published
from castlist.research.bench.results import Cell, SetName, Store, cells, set_names
from castlist.research.bench.run import WEIGHTED, Bench, Dataset
from castlist.research.bench.solve import FRAME, TRACK, Solve
from castlist.research.bench.table import COLUMNS, spread
from castlist.research.bench.training_time import training_time
from castlist.types import Machine

__all__ = ["PARTS", "Paper", "unfilled"]

PARTS = ("baselines", "frame", "figures", "sweeps", "time")  # parts after the datasets and methods' scores
EXAMPLES = {"BBT-0101": "bbt_s01e01", "BF-0502": "bf_s05e02", "ACCIO": "accio"}  # names of feature files
HEADING = {column.score: column.heading for column in COLUMNS}
# Headings of the table of training times.
TIMES = (
    *("set", "faces", "dimensions", "steps", "seconds", "floor, s", "brute force, s"),
    *("times the floor", "brute force / ours"),
)
TOO_SHORT = 300  # steps of training below which ratios of times are meaningless: BBT-0101 has 4,845
COMPARED = "<p>Every published number could be compared with one of ours.</p>"
SLIDES_TIME = "less than 25 minutes"  # for SSiam's 15 epochs, on the slides


SetNames = Mapping[SetName, str]  # the shown name of each data set


@dataclass(frozen=True, slots=True)
class Paper:
    """Makes the page `paper.html` in a directory, with its scores as CSV and LaTeX; a call gives its path."""

    output: Path
    seeds: int = 5
    recipe: str = "paper"
    options: MethodOptions | None = None
    results: Path = Path("castlist-bench")
    machine: Machine = Machine()
    parts: tuple[str, ...] = PARTS
    progress: TextIO | None = None
    solve: Solve = isolated

    def __call__(self, datasets: list[Dataset]) -> Path:
        """Run all methods without stored results, and write the page.

        Raises:
            InputError: the page cannot be written.
        """
        left_out: list[str] = []
        datasets = once(datasets, self._report)
        names = set_names(data.set_name for data in datasets)
        results = collect(
            self._bench(), datasets, Store(self.results), self._stream(), self._report, left_out.append
        )
        found = cells(results)
        parts = [
            Part("How this page was made", _list(self._made(datasets, names), "")),
            Part("Datasets", _text(dataset_table(_facts(d, names[d.set_name]) for d in datasets))),
            *(Part(title, table) for title, table in slides(found)),
            Part("Published numbers that cannot be compared here", _list(unfilled(found), COMPARED)),
            Part("Methods that were left out", _list(left_out, "<p>None.</p>")),
            *self._figures(datasets, names),
            *self._times(datasets, names),
            Part("All sets", summaries(found) or "<p>There is one set only.</p>"),
            *(Part(name, section(same)) for name, same in _by_set(found).items()),
        ]
        _written(self.output, "scores.csv", csv_text(found))
        _written(self.output, "scores.tex", latex(found))
        return _written(self.output, "paper.html", document("The paper's tables and figures", parts))

    def _bench(self) -> Bench:
        methods = resolve("paper,castlist,baselines" if "baselines" in self.parts else "paper,castlist")
        units = (TRACK, WEIGHTED, FRAME) if "frame" in self.parts else (TRACK, WEIGHTED)
        return Bench(
            methods, self.seeds, units, (), self.recipe, self.options or {}, self.machine, self.solve
        )

    def _made(self, datasets: list[Dataset], names: SetNames) -> list[str]:
        """The facts on this page: features, runs, options, and methods left out."""
        stored = (f"{names[d.set_name]} ({len(d.features.embeddings):,} faces)" for d in datasets)
        options = (
            f"{method}.{option}={value}"
            for method, chosen in (self.options or {}).items()
            for option, value in chosen.items()
        )
        absent = ", ".join(part for part in PARTS if part not in self.parts)
        return [
            f"castlist {__version__}; recipe {self.recipe}; features: {', '.join(stored)}.",
            f"Runs of each method that has randomness: {self.seeds}.",
            f"Options that were changed: {', '.join(options) or 'none'}.",
            f"Parts that were left out: {absent or 'none'}.",
        ]

    def _stream(self) -> TextIO:
        return self.progress or io.StringIO()

    def _report(self, text: str) -> None:
        self._stream().write(f"{text}\n")

    def _figures(self, datasets: list[Dataset], names: SetNames) -> Iterator[Part]:
        """Similarity before and after, links, maps and sweeps, as pictures; or the reason for none."""
        from castlist.research.bench.figures import draw

        if "figures" not in self.parts:
            return
        which = ("similarity", "links", "map", *(("sweeps",) if "sweeps" in self.parts else ()))
        methods = ("ssiam", "tsiam")
        options = {method: options_of(method, self.options or {}) for method in methods}
        for data in datasets:
            name = names[data.set_name]
            try:
                files = draw(
                    data, self.output, which=which, methods=methods, seeds=min(self.seeds, 3),
                    recipe=self.recipe, options=options, results=self.results,
                    machine=self.machine, progress=self._stream(), name=name,
                )  # fmt: skip
            except MissingExtra as error:
                yield Part("Figures", f"<p>{escape(str(error))}</p>")
                return
            except (CastlistError, MemoryError) as error:  # for example, a set with too few faces
                yield Part(f"Figures: {name}", f"<p>{escape(str(error) or 'not enough memory')}</p>")
                continue
            pictures = [_picture(path) for path in files if path.suffix == ".png"]
            yield Part(f"Figures: {name}", "\n".join(pictures))

    def _times(self, datasets: list[Dataset], names: SetNames) -> Iterator[Part]:
        if "time" not in self.parts:
            return
        rows = [_time_row(data, names[data.set_name], self.machine) for data in datasets]
        about = (
            "The floor is the time of the network's matrix products alone; brute force is mining as "
            f"published. Ratios are left out below {TOO_SHORT} steps, where starting takes longer than "
            "training. The slides report for their set of 41,220 faces and 2048 dimensions: "
            f"{SLIDES_TIME}."
        )
        yield Part("Training time of SSiam, 15 epochs", f"{html_table(TIMES, rows)}<p>{escape(about)}</p>")


def _time_row(data: Dataset, name: str, machine: Machine) -> list[str]:
    """Size, times and ratios of a set; only the size, if it has too few faces to train on."""
    head = [name, f"{len(data.features.embeddings):,}", str(data.features.dim)]
    try:
        t = training_time(data.features.embeddings.vector, machine)
    except CastlistError:
        return head + ["-"] * (len(TIMES) - len(head))
    seconds = [f"{value:.1f}" for value in (t.seconds, t.floor, t.brute_force)]
    ratios = [f"{t.seconds / t.floor:.2f}", f"{t.brute_force / t.seconds:.1f}"]
    return [*head, f"{t.steps:,}", *seconds, *(["-", "-"] if t.steps < TOO_SHORT else ratios)]


class Slide(NamedTuple):
    """A table of the slides."""

    title: str
    unit: str
    clusters: tuple[int, ...]
    methods: tuple[str, ...] = ()  # empty: all methods with a published number in this table
    others: bool = True  # whether other sets than the published ones have a column, too


SLIDES = (
    Slide("Performance on training videos", "track", (5, 6), ("base", "tsiam", "ssiam")),
    Slide("TSiam, impact of singleton tracks", "track", (5, 6), ("tsiam-no-singletons", "tsiam")),
    Slide("SSiam, comparison to pseudo-RF", "track", (5, 6), ("pseudo-rf", "ssiam")),
    Slide("Comparison at frame level", "frame", (5, 6)),
    Slide("ACCIO, 36 clusters", "track", (36,), others=False),
    Slide("ACCIO, 40 clusters", "track", (40,), others=False),
)


def slides(found: list[Cell]) -> Iterator[tuple[str, str]]:
    """Title and content of each table of the slides: our number, and the published one in brackets.

    Other sets than the published ones have a column of accuracy without a published number.
    """
    for slide in SLIDES:
        numbers = [p for p in PUBLISHED if p.unit == slide.unit and p.clusters in slide.clusters]
        methods = slide.methods or tuple(dict.fromkeys(p.method for p in numbers))
        known_at = {(p.method, _place(p)): p for p in numbers if p.method in methods}
        places = list(dict.fromkeys(place for _, place in known_at))
        own = _own_sets(slide, found)
        several = [(place, name) for place in places for name in _sets_at(place, slide.unit, found)]
        heads = ["method", *(_heading(place, name) for place, name in several)]
        heads += [f"{dataset}, K = {k}: {HEADING['wcp']}" for dataset, k in own]
        rows = [
            [
                _shown(m),
                *(_compared(known_at.get((m, place)), found, name) for place, name in several),
                *(_measured(own_set.get(m), "wcp") for own_set in own.values()),
            ]
            for m in methods
        ]
        yield slide.title, html_table(heads, rows) + _sources(list(known_at.values()))


def _sets_at(place: tuple[str, int, str], unit: str, found: list[Cell]) -> list[str]:
    """The names of the data sets that equal one published set; [""] for one data set or none."""
    dataset, k, _ = place
    wanted = (dataset, unit, k)
    names = dict.fromkeys(
        c.dataset for c in found if (c.subset, c.protocol.unit, c.protocol.clusters) == wanted
    )
    return list(names) if len(names) > 1 else [""]


def _heading(place: tuple[str, int, str], name: str) -> str:
    dataset, k, score = place
    return f"{dataset}{f' {name}' if name else ''}, K = {k}: {HEADING[score]}"


def _own_sets(slide: Slide, found: list[Cell]) -> dict[tuple[str, int], dict[str, Cell]]:
    """The cells by method, for each set that is not a published one, and its number of people."""
    own: dict[tuple[str, int], dict[str, Cell]] = {}
    for cell in found:
        k = cell.protocol.clusters
        if slide.others and not cell.subset and k and cell.protocol.unit == slide.unit:
            own.setdefault((cell.dataset, k), {})[cell.method] = cell
    return own


def _place(p: Published) -> tuple[str, int, str]:
    return p.dataset, p.clusters, p.score


def _sources(numbers: list[Published]) -> str:
    """The sources of the published numbers of a table, with a note on numbers of another track set."""
    sources = "; ".join(dict.fromkeys(p.source.partition(";")[0] for p in numbers))
    older = ", ".join(dict.fromkeys(p.method for p in numbers if p.source.endswith(OLDER)))
    note = f". The published numbers of {older} are of {OLDER}." if older else "."
    return f"<p><small>Published: {escape(sources + note)}</small></p>"


def _shown(method: str) -> str:
    return shown_name(method) if method in known() else method


def _compared(p: Published | None, found: list[Cell], name: str) -> str:
    """Our score with the number of runs, and the published number in brackets, for data set `name`."""
    if p is None:
        return ""
    own = [c for c in found if not name or c.dataset == name]
    return f"{_measured(_cell(p, own), p.score)} [{p.value:.3f}]"


def _measured(cell: Cell | None, name: str) -> str:
    """Our score with the number of runs."""
    score = cell.score(name) if cell else None
    return f"{spread(score, 3)} ({score.runs} run{'s' * (score.runs > 1)})" if score else "-"


def _by_set(found: list[Cell]) -> dict[str, list[Cell]]:
    sets: dict[str, list[Cell]] = {}
    for cell in found:
        sets.setdefault(cell.dataset, []).append(cell)
    return sets


def _cell(p: Published, found: list[Cell]) -> Cell | None:
    """The cell with our measurement for a published number."""
    wanted = (p.dataset, p.method, p.unit, p.clusters)
    same = (c for c in found if (c.subset, c.method, c.protocol.unit, c.protocol.clusters) == wanted)
    return next(same, None)


def unfilled(found: list[Cell]) -> list[str]:
    """Sentences with the reason for each published set, method and unit without our number."""
    reasons: dict[tuple[str, str, str], str] = {}
    here_too = {c.subset for c in found}
    for p in PUBLISHED:
        if _cell(p, found) is None:
            reasons[p.dataset, p.unit, p.method] = _reason(p, here_too)
    every: dict[str, list[str]] = {}
    for (dataset, unit, method), why in reasons.items():
        every.setdefault(f"{dataset}, by {unit}: {why}", []).append(method)
    return [f"{where} ({', '.join(methods)})" for where, methods in every.items()]


def _reason(p: Published, here_too: set[str]) -> str:
    if p.dataset not in here_too:
        begin = EXAMPLES[p.dataset]
        return f"no file of this set with its whole cast is among the data (its name begins with {begin})"
    if p.method not in known():
        return "castlist does not have this method"
    if p.unit == FRAME and known()[p.method] != MethodKind.REFINEMENT:
        return "this method clusters tracks, not frames"
    if p.unit == FRAME:
        return "not every face is stored, or frame level was left out"
    return "it was not run, or cannot run on these features"


def _facts(data: Dataset, name: str) -> DatasetFacts:
    """The row of a set in the dataset table, with the people left out before."""
    return replace(facts(data.features), name=name, excluded=data.excluded)


def _text(text: str) -> str:
    return f'<div class="wide"><pre>{escape(text)}</pre></div>'


def _list(lines: list[str], nothing: str) -> str:
    return sentences(lines) if lines else nothing


def _picture(path: Path) -> str:
    data = base64.b64encode(path.read_bytes()).decode("ascii")
    return f'<div class="wide"><img alt="{escape(path.stem)}" src="data:image/png;base64,{data}"></div>'


def _written(output: Path, name: str, text: str) -> Path:
    check_output_folder(output)
    try:
        output.mkdir(parents=True, exist_ok=True)
        path = output / name
        with whole(path) as part:
            part.write_text(text, "utf-8")
    except OSError as error:
        raise InputError(f"cannot write to {output}: {error.strerror}") from None
    return path
