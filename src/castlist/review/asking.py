"""The next questions as plain values for the page: questions, batches, people to check."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from castlist.decisions import Base, View
from castlist.report.formatting import short_line
from castlist.review.people import Describe
from castlist.suggest.asides import set_aside
from castlist.suggest.batches import Batch
from castlist.suggest.questions import Asker, Question
from castlist.types import NOISE, Json

__all__ = ["listed_checks", "listed_likely", "listed_questions", "listed_sheet"]


def person_of(track: int, view: View) -> str:
    """The id of a track's person."""
    return view.groups[int(view.label[track])].id


def _with_person(track: int, view: View, describe: Describe) -> dict[str, object]:
    return {**describe.track(track), "person": person_of(track, view)}


def listed_questions(found: Sequence[Question], view: View, describe: Describe) -> list[dict[str, object]]:
    """Questions about two tracks each."""
    return [
        {
            "kind": q.kind,
            "a": describe.track(q.a),
            "b": describe.track(q.b),
            "of": [person_of(t, view) for t in (q.a, q.b)],
            "others": [_with_person(t, view, describe) for t in q.others],
            "gain": round(q.gain, 2),
            "probability": round(q.probability, 3),
        }
        for q in found
    ]


def listed_sheet(sheet: Batch, view: View, describe: Describe) -> dict[str, object]:
    """The items of a batch, with the view's revision, and the gain for the clicks needed."""
    items = [
        {
            "track": describe.track(i.track),
            "whole": i.whole,
            "of": person_of(i.track, view),
            "guess": _with_person(i.guess, view, describe) if i.guess != NOISE else None,
            "others": [_with_person(t, view, describe) for t in i.others],
            "probability": round(i.probability, 3),
        }
        for i in sheet.items
    ]
    return {
        "revision": view.revision,
        "items": items,
        "gain": round(sheet.gain, 2),
        "clicks": round(sheet.clicks, 2),
    }


def listed_checks(asker: Asker, view: View, base: Base) -> dict[str, Json]:
    """People to check, and set-aside tracks; `Session.checks` describes the keys."""

    def persons(tracks: Sequence[int]) -> list[list[Json]]:
        return [[person_of(t, view), t] for t in tracks]

    aside = asker.asides()
    people: list[Json] = [
        {
            "id": view.groups[c.group].id,
            "wrong": round(c.wrong, 2),
            "pieces": [piece.tolist() for piece in c.pieces],
            "others": [persons(tracks) for tracks in c.others],
        }
        for c in asker.first_of_each()[1]
    ]
    called = {g.number: short_line(g.called) for g in view.groups}
    doubts = [[f"p{d.person}", d.sentence(called.get(d.other, ""))] for d in asker.outlook().doubts]
    return {
        "revision": view.revision,
        "people": people,
        "aside": aside,
        "asides": len(set_aside(base, view)),
        "homes": [persons(t) for t in asker.elsewhere([np.array([t], np.int64) for t in aside])],
        "left": asker.unconfirmed(),
        "first": asker.first(),
        "doubts": doubts,
    }


def listed_likely(probability: Sequence[float], view: View, person: int) -> list[dict[str, Json]]:
    """All people but one, by falling `probability` (one value for each person of the view)."""
    order = sorted(range(len(probability)), key=lambda i: (-probability[i], i))
    return [{"id": view.groups[i].id, "probability": round(probability[i], 4)} for i in order if i != person]
