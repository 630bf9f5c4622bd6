"""The history of decisions in words: the people of a decision, and their number of tracks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from castlist.decisions import Anchor, Conflict, Decision, DecisionKind, View, active
from castlist.decisions.sides import MOVED, REST, TARGET, WHOLE
from castlist.report.formatting import short_line
from castlist.types import NOISE, Json

__all__ = ["full_sentence", "listed_history", "overruled", "sentence", "undone_or_itself"]

HISTORY = 200  # decisions listed
POINTED = 8  # selected faces of a decision in the history
NAMED = 3  # most names in a sentence
DONE = {
    DecisionKind.DIFFERENT: "different people",
    DecisionKind.NOT_A_FACE: "not a face",
    DecisionKind.FACE: "a face after all",
    DecisionKind.HIDE: "hidden",
    DecisionKind.SHOW: "shown again",
    DecisionKind.BACKGROUND: "moved to the background",
    DecisionKind.FOREGROUND: "moved to the cast",
    DecisionKind.CONFIRM: "confirmed",
    DecisionKind.KEY: "picture chosen",
    DecisionKind.SAME: "one person",
    DecisionKind.MOVE: "moved",
    DecisionKind.SORT: "sorted",
}


def sentence(made: Decision, view: View | None = None, undoes: Mapping[int, Decision] = {}) -> str:
    """A decision in words for the history, with people's names of the view."""
    if made.kind == DecisionKind.UNDO:
        return _undo(made, view, undoes)
    if made.kind == DecisionKind.UNSURE:
        return _unsure(made, view)
    if made.groups is None:
        return _plainly(made, view)
    writer = _Writer(made, view)
    if made.kind == DecisionKind.SAME:
        return writer.same()
    if made.kind == DecisionKind.NAME:
        return writer.name()
    if made.kind == DecisionKind.MOVE:
        return writer.move(0) + writer.lost()
    if made.kind == DecisionKind.SORT:
        return writer.sort()
    if made.kind == DecisionKind.CONFIRM:
        return writer.confirm()
    if made.kind == DecisionKind.KEY:
        return f"{writer.people([0]) or writer.all_people()}: {DONE[made.kind]}"
    return f"{writer.all_people()}: {DONE[made.kind]}"


def overruled(conflicts: tuple[Conflict, ...], number: int) -> str:
    """The earlier decisions that a decision overrules, "" for none."""
    earlier = sorted({(c.against, c.why) for c in conflicts if c.decision == number and c.against})
    return "; ".join(f"this outranks decision {against}: {why}" for against, why in earlier[:NAMED])


def full_sentence(made: Decision, view: View, log: Mapping[int, Decision]) -> str:
    """A decision in words: its people, their tracks, and what it overrules."""
    words = short_line(sentence(made, view, log), 300)
    more = overruled(view.conflicts, made.id)
    return f"{words}; {more}" if more else words


def undone_or_itself(number: int | None, log: Mapping[int, Decision]) -> Decision | None:
    """A decision by its number, or the decision that it undoes in the end; None where the log lacks it."""
    made = log.get(number) if number is not None else None
    while made is not None and made.undoes is not None:
        made = log.get(made.undoes)
    return made


def listed_history(log: Sequence[Decision], view: View) -> list[dict[str, Json]]:
    """The latest decisions as plain values, newest first; `Session.history` describes them."""
    held, by = {d.id for d in active(log)}, {d.id: d for d in log}
    return [
        {
            "id": d.id,
            "what": full_sentence(d, view, by),
            "who": short_line(d.author),
            "when": d.time.isoformat() if d.time else "",
            "undone": d.undoes is None and d.id not in held,
            "tracks": _pointed(d, view, by),
        }
        for d in log[: -HISTORY - 1 : -1]
    ]


def _pointed(made: Decision, view: View, log: Mapping[int, Decision]) -> list[Json]:
    """Tracks of a few selected faces of a decision, or of the decision that it undoes."""
    meant = undone_or_itself(made.id, log) or made
    tracks = view.find(meant.anchors[:POINTED]).tolist() if meant.anchors else []
    return [t for t in dict.fromkeys(tracks) if t != NOISE]


