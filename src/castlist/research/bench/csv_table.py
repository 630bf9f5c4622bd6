"""Results as comma-separated values, a row for each set, protocol and method: for pandas, R, spreadsheets."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from castlist.research.bench.methods import shown_name
from castlist.research.bench.results import Cell
from castlist.research.bench.table import columns, reference, settings

__all__ = ["csv_text", "rows_as_csv"]

ABOUT = (
    *("dataset", "published_set", "tracks", "faces", "dimensions", "people"),
    *("unit", "clusters_given", "excluded", "noise", "method", "options", "runs"),
)


def csv_text(cells: Iterable[Cell], names: Iterable[str] = ()) -> str:
    """Means, sample standard deviations and published numbers; unknown values are empty.

    Each score has three columns: `wcp`, `wcp_std`, `wcp_published`. Numbers have six digits.

    Args:
        names: scores to show; all by default.

    Raises:
        InputError: there is no such score.
    """
    cells = list(cells)
    scores = [column.score for column in columns(cells, names)]
    head = [*ABOUT, *(f"{score}{end}" for score in scores for end in ("", "_std", "_published"))]
    return rows_as_csv([head, *([*_about(cell), *_scores(cell, scores)] for cell in cells)])


def rows_as_csv(rows: Iterable[Iterable[object]]) -> str:
    """Rows of cells as text; None is an empty cell."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def _about(cell: Cell) -> list[object]:
    facts, protocol = cell.results[0].facts, cell.protocol
    size = [facts["tracks"], facts["faces"], facts["dim"], facts["persons"]]
    given = [protocol.unit.value, protocol.clusters, protocol.excluded, protocol.noise.value]
    return [
        cell.dataset,
        cell.subset,
        *size,
        *given,
        shown_name(cell.method),
        settings(cell),
        len(cell.results),
    ]


def _scores(cell: Cell, scores: list[str]) -> list[str]:
    found = []
    for name in scores:
        score, known = cell.score(name), reference(cell, name)
        values = (score and score.mean, score and score.std, known and known.value)
        found += ["" if value is None else f"{value:.6g}" for value in values]
    return found
