"""The answers for assistants as plain values: times in seconds, people by name."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from castlist.cast import Cast, Person
from castlist.decisions.decision import clean_name
from castlist.errors import InputError
from castlist.name_forms import comparable
from castlist.store import Workspace
from castlist.types import Fate

__all__ = ["Answers"]

MOST = 500  # rows in an answer, all of which an assistant reads

Row = dict[str, object]  # plain values; the protocol's library makes a schema of this type


@dataclass(frozen=True, slots=True)
class Answers:
    """Answers from the current cast in a workspace."""

    path: Path

    def cast(self) -> Cast:
        """The current cast."""
        with Workspace.open(self.path, write=False) as opened:
            return opened.cast()

    def film(self) -> Row:
        """The film, and the number of its people."""
        cast = self.cast()
        video = cast.video
        return {
            "film": video.path.name, "seconds": float(cast.length), "width": video.width,
            "height": video.height, "frames_per_second": float(video.frame_rate), "shots": len(cast.shots),
            "people": len(cast.people), "background_people": len(cast.background),
        }  # fmt: skip

    def people(self, background: bool = False) -> list[Row]:
        """The people of the cast, most prominent first; with `background` also those in the background."""
        cast = self.cast()
        return [_person(cast, p) for p in (cast.everybody if background else cast.people)[:MOST]]

    def appearances(self, person: str) -> list[Row]:
        """The appearances of a person."""
        found = self.cast().named([person])[0]
        return [_span(a.start, a.stop) for a in found.appearances[:MOST]]

    def check_free(self, person: str, name: str) -> None:
        """Raise an error for a name that another person has.

        Raises:
            InputError: another person has the name, or there is no such person.
        """
        cast = self.cast()
        (renamed,) = cast.named(person)
        wanted = comparable(clean_name(name))
        owner = next((p for p in cast.everybody if p.named and comparable(p.name) == wanted), None)
        if owner is not None and owner.id != renamed.id:
            raise InputError(
                f"{owner.key} is called {owner.name} already; merge {owner.key} and {renamed.key} if they "
                "are one person, or give another name"
            )

    def at(self, seconds: float) -> list[str]:
        """The names of people seen at a time."""
        return [p.name for p in self.cast().at(seconds)]

    def together(self, a: str, b: str) -> Row:
        """The times at which two people are seen together."""
        runs = self.cast().together(a, b)
        total = sum((stop - start for start, stop in runs), Fraction(0))
        return {"seconds": float(total), "times": [_span(*run) for run in runs[:MOST]], "runs": len(runs)}

    def search(self, name: str = "", start: float = 0.0, stop: float | None = None) -> list[Row]:
        """People with `name` in their name who appear in a span of the film, including the background."""
        cast, end = self.cast(), float("inf") if stop is None else stop
        if start != start or end != end:
            raise InputError("start and stop are numbers of seconds from the start of the film")
        if end < start:
            raise InputError(f"the span ends ({end:g} s) before it starts ({start:g} s)")
        found = []
        for person in cast.everybody:
            stays = [a for a in person.appearances if a.start < end and a.stop > start]
            if stays and comparable(name) in comparable(person.name):
                found.append(_person(cast, person) | {"times": [_span(a.start, a.stop) for a in stays[:20]]})
        return found[:MOST]

    def proposals(self) -> list[Row]:
        """The open proposed names, each with the number for its answer."""
        from castlist.review.proposed import open_names, plain

        with Workspace.open(self.path, write=False) as opened:
            found = open_names(opened)
        return [{"person": person.called, **plain(row)} for person, row in found[:MOST]]

    def explain(self, a: str, b: str) -> list[str]:
        """Why two people were not merged, in sentences."""
        from castlist.pipeline import explain

        return list(explain(self.path, a, b).sentences)

    def face(self, person: str) -> bytes:
        """The JPEG of a person's best face.

        Raises:
            InputError: there is no picture of that person.
        """
        pictures = self.cast().named([person])[0].images(1)
        if not pictures:
            raise InputError(f"there is no picture of {person}")
        return pictures[0]


def _person(cast: Cast, person: Person) -> Row:
    return {
        "id": person.key, "name": person.name, "named_by_a_person": person.named,
        "is": Fate(person.fate).word,
        "seconds_on_screen": round(person.screen_time, 3), "share_of_the_film": round(cast.share(person), 4),
        "first_seen": round(float(person.first), 3), "last_seen": round(float(person.last), 3),
        "appearances": len(person.appearances),
    }  # fmt: skip


def _span(start: Fraction, stop: Fraction) -> Row:
    return {"start": round(float(start), 3), "stop": round(float(stop), 3)}
