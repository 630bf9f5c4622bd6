"""Results as one self-contained page: the tables, and plots of all runs with the published numbers."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import NamedTuple

from castlist.research.bench.methods import shown_name
from castlist.research.bench.results import Cell
from castlist.research.bench.table import columns, groups, notes, reference, row, summary_tables

__all__ = ["Part", "document", "html_table", "page", "plot", "section", "sentences", "summaries"]

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 88rem; padding: 0 1rem;
  color: #1b1b1f; background: #fff }
h1 { font-size: 1.5rem; margin: 2.6rem 0 .4rem } h2 { font-size: 1.15rem; margin: 2.2rem 0 .2rem }
p { margin: .2rem 0 .8rem } nav a { margin-right: 1.2rem; display: inline-block } a { color: #1d55b5 }
.wide { overflow-x: auto } table { border-collapse: collapse; font-variant-numeric: tabular-nums }
th, td { padding: .25rem .5rem; text-align: left; border-bottom: 1px solid #ddd; white-space: nowrap }
tr > :first-child { position: sticky; left: 0; background: #fff; white-space: normal;
  min-width: clamp(9rem, 20vw, 17rem) }
img { width: 100%; min-width: 48rem; margin: .6rem 0 }
small, .protocol { color: #55555e } svg { display: block; margin: 1rem 0; min-width: 40rem; height: auto }
svg text { font: 13px system-ui, sans-serif; fill: #1b1b1f }
@media (prefers-color-scheme: dark) { body { color: #e8e8ee; background: #16161a } svg text { fill: #e8e8ee }
  th, td { border-color: #3a3a42 } small, .protocol { color: #a9a9b4 } a { color: #8ab4f8 }
  tr > :first-child { background: #16161a } }
"""
PLOTTED = (("wcp", "accuracy (weighted cluster purity)"), ("auc", "verification AUC of track pairs"))
LEFT, WIDTH, STEP = 400, 900, 30  # pixels: width of names, width of the plot, height of a method


class Part(NamedTuple):
    """A part of a page."""

    title: str
    body: str  # HTML


def page(cells: Iterable[Cell], left_out: Iterable[str] = ()) -> str:
    """An HTML page without external files; `left_out` has sentences on methods that did not run."""
    cells, missing = list(cells), list(left_out)
    sets = list(dict.fromkeys(cell.dataset for cell in cells))
    parts = [Part("All sets", summaries(cells))] if len(sets) > 1 else []
    parts += [Part(name, section([c for c in cells if c.dataset == name])) for name in sets]
    if missing:
        parts.append(Part("Methods that were left out", sentences(missing)))
    return document("castlist bench", parts)


def summaries(cells: Iterable[Cell]) -> str:
    """Every method on every set, a table for each unit, with a given and a found number of clusters."""
    body = []
    for summary in summary_tables(cells):
        heads, *rows = summary.rows
        body += [f"<h2>{escape(summary.title)}</h2>", f'<p class="protocol">{escape(summary.protocol)}</p>']
        body += [html_table(heads, rows)]
    return "\n".join(body)


def html_table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table whose first cell of each row is the row's name."""
    lines = ["<tr>" + "".join(f'<th scope="col">{escape(h)}</th>' for h in heads) + "</tr>"]
    for name, *values in rows:
        cells = "".join(f"<td>{escape(value)}</td>" for value in values)
        lines.append(f'<tr><th scope="row">{escape(name)}</th>{cells}</tr>')
    return '<div class="wide"><table>' + "\n".join(lines) + "</table></div>"


def sentences(lines: Iterable[str]) -> str:
    """A list of sentences."""
    return f"<ul>{''.join(f'<li>{escape(line)}</li>' for line in lines)}</ul>"


def section(cells: Iterable[Cell]) -> str:
    """The tables and plots of some results."""
    body = []
    for (dataset, subset, protocol), found in groups(cells).items():
        title = (
            f"{dataset}{f' ({subset})' if subset else ''}, by {protocol.unit}, {_clusters(protocol.clusters)}"
        )
        body.append(f"<h2>{escape(title)}</h2>")
        body.append(f'<p class="protocol">{escape(str(protocol))}</p>')
        shown = columns(found)
        heads = ["method", "runs", *(heading for _, heading, _ in shown)]
        body.append(html_table(heads, (row(cell, shown) for cell in found)))
        body += [plot(found, name, title) for name, title in PLOTTED]
        body.append(f"<p><small>{'<br>'.join(escape(note) for note in notes(found))}</small></p>")
    return "\n".join(body)


