"""Search results as one HTML file: thumbnails that link to the moments in the films."""

from __future__ import annotations

import base64
import os
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from urllib.parse import quote

from castlist.clock_times import how_long
from castlist.errors import CastlistError
from castlist.library.query import Moment
from castlist.library.search import LikelyPerson
from castlist.library.views import LibraryFilm
from castlist.outputs import check_output
from castlist.store import Workspace
from castlist.store.files import write

__all__ = ["Card", "cards_of_moments", "cards_of_people", "write_results"]

BEFORE, AFTER = 1.0, 3.0  # seconds played around a face found by a picture
MOST = 500  # cards of a page

_STYLE = """
body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:72rem;padding:0 1rem;
background:#fafaf8;color:#1a1a1a}
h1{font-size:1.4rem;font-weight:600}ol{list-style:none;padding:0;display:grid;gap:1.25rem;
grid-template-columns:repeat(auto-fill,minmax(15rem,1fr))}
li{background:#fff;border:1px solid #d9d7d0;border-radius:6px;padding:.75rem;display:flex;
flex-direction:column;gap:.5rem}
button{border:0;padding:0;background:none;cursor:pointer;position:relative;text-align:left}
button:focus-visible{outline:3px solid #1a5fb4;outline-offset:2px}
img,.none{width:128px;height:128px;border-radius:4px;display:block;background:#e5e3dc}
button span{position:absolute;left:8px;bottom:8px;background:#000b;color:#fff;
padding:0 .5rem;border-radius:3px}
video{width:100%;border-radius:4px;background:#000}p{margin:0;overflow-wrap:anywhere}.small{color:#595959}
@media (prefers-color-scheme:dark){body{background:#161616;color:#eee}li{background:#222;border-color:#444}
.small{color:#b5b5b5}}
"""
_SCRIPT = """
document.querySelectorAll('button[data-film]').forEach(b=>b.addEventListener('click',()=>{
const v=document.createElement('video');v.controls=true;v.preload='metadata';
const start=+b.dataset.start,stop=+b.dataset.stop;v.src=b.dataset.film+'#t='+start+','+stop;
v.addEventListener('error',()=>{const p=document.createElement('p');
p.textContent='The film cannot be played from here: '+b.dataset.film;v.replaceWith(p)});
b.replaceWith(v);v.play().catch(()=>{})}));
"""


@dataclass(frozen=True, slots=True)
class Card:
    """One search result: people, film and time."""

    film: LibraryFilm
    start: float  # seconds
    stop: float
    title: str
    detail: str
    image: str  # picture among the thumbs of the film's workspace, "" for none


def cards_of_people(found: Sequence[LikelyPerson]) -> list[Card]:
    """A card for each film in which a person was found by a picture."""
    return [
        Card(s.film, max(0.0, s.time - BEFORE), s.time + AFTER, person.called[:1].upper() + person.called[1:],
             f"{100 * s.probability:.0f} % likely", s.image)
        for person in found for s in person.sights
    ]  # fmt: skip


def cards_of_moments(moments: Sequence[Moment]) -> list[Card]:
    """A card for each moment that answers a query."""
    return [
        Card(
            m.film,
            m.start,
            m.stop,
            ", ".join(name for _, name in m.people),
            how_long(m.stop - m.start),
            m.image,
        )
        for m in moments
    ]


def write_results(path: Path, title: str, cards: Sequence[Card], note: str = "") -> None:
    """Write the page; it contains the pictures, and plays films from their paths.

    Raises:
        InputError: see `castlist.outputs.check_output`.
        OSError: the page cannot be written.
    """
    check_output(path, films=[card.film.file for card in cards])
    shown = cards[:MOST]
    pictures = _pictures(shown)
    items = "\n".join(_card(card, pictures.get((card.film.id, card.image), ""), path) for card in shown)
    more = f"<p>{len(cards) - MOST} more are not shown.</p>" if len(cards) > MOST else ""
    text = f"<p>{escape(note)}</p>" if note else ""
    write(
        path,
        (
            '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" '
            f'content="width=device-width"><title>{escape(title)}</title><style>{_STYLE}</style></head>\n<body><main>'
            f"<h1>{escape(title)}</h1>{text}<ol>\n{items}\n</ol>{more}</main><script>{_SCRIPT}</script></body></html>\n"
        ).encode("utf-8", "replace"),
    )


def _card(card: Card, picture: str, page: Path) -> str:
    label = f"Play {card.title} in {card.film.name} at {_clock(card.start)}"
    source = f"data:image/jpeg;base64,{picture}"
    image = f'<img alt="" src="{source}">' if picture else '<div class="none"></div>'
    return (
        f'<li><button type="button" data-film="{escape(_address(card.film, page))}" '
        f'data-start="{card.start:.2f}" '
        f'data-stop="{card.stop:.2f}" aria-label="{escape(label)}">{image}<span>▶ '
        f"{_clock(card.start)}</span></button>"
        f'<p>{escape(card.title)}</p><p class="small">{escape(card.film.name)}, '
        f"{escape(card.detail)}</p></li>"
    )


def _address(film: LibraryFilm, page: Path) -> str:
    """The film as a link relative to the page, so that both can move together."""
    film_path = film.file
    if not film_path.exists() and (film.workspace.parent / film_path.name).exists():
        film_path = film.workspace.parent / film_path.name
    try:
        near = os.path.relpath(film_path, page.absolute().parent)
    except ValueError:  # another drive
        return film_path.absolute().as_uri()
    return quote(os.fsencode(near.replace(os.sep, "/")))


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _pictures(cards: Sequence[Card]) -> dict[tuple[int, str], str]:
    """Thumbnails as base64, film by film; a missing one is left out."""
    found: dict[tuple[int, str], str] = {}
    for film in {card.film.id: card.film for card in cards}.values():
        names = {card.image for card in cards if card.film.id == film.id and card.image}
        try:
            with Workspace.open(film.workspace, write=False) as opened:
                found |= {
                    (film.id, n): base64.b64encode(opened.image(n)).decode()
                    for n in names
                    if _has_image(opened, n)
                }
        except CastlistError:
            continue
    return found


def _has_image(opened: Workspace, name: str) -> bool:
    try:
        opened.image(name)
    except CastlistError:
        return False
    return True
