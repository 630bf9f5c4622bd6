r"""Tables for a paper: LaTeX with booktabs, every name escaped.

\usepackage{booktabs}
\input{scores.tex}
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from castlist.research.bench.results import Cell
from castlist.research.bench.table import Table, columns, every_table

__all__ = ["HEAD", "SHOWN", "escaped", "latex", "latex_table"]

HEAD = "% by castlist bench; needs \\usepackage{booktabs}\n"
SHOWN = ("wcp", "auc", "b_cubed_precision", "b_cubed_recall", "b_cubed_f1", "nmi_arithmetic")  # fits a page
SPECIAL = {
    "\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    **{c: f"\\{c}" for c in "&%$#_{}"},
    **{c: f"{{{c}}}" for c in "[]*\"'`"},  # could be an argument of \\ at the start of a row; quotes of babel
    "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}", "±": r"$\pm$",
}  # fmt: skip


def escaped(text: str) -> str:
    r"""A name in LaTeX source, on one line.

    >>> escaped("50%_of {A & B}")
    '50\\%\\_of \\{A \\& B\\}'
    """
    plain = "".join(c if c.isprintable() else " " for c in text)
    return "".join(SPECIAL.get(c, c) for c in plain)


def latex(cells: Iterable[Cell], names: Iterable[str] = (), *, bold: bool = False) -> str:
    """Every table of `castlist.research.bench.tables` as a table environment.

    Args:
        names: scores to show; those of `SHOWN` by default.
        bold: print the best score of each column in bold, and all scores that are printed alike.

    Raises:
        InputError: there is no such score.
    """
    cells, names = list(cells), list(names)
    found = every_table(cells, names or [c.score for c in columns(cells) if c.score in SHOWN])
    labels = _labels(f"{table.title.partition(': ')[0]} {table.label}" for table in found)
    made = (_with_label(table, label, bold) for table, label in zip(found, labels, strict=True))
    return HEAD + "\n".join(made)


def _with_label(table: Table, label: str, bold: bool) -> str:
    published = any("[" in cell for row in table.rows[1:] for cell in row[1:])
    caption = f"{table.title}. {table.protocol[:1].upper()}{table.protocol[1:]}."
    caption += " Published numbers in brackets." if published else ""
    best = table.best if bold else frozenset()
    return latex_table(table.rows, caption=caption, label=label, notes=table.notes, best=best)


def latex_table(
    rows: Sequence[Sequence[str]],
    *,
    caption: str,
    label: str,
    notes: Iterable[str] = (),
    best: frozenset[tuple[int, int]] = frozenset(),
) -> str:
    """One table environment.

    Args:
        rows: texts by row and column; the first row has the headings, the first column the names.
        notes: printed as comments above the table.
        best: (row, column) of cells printed in bold; the headings are row 0.
    """
    lines = [
        " & ".join(_cell(text, (i, j) in best, first=j == 0) for j, text in enumerate(row)) + r" \\"
        for i, row in enumerate(rows)
    ]
    return "\n".join(
        [
            *(f"% {' '.join(note.split())}" for note in notes),
            r"\begin{table}",
            r"  \centering\footnotesize\setlength{\tabcolsep}{4pt}",
            f"  \\caption{{{escaped(caption)}}}",
            f"  \\label{{{label}}}",
            f"  \\begin{{tabular}}{{l{'r' * (len(rows[0]) - 1)}}}",
            r"    \toprule",
            f"    {lines[0]}",
            r"    \midrule",
            *(f"    {line}" for line in lines[1:]),
            r"    \bottomrule",
            r"  \end{tabular}",
            r"\end{table}",
            "",
        ]
    )


def _cell(text: str, best: bool, *, first: bool) -> str:
    """A cell; for the best score, the mean is bold, but not its deviation and the published number."""
    if text == "-":
        return "--"
    if first or not best:
        return escaped(text)
    mean, space, rest = text.partition(" ")
    return f"\\textbf{{{escaped(mean)}}}{space}{escaped(rest)}"


def _labels(titles: Iterable[str]) -> Iterator[str]:
    """A label for each table, all different: tab:bbt-s01e01-track-5."""
    used: set[str] = set()
    for title in titles:
        plain = "tab:" + ("-".join(re.findall(r"[a-z0-9]+", title.lower())) or "castlist")
        label = next(
            name for name in (plain, *(f"{plain}-{i}" for i in range(2, 10_000))) if name not in used
        )
        used.add(label)
        yield label
