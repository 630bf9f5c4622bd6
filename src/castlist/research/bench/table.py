"""Results as tables of text: our score ± standard deviation, the published number and its source."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from statistics import fmean
from typing import NamedTuple

from castlist.errors import InputError
from castlist.metrics import Protocol
from castlist.research.bench.methods import BARE, BASE, OURS, shown_name
from castlist.research.bench.published import Published, published
from castlist.research.bench.results import Cell, Spread

__all__ = [
    "COLUMNS",
    "Table",
    "columns",
    "every_table",
    "groups",
    "markdown",
    "notes",
    "reference",
    "row",
    "settings",
    "summary_tables",
    "tables",
]


class TableColumn(NamedTuple):
    """A column of a table of scores; a published number follows our score."""

    score: str  # its name in the results
    heading: str
    digits: int


COLUMNS = (
    TableColumn("clusters", "clusters", 0),
    TableColumn("found", "found", 0),
    TableColumn("off", "off by", 0),
    TableColumn("noise", "noise", 3),
    TableColumn("wcp", "accuracy", 3),
    TableColumn("auc", "AUC", 3),
    TableColumn("b_cubed_precision", "B3 P", 3),
    TableColumn("b_cubed_recall", "B3 R", 3),
    TableColumn("b_cubed_f1", "B3 F", 3),
    TableColumn("hungarian", "Hungarian", 3),
    TableColumn("nmi_arithmetic", "NMI arith.", 3),
    TableColumn("nmi_geometric", "NMI geom.", 3),
    TableColumn("ari", "ARI", 3),
    TableColumn("violated", "CL broken", 3),
    TableColumn("seconds", "seconds", 1),
    TableColumn("peak_mb", "peak MB", 0),
)


def groups(cells: Iterable[Cell]) -> dict[tuple[str, str, Protocol], list[Cell]]:
    """Cells by table, one table for each dataset and protocol."""
    found: dict[tuple[str, str, Protocol], list[Cell]] = {}
    for cell in cells:
        found.setdefault((cell.dataset, cell.subset, cell.protocol), []).append(cell)
    return found


def reference(cell: Cell, score: str) -> Published | None:
    """The published number for a score of ours."""
    unit, clusters = cell.protocol.unit, cell.protocol.clusters or 0
    return published(cell.subset, cell.method, unit, clusters, score)


def columns(found: Iterable[Cell], names: Iterable[str] = ()) -> list[TableColumn]:
    """The named columns, or all, without columns that have no value."""
    found, wanted = list(found), set(names)
    unknown = sorted(wanted - {c.score for c in COLUMNS})
    if unknown:
        known = ", ".join(c.score for c in COLUMNS)
        raise InputError(f"unknown column {', '.join(unknown)}; choose from {known}")
    return [
        c for c in COLUMNS if (not wanted or c.score in wanted) and any(cell.score(c.score) for cell in found)
    ]


def spread(value: Spread | None, digits: int, *, signed: bool = False) -> str:
    """A score as text, with its deviation if there is one."""
    if value is None:
        return "-"
    if not digits and not value.mean.is_integer():
        digits = 1
    text = f"{value.mean:{'+' if signed else ''}.{digits}f}"
    return text if not value.std else f"{text} ± {value.std:.{max(digits, 1)}f}"


def row(cell: Cell, shown: Iterable[TableColumn]) -> list[str]:
    """One method's cells: its name, the number of runs, and each score with its published number."""
    line = [shown_name(cell.method), str(len(cell.results))]
    for name, _, digits in shown:
        score = cell.score(name)
        if name == "peak_mb" and score:
            text = f"{score.high:.0f}"  # memory that a machine needs
        else:
            text = spread(score, digits, signed=name == "off")
        known = reference(cell, name)
        line.append(f"{text} [{known.value:.{digits}f}]" if known else text)
    return line


def notes(cells: Iterable[Cell]) -> list[str]:
    """The options and warnings of the methods, and the sources of the published numbers, without repeats."""
    cells = list(cells)
    found = (reference(cell, name) for cell in cells for name, _, _ in COLUMNS)
    sources = sorted({f"[{p.method}] {p.source}" for p in found if p})
    warned = dict.fromkeys(text for cell in cells for r in cell.results for text in r.about.get("notes", ()))
    others = (_other_than_asked(cell) for cell in cells)
    return [*_settings(cells), *warned, *filter(None, others), *sources]


