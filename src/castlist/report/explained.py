"""A page on why two tracks are one person or two: reasons, most similar faces, path in the tree."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from castlist.outputs import check_output
from castlist.report import formatting
from castlist.report.album import Album
from castlist.report.html import filled, write_page
from castlist.report.page import Thumbs

if TYPE_CHECKING:
    from castlist.cues import Colour
    from castlist.pipeline.explain import Explanation

__all__ = ["render_explanation", "write_explanation"]

WIDE, HIGH = 200, 24  # of the band that shows the colours of a person's clothes
MERGES = 12  # steps of the tree that are shown


def render_explanation(explanation: Explanation, *, thumbs: Thumbs | None = None) -> str:
    """The whole page as HTML; equal input gives equal bytes.

    Args:
        explanation: the result of `castlist.explain`.
        thumbs: gives the bytes of a picture by its file name; may raise OSError or LookupError.
    """
    album = Album(thumbs)
    album.take(face.image for pair in explanation.pairs for face in (pair.a, pair.b))
    sides = [
        {"track": track, "person": formatting.short_line(person), "from": times[0], "to": times[1]}
        for track, person, times in zip(
            (explanation.a, explanation.b), explanation.persons, explanation.times, strict=True
        )
    ]
    pairs = [
        {
            "cosine": f"{pair.cosine:.2f}",
            "faces": [{"uri": album[f.image], "time": formatting.clock(f.time)} for f in (pair.a, pair.b)],
        }
        for pair in explanation.pairs
    ]
    return filled(
        "explain.html",
        ("look.css", "explain.css"),
        sides=sides,
        sentences=[formatting.short_line(s, 600) for s in explanation.sentences],
        pairs=pairs,
        clothes=[]
        if explanation.clothing is None
        else [_band(colours) for colours in explanation.clothing.colours],
        wide=WIDE,
        high=HIGH,
        merges=explanation.merges[:MERGES],
        more=max(0, len(explanation.merges) - MERGES),
    )


def _band(colours: tuple[Colour, ...]) -> list[dict[str, object]]:
    """Colours side by side, with widths proportional to their shares."""
    total = sum(share for _, share in colours)
    edge, band = 0.0, []
    for (red, green, blue), share in colours:
        width = WIDE * share / total
        band.append(
            {"x": round(edge, 1), "width": round(width, 1), "fill": f"#{red:02x}{green:02x}{blue:02x}"}
        )
        edge += width
    return band


def write_explanation(
    explanation: Explanation, path: str | Path, *, thumbs: Thumbs | None = None, films: Sequence[Path] = ()
) -> Path:
    """Write the page to a file, completely or not at all; returns its path.

    Args:
        films: films that must not be overwritten.

    Raises:
        InputError: see `castlist.outputs.check_output`.
        WorkspaceError: the file cannot be written; the previous file is untouched.
    """
    check_output(path, films=films, page=True)
    return write_page(render_explanation(explanation, thumbs=thumbs), path)
