"""Every table and figure of the slides (Sharma et al., FG 2019) as one page, from the features at hand."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TextIO

from castlist.errors import InputError, MissingExtra
from castlist.research.bench.collect import collect
from castlist.research.bench.datasets import dataset_table, facts
from castlist.research.bench.html import document, section, sentences
from castlist.research.bench.isolated import isolated
from castlist.research.bench.methods import MethodKind, MethodOptions, known, resolve, shown_name
from castlist.research.bench.published import PUBLISHED, Published
from castlist.research.bench.results import Cell, Store, cells
from castlist.research.bench.run import WEIGHTED, Bench, Dataset
from castlist.research.bench.solve import FRAME, TRACK, Solve
from castlist.research.bench.table import spread
from castlist.research.bench.training_time import training_time
from castlist.types import Machine

__all__ = ["PARTS", "Paper", "unfilled"]

PARTS = ("baselines", "frame", "figures", "sweeps", "time")  # beyond the datasets and the methods' scores
EXAMPLES = {"BBT-0101": "bbt_s01e01", "BF-0502": "bf_s05e02", "ACCIO": "accio"}  # names of feature files
COMPARED = "<p>Every published number could be compared with one of ours.</p>"
SLIDES_TIME = "less than 25 minutes"  # for SSiam's 15 epochs, on the slides


@dataclass(frozen=True, slots=True)
class Paper:
    """Makes the page `paper.html` in a directory; a call gives its path."""

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
        """Run what was not run before, and write the page.

        Raises:
            InputError: the page cannot be written.
        """
        collected = collect(self._bench(), datasets, Store(self.results), self._stream(), self._report)
        found = cells(collected.results)
        body = [
            _part("Datasets", _text(dataset_table(facts(d.features) for d in datasets))),
            *self._figures(datasets),
            _part(
                "Singleton tracks: TSiam with and without them", *_of(found, ("tsiam", "tsiam-no-singletons"))
            ),
            _part("Ranking: SSiam and its unranked control, pseudo-RF", *_of(found, ("ssiam", "pseudo-rf"))),
            _part("All methods, by track and by frame", *_of(found, tuple(known()))),
            _part("Published numbers and ours", comparison(found)),
            _part("Published numbers that cannot be compared here", _list(unfilled(found), COMPARED)),
            _part("Methods that were left out", _list(collected.left_out, "<p>None.</p>")),
            *self._times(datasets),
        ]
        return _written(self.output, document("The paper's tables and figures", "\n".join(body)))

    def _bench(self) -> Bench:
        methods = resolve("paper,castlist,baselines" if "baselines" in self.parts else "paper,castlist")
        units = (TRACK, WEIGHTED, FRAME) if "frame" in self.parts else (TRACK, WEIGHTED)
        return Bench(
            methods, self.seeds, units, (), self.recipe, self.options or {}, self.machine, self.solve
        )

    def _stream(self) -> TextIO:
        return self.progress or io.StringIO()

    def _report(self, text: str) -> None:
        self._stream().write(f"{text}\n")

    def _figures(self, datasets: list[Dataset]) -> Iterator[str]:
        """Similarity before and after, links, maps and sweeps, as pictures; else why there are none."""
        from castlist.research.bench.figures import draw

        if "figures" not in self.parts:
            return
        names = ("similarity", "links", "map", *(("sweeps",) if "sweeps" in self.parts else ()))
        for data in datasets:
            try:
                files = draw(
                    data, self.output, which=names, methods=("ssiam", "tsiam"), seeds=min(self.seeds, 3),
                    recipe=self.recipe, options=self.options or {}, results=self.results,
                    machine=self.machine, progress=self._stream(),
                )  # fmt: skip
            except MissingExtra as error:
                yield _part("Figures", f"<p>{escape(str(error))}</p>")
                return
            pictures = [_picture(path) for path in files if path.suffix == ".png"]
            yield _part(f"Figures: {data.features.name}", *pictures)

    def _times(self, datasets: list[Dataset]) -> Iterator[str]:
        if "time" not in self.parts:
            return
        rows = [
            "set, rows, dimensions, steps: seconds, floor, brute force, times the floor, brute force / ours"
        ]
        for data in datasets:
            t = training_time(data.features.embeddings.vector, self.machine)
            rows.append(
                f"{data.features.name}, {len(data.features.embeddings)}, {data.features.dim}, {t.steps}: "
                f"{t.seconds:.1f}, {t.floor:.1f}, {t.brute_force:.1f}, {t.seconds / t.floor:.2f}, "
                f"{t.brute_force / t.seconds:.1f}"
            )
        rows.append(f"The slides report for their set of 41,220 faces and 2048 dimensions: {SLIDES_TIME}.")
        yield _part("Training time of SSiam, 15 epochs", _text("\n".join(rows)))


def comparison(found: list[Cell]) -> str:
    """A table of every published number, ours beside it where the same thing was measured."""
    heads = ("set", "unit", "K", "method", "score", "published", "ours", "source")
    rows = [_compared(p, _cell(p, found)) for p in PUBLISHED]
    lines = ["<tr>" + "".join(f'<th scope="col">{h}</th>' for h in heads) + "</tr>"]
    lines += ["<tr>" + "".join(f"<td>{escape(c)}</td>" for c in row) + "</tr>" for row in rows]
    return '<div class="wide"><table>' + "\n".join(lines) + "</table></div>"


def _compared(p: Published, cell: Cell | None) -> tuple[str, ...]:
    score = cell.score(p.score) if cell else None
    measured = f"{spread(score, 3)} ({score.runs} run{'s' * (score.runs > 1)})" if score else "-"
    name = shown_name(p.method) if p.method in known() else p.method
    return p.dataset, p.unit, str(p.clusters), name, p.score, f"{p.value:.3f}", measured, p.source


def _cell(p: Published, found: list[Cell]) -> Cell | None:
    """The cell that measured what a published number is of."""
    wanted = (p.dataset, p.method, p.unit, p.clusters)
    same = (c for c in found if (c.subset, c.method, c.protocol.unit, c.protocol.clusters) == wanted)
    return next(same, None)


def unfilled(found: list[Cell]) -> list[str]:
    """Of each published set, method and unit that has no number of ours: why."""
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
        return f"no file of this set is among the data (its name begins with {EXAMPLES[p.dataset]})"
    if p.method not in known():
        return "castlist does not have this method"
    if p.unit == FRAME and known()[p.method] != MethodKind.REFINEMENT:
        return "this method clusters tracks, not frames"
    if p.unit == FRAME:
        return "not every face is stored, or frame level was left out"
    return "it was not run, or cannot run on these features"


def _of(found: list[Cell], methods: Iterable[str]) -> list[str]:
    wanted = [c for c in found if c.method in tuple(methods)]
    return [section(wanted)] if wanted else ["<p>None of these methods was run.</p>"]


def _part(title: str, *body: str) -> str:
    return "\n".join([f"<h1>{escape(title)}</h1>", *body])


def _text(text: str) -> str:
    return f'<div class="wide"><pre>{escape(text)}</pre></div>'


def _list(lines: list[str], nothing: str) -> str:
    return sentences(lines) if lines else nothing


def _picture(path: Path) -> str:
    data = base64.b64encode(path.read_bytes()).decode("ascii")
    return f'<p><img alt="{escape(path.stem)}" src="data:image/png;base64,{data}" style="max-width:100%"></p>'


def _written(output: Path, text: str) -> Path:
    try:
        output.mkdir(parents=True, exist_ok=True)
        path = output / "paper.html"
        path.write_text(text, "utf-8")
    except OSError as error:
        raise InputError(f"cannot write to {output}: {error.strerror}") from None
    return path
