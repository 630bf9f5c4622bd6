"""Changes of the open questions, for the log: new, changed and withdrawn ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from castlist.library.log import Data, EventKind, LoggedAsk
from castlist.library.open_pairs import ALIKE, Ask, asks
from castlist.library.partition import Partition
from castlist.library.schema import Db
from castlist.library.scope import around

__all__ = ["Sides", "logged", "open_questions", "questions_after", "withdrawn_questions"]

Sides = frozenset[tuple[str, str]]  # of a question: (digest of the film, key in it) of either side
Asked = Mapping[Sides, tuple[float, str]]  # probability, and reason
CHANGE = 0.01  # of a question's probability, by more than which it is logged again
# Film-people of a library up to which questions are asked at once: comparing a person with all of them takes
# .2 s of processor time then, 2.1 s with 62,500 (benchmarks/library_scale.py).
AT_ONCE = 6000


def open_questions(db: Db) -> dict[Sides, tuple[float, str]]:
    """The questions without an answer."""
    return {frozenset(((a, b), (c, d))): (chance, why) for a, b, c, d, chance, why in db.execute(_OPEN)}


_OPEN = """
SELECT first.digest, a.key, second.digest, b.key, question.probability, why FROM question
JOIN member AS a ON a.id = question.a JOIN film AS first ON first.id = a.film
JOIN member AS b ON b.id = question.b JOIN film AS second ON second.id = b.film
WHERE NOT EXISTS (
    SELECT 1 FROM answer
    WHERE answer.a = min(question.a, question.b) AND answer.b = max(question.a, question.b)
)
"""


def logged(found: Partition, open_now: Sequence[Ask], before: Asked) -> list[LoggedAsk]:
    """The questions that are new, or whose probability or reason changed."""
    rows = []
    for ask in open_now:
        a, b = found.nodes[ask.node].order, found.nodes[ask.other].order
        asked = before.get(frozenset((a, b)))
        if asked is None or abs(asked[0] - ask.probability) > CHANGE or asked[1] != ask.why:
            rows.append(LoggedAsk(*a, *b, round(ask.probability, 6), ask.why))
    return rows


def withdrawn_questions(
    found: Partition, open_now: Sequence[Ask], before: Iterable[Sides]
) -> list[list[list[str]]]:
    """The questions that are not asked any more, where all people were compared.

    Questions that a user's decision settled stay: they are open again when the decision is undone.
    """
    if not found.whole:
        return []
    person = {node.order: node.person for node in found.nodes}
    apart = {frozenset(found.nodes[i].person for i in pair) for pair in found.rules.apart}
    still = {frozenset((found.nodes[ask.node].order, found.nodes[ask.other].order)) for ask in open_now}
    gone = [sides for sides in before if sides <= person.keys() and sides not in still]
    people = {sides: frozenset(person[order] for order in sides) for sides in gone}
    settled = {sides for sides, ids in people.items() if ids in apart or (len(ids) == 1 and None not in ids)}
    return sorted(sorted(map(list, sides)) for sides in gone if sides not in settled)


def questions_after(db: Db, people: Sequence[str]) -> list[tuple[EventKind, Data]]:
    """The questions about people that a decision joined or parted, by all their films together.

    Pairs that surely are one person are asked about, too, and not linked: only adding a film links.
    No questions in a very large library, where they would take too long.
    """
    if db.execute("SELECT count(*) FROM vectors").fetchone()[0] > AT_ONCE:
        return []
    asked: list[LoggedAsk] = []
    before = open_questions(db)
    for found in around(db, people):
        about = [i for i, node in enumerate(found.nodes) if node.person in people]
        asked += logged(found, asks(found, about, ALIKE), before)
    return [(EventKind.WEIGHED, {"moves": [], "asked": asked})] if asked else []
