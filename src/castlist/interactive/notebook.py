"""A cast as HTML for notebooks: faces, names, seconds and a timeline of its people."""

from __future__ import annotations

import base64
from collections.abc import Callable
from html import escape
from typing import TYPE_CHECKING

from castlist.clock_times import clock_span, how_long
from castlist.errors import CastlistError
from castlist.io.exports.names import film_name, plain_line

if TYPE_CHECKING:
    from castlist.cast import Cast, Person

__all__ = ["html", "person_html"]

SHOWN = 12  # people
PICTURES = 3  # for each person
PORTRAITS = 8  # for a single person
LARGEST = 60_000  # bytes of a picture
COLOURS = ("#4c78a8", "#e45756", "#54a24b", "#b279a2", "#eeca3b", "#72b7b2", "#9d755d", "#ff9da6")


def html(cast: Cast, image: Callable[[str], bytes] | None = None, shown: int = SHOWN) -> str:
    """The people of a cast as an HTML table without scripts.

    Args:
        image: returns the JPEG of a face by its name; None for no pictures.
        shown: most people in the table.
    """
    rows = "".join(_row(cast, p, image, COLOURS[i % len(COLOURS)]) for i, p in enumerate(cast.people[:shown]))
    more = len(cast.people) - shown
    tail = [f"and {more} more people" if more > 0 else ""]
    tail.append(f"{len(cast.background)} in the background" if cast.background else "")
    end = ", ".join(part for part in tail if part)
    return (
        f"<div><p>{_named(film_name(cast))}: {escape(cast.summary)}</p>"
        f"<table style='border-collapse:collapse'>{rows}</table><p>{end}</p></div>"
    )


def person_html(person: Person, image: Callable[[str], bytes] | None = None) -> str:
    """One person as HTML: faces, seconds and appearances."""
    faces = "".join(_picture(face.image, image) for face in person.faces[:PORTRAITS])
    stays = len(person.appearances)
    summary = f"{how_long(person.duration)} in {stays} appearance{'s' * (stays != 1)}"
    when = clock_span(person.first, person.last)
    return f"<div><p>{_named(person.name)}: {summary}, {when}</p><p>{faces}</p></div>"


def _named(name: str) -> str:
    return f"<b><bdi>{escape(plain_line(name))}</bdi></b>"


def _row(cast: Cast, person: Person, image: Callable[[str], bytes] | None, colour: str) -> str:
    faces = "".join(_picture(face.image, image) for face in person.faces[:PICTURES])
    return (
        f"<tr><td>{faces}</td><td style='text-align:left'>{_named(person.name)}<br>"
        f"{how_long(person.duration)}, {100 * cast.share(person):.0f} %</td>"
        f"<td style='width:60%;min-width:20em'>{_lane(cast, person, colour)}</td></tr>"
    )


def _picture(name: str, image: Callable[[str], bytes] | None) -> str:
    if not name or image is None:
        return ""
    try:
        data = image(name)
    except (CastlistError, OSError, ValueError, LookupError, RuntimeError):
        return ""
    if not data.startswith(b"\xff\xd8\xff") or len(data) > LARGEST:
        return ""
    text = base64.b64encode(data).decode("ascii")
    return f"<img alt='' height='56' src='data:image/jpeg;base64,{text}'>"


def _lane(cast: Cast, person: Person, colour: str) -> str:
    """The bars of a person's appearances, placed by share of the film."""
    begin, whole = float(cast.clock.time(0)), max(float(cast.whole), 1e-9)
    bars = "".join(
        f"<rect x='{100 * (float(a.start) - begin) / whole:.2f}%' y='0' height='14' "
        f"width='{max(0.3, 100 * float(a.duration) / whole):.2f}%' fill='{colour}'>"
        f"<title>{clock_span(a.start, a.stop)}</title></rect>"
        for a in person.appearances[:500]
    )
    frame = "<rect width='100%' height='14' fill='#8882'/>"
    return f"<svg width='100%' height='14' role='img' aria-label='when'>{frame}{bars}</svg>"