def _settings(cells: Iterable[Cell]) -> list[str]:
    """The options of each method; methods without options have no line."""
    settings_of = {cell.method: settings(cell) for cell in cells if cell.method != BASE}
    lines = [f"{shown_name(method)}: {text}" for method, text in settings_of.items() if text]
    if "" in settings_of.values():
        lines.append("the others at their defaults" if lines else "all at their defaults")
    return lines


def _other_than_asked(cell: Cell) -> str:
    """A sentence if a method made another number of clusters than requested, with the reason; else ""."""
    asked, found = cell.protocol.clusters, cell.score("clusters")
    if asked is None or not found or found.low == found.high == asked:
        return ""
    made = f"{shown_name(cell.method)} made {found.low:.0f}"
    made += f" to {found.high:.0f}" if found.high > found.low else ""
    why = ": cannot-links forbid further merges" if cell.method in (OURS, BARE) else ""
    return f"{made} clusters, not {asked}{why}"


def settings(cell: Cell) -> str:
    """The options of a method, without the seed; "" where all are defaults."""
    given = cell.results[0].key.options  # for a baseline, only the options that were set
    shown = {k: v for k, v in given.items() if k not in ("step", "seed", "code") and v is not None}
    return ", ".join(f"{k} {v}" for k, v in shown.items())


def tables(cells: Iterable[Cell], names: Iterable[str] = ()) -> str:
    """All tables, each with its protocol above and the sources of its published numbers below."""
    blocks = []
    for table in every_table(list(cells), names):
        wide = [max(map(len, column)) for column in zip(*table.rows, strict=True)]
        lines = ["  ".join(t.ljust(w) for t, w in zip(r, wide, strict=True)).rstrip() for r in table.rows]
        below = [f"  {line}" for line in [*lines, *table.notes]]
        blocks.append("\n".join([table.title, f"  {table.protocol}", *below]))
    legend = "ours ± standard deviation over the runs [published]; accuracy is weighted cluster purity"
    return "\n\n".join([*blocks, legend]) if blocks else "no results"


def markdown(cells: Iterable[Cell], names: Iterable[str] = ()) -> str:
    """The same tables for a document."""
    blocks = []
    for table in every_table(list(cells), names):
        lines = [f"| {' | '.join(r)} |" for r in table.rows]
        lines.insert(1, "|" + "---|" * len(table.rows[0]))
        remarks = ["", *(f"- {note}" for note in table.notes)] if table.notes else []
        blocks.append("\n".join([f"**{table.title}**", "", table.protocol, "", *lines, *remarks]))
    return "\n\n".join(blocks) if blocks else "no results"


class Table(NamedTuple):
    """One table as text."""

    title: str  # the set that was scored
    protocol: str
    rows: list[list[str]]  # the first row has the headings
    notes: list[str]
    label: str = ""  # distinguishes tables of one title
    best: frozenset[tuple[int, int]] = frozenset()  # (row, column) of the best of each score


def every_table(cells: Sequence[Cell], names: Iterable[str] = ()) -> list[Table]:
    """The summaries, where there are several sets, and the table of each set and protocol.

    Args:
        names: scores to show; all by default.

    Raises:
        InputError: there is no such score.
    """
    return [*summary_tables(cells), *_tables(cells, list(names))]


def _tables(cells: Iterable[Cell], names: Iterable[str]) -> Iterator[Table]:
    """The table of each set of features and protocol."""
    for (dataset, subset, protocol), found in groups(cells).items():
        facts, shown = found[0].results[0].facts, columns(found, names)
        size = f"{facts['tracks']} tracks, {facts['faces']} faces, {facts['dim']}-d features"
        rows = [["method", "runs", *(heading for _, heading, _ in shown)], *(row(c, shown) for c in found)]
        title = f"{dataset}{f' ({subset})' if subset else ''}: {size}"
        best = _best(rows, ["", "", *(column.score for column in shown)])
        label = f"{protocol.unit} {protocol.clusters or 'unknown'}"
        yield Table(title, str(protocol), rows, notes(found), label, best)


# Scores that have a best value: the highest, or the lowest. The number of clusters, seconds and memory are
# facts about a method, and do not measure its quality.
HIGHER = (
    *("wcp", "auc", "b_cubed_precision", "b_cubed_recall", "b_cubed_f1", "hungarian"),
    *("nmi_arithmetic", "nmi_geometric", "ari"),
)
LOWER = ("off", "violated")  # for `off`, the absolute value