def document(title: str, parts: Iterable[Part]) -> str:
    """A page of several parts, with links to these if there is more than one."""
    parts = list(parts)
    links = "".join(f'<a href="#part-{i}">{escape(part.title)}</a>' for i, part in enumerate(parts))
    body = "\n".join(
        f'<h1 id="part-{i}">{escape(part.title)}</h1>\n{part.body}' for i, part in enumerate(parts)
    )
    return (
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
        f"<title>{escape(title)}</title>\n"
        '<meta name="viewport" content="width=device-width">\n'
        f"<style>{STYLE}</style>\n"
        "<p>Ours ± standard deviation over the runs, and in brackets the published number. Compare two"
        " scores only where the tracks, the features and the protocol are the same.</p>\n"
        f"{f'<nav>{links}</nav>' if len(parts) > 1 else ''}\n{body}\n</html>\n"
    )


def _clusters(given: int | None) -> str:
    return f"{given} clusters" if given else "number of clusters found"


def plot(found: list[Cell], score: str, title: str) -> str:
    """An SVG of one score: a dot for each run, a bar at their mean, a diamond at the published number."""
    rows = []
    for cell in found:
        spread, known = cell.score(score), reference(cell, score)
        values = [getattr(r, score, None) if score == "auc" else r.scores.get(score) for r in cell.results]
        if spread:
            rows.append((shown_name(cell.method), [v for v in values if v is not None], spread.mean, known))
    if not rows:
        return ""
    every = [v for _, values, _, known in rows for v in [*values, *([known.value] if known else [])]]
    low, high = max(0.0, min(every) - 0.02), min(1.0, max(every) + 0.02)

    def x(value: float) -> float:
        return LEFT + (value - low) / (high - low) * (WIDTH - LEFT - 60)

    parts = [f'<text x="0" y="16">{escape(title)}</text>']
    for i, (method, values, mean, known) in enumerate(rows):
        y = 44 + i * STEP
        parts.append(f'<text x="0" y="{y + 5}">{escape(method)}</text>')
        parts.append(f'<path d="M{LEFT} {y}H{WIDTH - 60}" stroke="#8884"/>')
        parts += [f'<circle cx="{x(v):.1f}" cy="{y}" r="4.5" fill="#2f6fdb" opacity=".55"/>' for v in values]
        parts.append(f'<path d="M{x(mean):.1f} {y - 9}v18" stroke="#2f6fdb" stroke-width="3"/>')
        parts.append(f'<text x="{WIDTH - 52}" y="{y + 5}">{mean:.3f}</text>')
        if known:
            at = x(known.value)
            shape = f"M{at:.1f} {y - 7}l6 7l-6 7l-6 -7z"
            parts.append(f'<path d="{shape}" fill="none" stroke="#d2691e" stroke-width="2"/>')
    end = 44 + len(rows) * STEP
    parts += [f'<text x="{LEFT}" y="{end + 6}">{low:.2f}</text>']
    parts += [f'<text x="{WIDTH - 60}" y="{end + 6}" text-anchor="end">{high:.2f}</text>']
    middle = (LEFT + WIDTH) / 2 - 60
    legend = "● run  ┃ mean  ◇ published"
    parts.append(f'<text x="{middle}" y="{end + 6}" text-anchor="middle">{legend}</text>')
    label = f"{title}: " + ", ".join(f"{m} {mean:.3f}" for m, _, mean, _ in rows)
    size = f'viewBox="0 0 {WIDTH} {end + 14}" width="{WIDTH}"'
    about = f'role="img" aria-label="{escape(label)}"'
    drawn = f'<svg xmlns="http://www.w3.org/2000/svg" {size} {about}>{"".join(parts)}</svg>'
    return f'<div class="wide">{drawn}</div>'
