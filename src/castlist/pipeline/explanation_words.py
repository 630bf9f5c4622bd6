"""An explanation in words: evidence -> sentences."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp

from castlist.clock_times import clock_span
from castlist.pipeline.explanation import Explanation, Placed

__all__ = ["sentences"]

SILENT = 0.1  # log odds below which a cue is reported as not used


def sentences(explanation: Explanation, reasons: Sequence[str], link: str) -> list[str]:
    """The evidence as sentences for a reader: the conclusion first, then the reasons.

    Args:
        explanation: the evidence; its own `sentences` are not read.
        reasons: (t,) why each track of the cast is set aside, "" where it is not.
        link: the sentence on the two tracks' own faces and links (`LinkEvidence.sentence`).
    """
    parts = [_conclusion(explanation, reasons), link]
    if not explanation.decided:
        parts += _of_clothes(explanation)
        parts += [_of_placed(placed, explanation) for placed in explanation.placed]
        if not any(placed.joined for placed in explanation.placed):
            parts.append(_chain(explanation))
    if explanation.between:
        word = "pair" if explanation.between == 1 else "pairs"
        parts.append(
            f"{explanation.persons[0]} and {explanation.persons[1]} are seen together in "
            f"{explanation.between} {word} of tracks."
        )
    return parts


def _of_placed(placed: Placed, explanation: Explanation) -> str:
    """The likeliest person of a track that shows too little of a face, its probability, and the reasons."""
    now = explanation.persons[0 if placed.track == explanation.a else 1]
    likeliest = placed.person or "a person outside of the cast"
    others = [f"{placed.next or 'a person outside of the cast'} {placed.next_probability:.2f}"]
    rest = ", ".join(
        [*(others if placed.next_probability > 0 else []), f"a new person {placed.new_probability:.2f}"]
    )
    causes = [("the shots around the track", placed.context), ("what is seen of the face", placed.face)]
    if abs(placed.clothes) >= SILENT:
        causes.append(("the clothes", placed.clothes))
    why = ", ".join(f"{cause} {_factor(odds)}" for cause, odds in causes)
    stays = f"stays with {now}, where the linkage put it" if now else "stays as it is"
    result = "So castlist placed it there" if placed.joined else f"That is not sure enough, so it {stays}"
    return (
        f"Track {placed.track} shows too little of a face to be compared by it alone. It most likely shows "
        f"{likeliest}, p = {placed.probability:.2f} ({rest}). Against a new person, "
        f"this is more or less likely by these factors: {why}. {result}."
    )


def _factor(odds: float) -> str:
    """The factor exp(odds), as text."""
    factor = exp(min(max(odds, -20.0), 20.0))
    return f"{factor:.0f}" if factor >= 10 else f"{factor:.1f}" if factor >= 0.1 else f"{factor:.2g}"


def _of_clothes(explanation: Explanation) -> list[str]:
    """The evidence of the clothes, in a sentence; none where no clothes were scanned."""
    clothing = explanation.clothing
    if clothing is None:
        return []
    if clothing.likeness != clothing.likeness:
        return ["Their clothes were not used: too little of them is visible in one of the two tracks."]
    near = f" at most {clothing.seconds:.0f} s apart" if clothing.seconds < float("inf") else " so far apart"
    if clothing.same != clothing.same:
        return [f"Their clothes were not used: no tracks{near} are known to be one person."]
    usual = (
        f"between tracks{near} it is {clothing.same:.2f} within a person and {clothing.other:.2f} between two"
    )
    if abs(clothing.odds) < SILENT:
        return [f"Their clothes were not used: their likeness is {clothing.likeness:.2f}, and {usual}."]
    factor, more = exp(abs(clothing.odds)), "more" if clothing.odds > 0 else "less"
    return [
        f"Their clothes have likeness {clothing.likeness:.2f}; {usual}. "
        f"That makes one person {factor:.1f} times {more} likely."
    ]


def _conclusion(explanation: Explanation, reasons: Sequence[str]) -> str:
    """Whether the two tracks are one person in the cast, and when each is seen."""
    spans = [clock_span(first, last) for first, last in explanation.times]
    head = f"Track {explanation.a} ({spans[0]}) and track {explanation.b} ({spans[1]})"
    if explanation.same:
        return f"{head} are one person in this cast: {explanation.persons[0]}."
    if explanation.persons[0] and explanation.persons[1]:
        return f"{head} are two people in this cast: {explanation.persons[0]} and {explanation.persons[1]}."
    aside = explanation.a if not explanation.persons[0] else explanation.b
    why = reasons[aside] or "no person of the cast"
    return f"{head} are not one person in this cast: track {aside} was set aside ({why})."


def _chain(explanation: Explanation) -> str:
    """How the groups of the two tracks were joined, or why they were not."""
    if explanation.joined != explanation.joined:  # NaN: the groups were joined
        if not explanation.same:
            return "Without your decisions, castlist would make them one person; a decision keeps them apart."
        held = f"{explanation.merges[-1].tracks} tracks" if explanation.merges else "both"
        sure = f"{explanation.belonging[0]:.2f} and {explanation.belonging[1]:.2f}"
        return (
            f"Their groups were joined in {len(explanation.merges)} steps, into {held}; "
            f"the probability that they belong to {explanation.persons[0]} is {sure}."
        )
    if explanation.joined == 0.0:
        return (
            "Their groups cannot be joined: tracks of the two are seen together, or a decision says "
            "that they differ."
        )
    if explanation.same:
        return (
            f"Without your decisions, castlist would keep their groups apart (p = {explanation.joined:.2f}); "
            "a decision makes them one person."
        )
    return (
        f"As whole groups, they are one person with p = {explanation.joined:.2f}; castlist joins groups "
        "from p = 0.50."
    )