def _best(rows: Sequence[Sequence[str]], scores: Sequence[str]) -> frozenset[tuple[int, int]]:
    """(row, column) of the best value of each score, with values printed alike; none if all are alike.

    Args:
        rows: rows of a table, headings first.
        scores: the score of each column; "" for none.
    """
    best: list[tuple[int, int]] = []
    for j, score in enumerate(scores):
        if score not in (*HIGHER, *LOWER):
            continue
        texts = {i: row[j].partition(" ")[0] for i, row in enumerate(rows[1:], 1)}
        sign = 1 if score in HIGHER else -1
        values = {i: sign * abs(float(text)) for i, text in texts.items() if text != "-"}
        if len(set(values.values())) > 1:
            best += [(i, j) for i, value in values.items() if value == max(values.values())]
    return frozenset(best)


# Every method on every set


MEANS = (("off", "off by", 1), ("violated", "CL broken", 3), ("auc", "AUC", 3), ("seconds", "seconds", 1))


def summary_tables(cells: Iterable[Cell]) -> Iterator[Table]:
    """B-cubed F of every method on every set, best mean first: a table for each unit, K given and found.

    There are no such tables for a single set.
    """
    found: dict[tuple[str, bool], list[Cell]] = {}
    for cell in cells:
        found.setdefault((cell.protocol.unit, cell.protocol.clusters is not None), []).append(cell)
    for (unit, given), same in found.items():
        sets = list(dict.fromkeys((c.dataset, c.protocol.clusters) for c in same))
        if len({name for name, _ in sets}) < 2:
            continue
        counts: dict[str, int] = {name: sum(other == name for other, _ in sets) for name, _ in sets}
        names = [f"{name}, K = {k}" if counts[name] > 1 else name for name, k in sets]
        means = [heading for _, heading, _ in MEANS[given:]]
        heads = ["method", "mean F", "worst", *means, "peak MB", "sets", *names]
        title = f"B-cubed F by {unit}, the number of people {'given' if given else 'not given'}"
        about = "means over the sets that a method ran on; ± is the mean standard deviation over its runs"
        rows = [heads, *_ranked(same, sets, given)]
        scores = ["", *["b_cubed_f1"] * 2, *(score for score, *_ in MEANS[given:]), "", ""]
        best = _best(rows, [*scores, *["b_cubed_f1"] * len(sets)])
        yield Table(title, about, rows, [], best=best)


def _ranked(cells: list[Cell], sets: list[tuple[str, int | None]], given: bool) -> list[list[str]]:
    """A row for each method, by the number of sets it ran on, then by mean."""
    by_method: dict[str, dict[tuple[str, int | None], Cell]] = {}
    for cell in cells:
        by_method.setdefault(cell.method, {})[cell.dataset, cell.protocol.clusters] = cell
    rows = [
        (_summary_row(method, on, sets, given), len(on), _means(on, "b_cubed_f1"))
        for method, on in by_method.items()
    ]
    return [row for row, *_ in sorted(rows, key=lambda r: (-r[1], -r[2].mean if r[2] else 0))]


def _summary_row(
    method: str, on: dict[tuple[str, int | None], Cell], sets: list[tuple[str, int | None]], given: bool
) -> list[str]:
    overall = _means(on, "b_cubed_f1")
    peaks = [p.high for p in (cell.score("peak_mb") for cell in on.values()) if p]
    return [
        shown_name(method),
        spread(overall, 3),
        f"{overall.low:.3f}" if overall else "-",
        *(spread(_means(on, score), digits) for score, _, digits in MEANS[given:]),
        f"{max(peaks):.0f}" if peaks else "-",
        f"{len(on)} of {len(sets)}",
        *(spread(on[place].score("b_cubed_f1"), 3) if place in on else "-" for place in sets),
    ]


def _means(on: dict[tuple[str, int | None], Cell], score: str) -> Spread | None:
    """The mean of a score over sets (for `off`, of its absolute value), with the mean deviation over runs."""
    found = [value for value in (cell.score(score) for cell in on.values()) if value]
    if not found:
        return None
    means = [abs(value.mean) if score == "off" else value.mean for value in found]
    deviation = fmean(value.std or 0.0 for value in found) if score == "b_cubed_f1" else None
    return Spread(fmean(means), deviation, len(found), min(means), max(means))
