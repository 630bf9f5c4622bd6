"""castlist score: the cast of a film against labelled faces."""

from __future__ import annotations

from pathlib import Path

import click

from castlist.cli.options import WORKSPACE, first_frame_option, truth_option
from castlist.metrics import FaceScores, Scores

__all__ = ["command"]

EXAMPLES = """
\b
Examples:
  castlist score film.castlist --truth film.truth.csv
  castlist score film.castlist --truth labels.mot.txt --json
"""
COLUMNS = {
    "wcp": "purity", "b_cubed_precision": "B3 P", "b_cubed_recall": "B3 R", "b_cubed_f1": "B3 F",
    "nmi_arithmetic": "NMI", "hungarian": "Hungarian",
}  # fmt: skip


@click.command(epilog=EXAMPLES)
@click.argument("workspace", type=WORKSPACE)
@truth_option(required=True)
@first_frame_option
@click.option("--min-iou", type=click.FloatRange(0, 1, min_open=True), default=0.4, show_default=True,
              help="Least intersection over union of a found face and a labelled one.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(workspace: Path, truth: Path, first_frame: str | None, min_iou: float, as_json: bool) -> None:
    """Score the cast of WORKSPACE against labelled faces.

    In each frame, found and labelled faces are matched one to one. Labels: NF is no face, UNK a face that
    cannot be identified. docs/metrics.md explains every number.
    """
    from castlist.io import plain_json
    from castlist.research.score import score_film

    start = None if first_frame is None else int(first_frame)
    found = score_film(workspace, truth, min_iou=min_iou, first_frame=start)
    if found.note:
        click.echo(found.note, err=True)
    if as_json:
        values = {name: _rounded(value) for name, value in found.scores.values().items()}
        click.echo(plain_json.text(values))
        return
    for line in _lines(found.scores):
        click.echo(line)


def _rounded(value: float | None) -> float | None:
    """Shares rounded to four digits; counts are whole numbers."""
    return value if value is None or isinstance(value, int) else round(value, 4)


def _lines(scores: FaceScores) -> list[str]:
    """The scores as text."""
    return [
        f"faces    {scores.recall.whole:,.0f} labelled: {scores.recall.value:.1%} found, "
        f"{scores.assigned.value:.1%} found and given a person",
        f"         {scores.false.whole:,.0f} given a person: {scores.false.value:.1%} show no labelled face",
        f"people   {scores.people} labelled with 1 % of the faces or more (all: {scores.people_all}), "
        f"{scores.people_predicted} predicted, {scores.people_found} found",
        f"tracks   {scores.tracks_matched} with labelled faces, {scores.tracks_mixed} with two people",
        "",
        f"{'':<9}{'items':>7}" + "".join(f"{heading:>11}" for heading in COLUMNS.values()),
        _row("faces", scores.faces, scores.face),
        _row("tracks", scores.tracks, scores.track),
    ]


def _row(name: str, items: int, scores: Scores | None) -> str:
    values = ["-" if scores is None else f"{scores.values()[column]:.4f}" for column in COLUMNS]
    return f"{name:<9}{items:>7,}" + "".join(f"{value:>11}" for value in values)