def _undo(made: Decision, view: View | None, undoes: Mapping[int, Decision]) -> str:
    target = undoes.get(made.undoes or 0)
    if target is None:
        return f"undid decision {made.undoes}"
    back = undoes.get(target.undoes or 0)
    if back is not None:
        return f"did decision {back.id} again ({sentence(back, view, undoes)})"
    return f"undid decision {target.id} ({sentence(target, view, undoes)})"


def _plainly(made: Decision, view: View | None) -> str:
    """A decision without groups in words, from its selected faces alone."""
    if made.kind == DecisionKind.NAME:
        return f"named {made.value}" if made.value else "name removed"
    faces = made.faces if made.kind in (DecisionKind.MOVE, DecisionKind.SORT) else made.anchors
    if made.kind == DecisionKind.SORT and not faces:
        return sentence_of_open(made, view)
    return f"{tracks(len(faces))}: {DONE[made.kind]}"


def sentence_of_open(made: Decision, view: View | None = None) -> str:
    """The faces without an answer, and the number of tracks that stay set aside, "" for none.

    "Not sure about 2 faces (Anna and Person 7)": the question was about the first face of each card.
    """
    first: dict[int, Anchor] = {}
    for anchor in made.anchors:
        first.setdefault(anchor.side // 3, anchor)
    answered = {anchor.side // 3 for anchor in made.anchors if anchor.side % 3 != REST}
    asked = [anchor for item, anchor in first.items() if item not in answered]
    names = _names_of(asked, view)
    aside = names.count("") if view is not None else 0
    stay = f"{tracks(aside)} {'stays' if aside == 1 else 'stay'} set aside" if aside else ""
    return "; ".join(part for part in (_not_sure(len(asked) - aside, names), stay) if part)


def _unsure(made: Decision, view: View | None) -> str:
    """The sentence for an answer "not sure"."""
    people, count = _names_of(made.anchors, view), tracks(len(made.anchors))
    names = listed_names(people)
    if len(set(people)) < 2:
        names = f"{count}{f' of {names}' if names else ''}"
    return f"not sure whether {names} are one person"


def _names_of(faces: Sequence[Anchor], view: View | None) -> list[str]:
    """Names of the faces' people in the view, "" for set-aside faces; faces not found have no row.

    Rejected and hidden faces are left out, too.
    """
    if view is None or not faces:
        return []
    rows = [t for t in view.find(faces).tolist() if t != NOISE and not view.no_face[t] and not view.hidden[t]]
    return [view.groups[int(view.label[t])].called if view.label[t] != NOISE else "" for t in rows]


def _not_sure(count: int, people: list[str]) -> str:
    names = listed_names(people)
    faces = f"{count} face{'' if count == 1 else 's'}"
    return f"not sure about {faces}{f' ({names})' if names else ''}" if count else ""


def listed_names(names: Sequence[str]) -> str:
    """Anna, Ben and Person 3, each once; of more: Anna, Ben, Person 3 and 2 more; "" is left out."""
    names = list(dict.fromkeys(filter(None, names)))
    if len(names) > NAMED:
        return f"{', '.join(names[:NAMED])} and {len(names) - NAMED} more"
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def tracks(count: int) -> str:
    return f"{count} track{'' if count == 1 else 's'}"


class _Writer:
    """Writes the sentence about one decision."""

    def __init__(self, made: Decision, view: View | None) -> None:
        assert made.groups is not None  # noqa: S101
        self.made, self.groups, self.view = made, made.groups, view
        self.live = {g.number: g.called for g in view.groups} if view is not None else {}
        gone = view.lost_names if view is not None else ()
        self.gone = {number: name for row, number, name in gone if row == made.id}

    def count(self, *sides: int) -> int:
        return int(np.isin(self.groups.side, sides).sum())

    def called(self, side: int) -> str:
        person = self.groups.person
        number = int(person[side]) if side < len(person) else 0
        return self.gone.get(number) or self.live.get(number, f"Person {number}") if number else ""

    def lost(self) -> str:
        """The sentence about names that no person has any more."""
        names = list(dict.fromkeys(self.gone.values()))
        if len(names) == 1:
            return f"; the name {names[0]} is gone, Undo brings it back"
        more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
        return (
            f"; the names {', '.join(names[:NAMED])}{more} are gone, Undo brings them back" if names else ""
        )

    def people(self, sides: list[int]) -> str:
        return listed_names(list(map(self.called, sides)))

    def all_people(self) -> str:
        """Anna and Person 20, 21 tracks."""
        sides = list(range(len(self.groups.person)))
        names = self.people(sides)
        return ", ".join([names, tracks(len(self.groups))] if names else [tracks(len(self.groups))])

    def confirm(self) -> str:
        """Whole people, or some of their tracks: the groups are whole people, each face is of one track."""
        count, names = len(self.made.anchors), self.people(list(range(len(self.groups.person))))
        if names and count < len(self.groups):
            return f"{count} of the {tracks(len(self.groups))} of {names}: {DONE[DecisionKind.CONFIRM]}"
        return f"{self.all_people()}: {DONE[DecisionKind.CONFIRM]}"

    def same(self) -> str:
        sides = list(range(1, len(self.groups.person)))
        if not sides:
            return f"{self.all_people()}: one person"
        return f"{self.people(sides)}, {tracks(self.count(*sides))}: joined {self.called(0)}{self.lost()}"

    def name(self) -> str:
        number = int(self.groups.person[0]) if len(self.groups.person) else 0
        label = f"Person {number}, {tracks(len(self.groups))}"
        sides = list(range(1, len(self.groups.person)))
        joined = f"; {self.people(sides)} joined" if sides else ""
        done = f"named {self.made.value}" if self.made.value else "name removed"
        return f"{label}: {done}{joined}{self.lost()}"

    def move(self, k: int) -> str:
        count = tracks(self.count(4 * k + MOVED))
        source, target = self.called(4 * k + REST), self.called(4 * k + TARGET)
        new = self.called(4 * k + MOVED)
        where = f"moved to {target}" if target else f"now {new or 'a new person'}"
        return f"{count}{f' of {source}' if source else ''}: {where}"

    def sort(self) -> str:
        steps = range(-(-len(self.groups.person) // 4))
        moved = [k for k in steps if self.count(4 * k + MOVED) and self.count(4 * k + TARGET)]
        fresh = [k for k in steps if self.count(4 * k + MOVED) and not self.count(4 * k + TARGET)]
        whole = [k for k in steps if self.count(4 * k + WHOLE)]
        alone = [k for k in steps if self.count(4 * k + TARGET) and k not in (*moved, *whole)]
        if len(steps) == 1 and (moved or fresh):
            done = self.move(0)
        else:
            parts = (self.moved(moved), self.fresh(fresh), self.joined(whole), self.confirmed(alone, steps))
            done = ", ".join(part for part in parts if part)
        return (
            "; ".join(part for part in (done, sentence_of_open(self.made, self.view)) if part) + self.lost()
        )

    def compared(self, k: int) -> list[str]:
        """The people that a step excludes."""
        return _names_of([a for a in self.made.anchors if a.side == 3 * k + REST], self.view)

    def moved(self, steps: list[int]) -> str:
        return f"{tracks(self.count(*(4 * k + MOVED for k in steps)))} moved" if steps else ""

    def fresh(self, steps: list[int]) -> str:
        count = tracks(self.count(*(4 * k + MOVED for k in steps)))
        people = self.people([4 * k + MOVED for k in steps]) or "people of their own"
        return f"{count} now {people}" if steps else ""

    def joined(self, steps: list[int]) -> str:
        """Counts tracks, not people: in one step several people may join the same person."""
        count = self.count(*(4 * k + WHOLE for k in steps))
        return f"{tracks(count)} joined {self.people([4 * k + TARGET for k in steps])}" if steps else ""

    def confirmed(self, steps: list[int], all_steps: range) -> str:
        if len(steps) == len(all_steps) == 1 and (others := self.compared(steps[0])):
            return f"{self.called(4 * steps[0] + TARGET)}: not {listed_names(others)}"
        if steps and len(steps) == len(all_steps):
            return f"{self.people([4 * k + TARGET for k in steps])}: confirmed"
        return f"{len(steps)} {'person' if len(steps) == 1 else 'people'} confirmed" if steps else ""
