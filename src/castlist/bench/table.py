"""Results as tables of text: ours ± standard deviation beside the published number and its source."""

from __future__ import annotations

from collections.abc import Iterable

from castlist.bench.published import Published, published
from castlist.bench.results import Cell, Spread
from castlist.metrics import Protocol

__all__ = ["COLUMNS", "groups", "notes", "reference", "row", "tables"]

# name of the score, heading, digits; the published number stands behind a score that has one
COLUMNS = (
    ("wcp", "accuracy", 3),
    ("auc", "AUC", 3),
    ("b_cubed_precision", "B3 P", 3),
    ("b_cubed_recall", "B3 R", 3),
    ("b_cubed_f1", "B3 F", 3),
    ("hungarian", "Hungarian", 3),
    ("nmi_arithmetic", "NMI arith.", 3),
    ("nmi_geometric", "NMI geom.", 3),
    ("ari", "ARI", 3),
    ("violated", "CL broken", 3),
    ("seconds", "seconds", 0),
    ("peak_mb", "peak MB", 0),
)


def groups(cells: Iterable[Cell]) -> dict[tuple[str, str, Protocol], list[Cell]]:
    """Cells by the table they stand in: one for each dataset and protocol."""
    found: dict[tuple[str, str, Protocol], list[Cell]] = {}
    for cell in cells:
        found.setdefault((cell.dataset, cell.subset, cell.protocol), []).append(cell)
    return found


def reference(cell: Cell, score: str) -> Published | None:
    """The published number beside one of ours."""
    unit, clusters = cell.protocol.unit, cell.protocol.clusters or 0
    return published(cell.subset, cell.method, unit, clusters, score)


def spread(value: Spread | None, digits: int) -> str:
    if value is None:
        return "-"
    text = f"{value.mean:.{digits}f}"
    if value.std is None or not digits:
        return text
    return f"{text} ± {value.std:.{digits}f}"


def row(cell: Cell) -> list[str]:
    """One method's cells: its name, the number of runs, and each score with the published one."""
    line = [cell.method, str(len(cell.results))]
    for name, _, digits in COLUMNS:
        text = spread(cell.score(name), digits)
        known = reference(cell, name)
        line.append(f"{text} [{known.value:.{digits}f}]" if known else text)
    return line


def notes(cells: Iterable[Cell]) -> list[str]:
    """What the methods ran with, and the sources of the published numbers, each once."""
    cells = list(cells)
    found = (reference(cell, name) for cell in cells for name, _, _ in COLUMNS)
    sources = sorted({f"[{p.method}] {p.source}" for p in found if p})
    return [*(settings(cell) for cell in cells if cell.method != "base"), *sources]


def settings(cell: Cell) -> str:
    """The options a method ran with; the seed is not repeated."""
    given = cell.results[0].key.options
    shown = {k: v for k, v in given.items() if k not in ("step", "seed") and v is not None}
    return f"{cell.method}: {', '.join(f'{k} {v}' for k, v in shown.items()) or 'defaults'}"


def tables(cells: Iterable[Cell]) -> str:
    """Every table, its protocol above it and the sources of its published numbers below."""
    blocks = []
    for (dataset, subset, protocol), found in groups(cells).items():
        about = found[0].results[0].facts
        size = f"{about['tracks']} tracks, {about['faces']} faces, {about['dim']}-d features"
        title = f"{dataset}{f' ({subset})' if subset else ''}: {size}\n  {protocol}"
        rows = [["method", "runs", *(heading for _, heading, _ in COLUMNS)], *(row(c) for c in found)]
        wide = [max(len(r[i]) for r in rows) for i in range(len(rows[0]))]
        lines = ["  ".join(t.ljust(w) for t, w in zip(r, wide, strict=True)).rstrip() for r in rows]
        blocks.append("\n".join([title, *(f"  {line}" for line in lines), *(f"  {n}" for n in notes(found))]))
    legend = "ours ± standard deviation over the runs [published]; accuracy is weighted cluster purity"
    return "\n\n".join([*blocks, legend]) if blocks else "no results"
