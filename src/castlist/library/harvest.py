"""A film's workspace -> the data that a library stores: people, a few faces of each, and appearances.

The workspace is only read; the store checks it when it opens it.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from castlist.cast import Cast
from castlist.constrain import CoOccurrence
from castlist.decisions import Anchor, DecisionKind
from castlist.errors import InputError, RecipeError, WorkspaceError
from castlist.library.prototypes import MOST, choose_prototypes
from castlist.recipe import Recipe
from castlist.store import Workspace
from castlist.types import NOISE, PERSON, SET_ASIDE, Embeddings, Fate, Portraits, Scan, Video
from castlist.vectors import unit

__all__ = [
    "AUTHOR",
    "FilmFacts",
    "MemberFacts",
    "Sighting",
    "TrackStay",
    "decisions_in",
    "harvest",
    "run_in",
    "stamp_of",
    "track_vectors",
]

AUTHOR = "castlist library"  # author of names that a library wrote to a film
ASIDE = 4  # prototypes of a track that is set aside: enough for a search by a picture
UNSEARCHED = frozenset(  # reasons for which a search by a picture skips a track
    {"not a face", "not a face, as was decided", "hidden, as was decided"}
)


@dataclass(frozen=True, slots=True)
class Sighting:
    """A face chosen to show a person: its place in the film, and its picture."""

    anchor: Anchor
    quality: float  # 0 to 1
    image: str  # name among the workspace's thumbs, "" for none
    track: int  # track index in the workspace's cast


@dataclass(frozen=True, slots=True)
class TrackStay:
    """A track: one run of frames on screen."""

    start: Fraction  # seconds
    stop: Fraction
    shot: int


@dataclass(frozen=True, eq=False, slots=True)
class MemberFacts:
    """A member of one film: a person, or a track that was set aside."""

    key: str  # the film's own permanent id of this person, "" where it has none
    name: str  # as a user gave it, "" for none
    brought: bool  # whether a library brought the name, and no user gave it in the film
    fate: Fate
    sufficient: bool  # whether the evidence suffices to begin a new person of the library
    seconds: float  # on screen
    faces: int
    vectors: NDArray[np.float16]  # (k, d) unit vectors of the sightings
    sightings: tuple[Sighting, ...]  # (k,)
    stays: tuple[TrackStay, ...]
    appearances: tuple[tuple[Fraction, Fraction], ...]


@dataclass(frozen=True, eq=False, slots=True)
class FilmFacts:
    """The data of a film that a library stores."""

    video: Video
    workspace: Path
    model: str  # name of the model that made the vectors; vectors of two models are never compared
    length: Fraction  # seconds
    stamp: str  # changes when the cast or the decisions change
    members: tuple[MemberFacts, ...]
    together: tuple[tuple[int, int], ...]  # pairs of members that co-occur
    scan: str  # key of the scan in which the cast was found
    cast: Cast
    owner: NDArray[np.int64]  # (t,) the member that each track belongs to, NOISE for none

    @property
    def decided(self) -> bool:
        """Whether a user decided anything in this film."""
        return decisions_in(self.stamp) > 0


def harvest(path: Path) -> FilmFacts:
    """Read the data that a library stores from a workspace.

    Raises:
        WorkspaceError: there is no workspace, it has no cast yet, or it is damaged.
        InputError: the user's own code made the cast, and a library does not run it.
    """
    with Workspace.open(path, write=False) as opened:
        stamp = stamp_of(opened)
        cast, portraits = opened.cast(), opened.portraits()
        recipe = _plain_recipe(opened)
        key, scanned = _scan(opened, cast, recipe)
        brought = _brought(opened)
    faces = _by_track(cast, scanned, recipe.embed.model)
    pictures = _pictures(portraits)
    members = [
        _person(cast, faces, pictures, i, np.array(p.tracks, np.int64), brought)
        for i, p in enumerate(cast.everybody)
    ]
    owner, aside = cast.person.astype(np.int64), _searched(cast, faces)
    owner[aside] = len(members) + np.arange(len(aside))
    members += [_aside(cast, faces, pictures, track) for track in aside]
    return FilmFacts(
        video=cast.video,
        workspace=path,
        model=recipe.embed.model,
        length=cast.clock.time(len(cast.clock)),
        stamp=stamp,
        members=tuple(members),
        together=_together(cast),
        scan=key,
        cast=cast,
        owner=owner,
    )


def track_vectors(path: Path) -> tuple[Embeddings, list[Fraction]]:
    """The vectors of all tracks that a picture may find, and the start of each track in seconds."""
    with Workspace.open(path, write=False) as opened:
        cast = opened.cast()
        recipe = _plain_recipe(opened)
        _, scanned = _scan(opened, cast, recipe)
    faces = _by_track(cast, scanned, recipe.embed.model)
    wanted = np.array([why not in UNSEARCHED for why in cast.reason], np.bool_)
    starts = [cast.clock.time(int(frame)) for frame in cast.tracks.first.tolist()]
    return faces[wanted[faces.track]] if len(faces) else faces, starts


def stamp_of(opened: Workspace) -> str:
    """A text that changes when a run or a decision changes the workspace."""
    runs = [run for run in opened.runs() if run.finished]
    if not runs:
        raise WorkspaceError(f"{opened.path}: no cast has been found yet; run castlist find first")
    log = opened.decisions
    return f"{runs[-1].id} {runs[-1].started} {log.last()} {log.last(without=AUTHOR)}"


def _brought(opened: Workspace) -> frozenset[str]:
    """The names that a library brought to a film and that no user gave there."""
    if not opened.decisions.last():
        return frozenset()
    given = [d for d in opened.decisions.active() if d.kind == DecisionKind.NAME]
    own = {d.value for d in given if d.author != AUTHOR}
    return frozenset(d.value for d in given if d.author == AUTHOR) - own


def decisions_in(stamp: str) -> int:
    """The number of the latest decision of a user in a workspace, from its `stamp_of`."""
    last = stamp.rsplit(" ", 1)[-1]
    return int(last) if last.isdigit() else 0


def run_in(stamp: str) -> str:
    """The run that found a workspace's cast, from its `stamp_of`; another run numbers tracks anew."""
    return " ".join(stamp.split(" ")[:2])


def _plain_recipe(opened: Workspace) -> Recipe:
    """The recipe of the last finished run, if all its steps are castlist's own."""
    text = [run for run in opened.runs() if run.finished][-1].recipe
    try:
        return Recipe.stored(text)
    except RecipeError as error:
        raise InputError(
            f"{opened.path}: a library cannot use its recipe ({error}); find the cast again with steps of "
            "castlist itself"
        ) from None


def _scan(opened: Workspace, cast: Cast, recipe: Recipe) -> tuple[str, Scan]:
    """The key and the scan of the cast; an earlier castlist may have stored it under another key.

    Raises:
        WorkspaceError: the scan is gone.
    """
    finished = [run for run in opened.runs() if run.finished][-1].finished or ""
    today = recipe.scan_key(cast.video)
    others = [key for key in opened.scan_keys(finished) if cast.video.digest in key and key != today]
    for key in (today, *others):
        scanned = opened.scan(key)
        if scanned is not None and _belongs(cast, scanned):
            return key, scanned
    raise WorkspaceError(
        f"{opened.path}: the scan of its last run is gone; run castlist find on the film again"
    )


def _belongs(cast: Cast, scanned: Scan) -> bool:
    """Whether the faces of a cast are those of a scan."""
    found = cast.tracks.detection >= 0
    face = cast.tracks.detection[found]
    if face.size and int(face.max()) >= len(scanned.detections):
        return False
    return bool((scanned.detections.frame[face] == cast.tracks.frame[found]).all())


def _by_track(cast: Cast, scanned: Scan, model: str) -> Embeddings:
    """The embedded faces of the cast's tracks."""
    tracks = cast.tracks
    track_of = np.full(len(scanned.detections), NOISE, np.int64)
    found = tracks.detection >= 0
    track_of[tracks.detection[found]] = tracks.track[found]
    face = scanned.embedded[track_of[scanned.embedded] >= 0]
    rows = np.flatnonzero(track_of[scanned.embedded] >= 0)
    return Embeddings(scanned.vector[rows], track_of[face], face, scanned.quality[face], model)


def _pictures(portraits: Portraits) -> dict[tuple[int, int], str]:
    """The name of each face's picture, by track and frame."""
    keys = zip(portraits.track.tolist(), portraits.frame.tolist(), strict=True)
    return dict(zip(keys, portraits.image, strict=True))


def _person(
    cast: Cast,
    faces: Embeddings,
    pictures: dict[tuple[int, int], str],
    number: int,
    members: NDArray[np.int64],
    brought: Set[str],
) -> MemberFacts:
    """A person of the cast or of the background."""
    person = cast.everybody[number]
    own = person.named and person.name not in brought
    vectors, sightings = _sightings(cast, faces, pictures, members, MOST)
    return MemberFacts(
        key=person.key,
        name=person.name if person.named else "",
        brought=person.named and not own,
        fate=Fate(person.fate),
        sufficient=person.fate == PERSON or own,
        seconds=person.screen_time,
        faces=person.face_count,
        vectors=vectors,
        sightings=sightings,
        stays=_stays(cast, members),
        appearances=tuple((a.start, a.stop) for a in person.appearances),
    )


def _aside(cast: Cast, faces: Embeddings, pictures: dict[tuple[int, int], str], track: int) -> MemberFacts:
    """A member for a track that was set aside: pictures may find it, it is never linked."""
    members = np.array([track], np.int64)
    vectors, sightings = _sightings(cast, faces, pictures, members, ASIDE)
    (stay,) = _stays(cast, members)
    return MemberFacts(
        "", "", False, SET_ASIDE, False, float(stay.stop - stay.start), int(cast.tracks.size[track]),
        vectors, sightings, (stay,), ((stay.start, stay.stop),),
    )  # fmt: skip


def _searched(cast: Cast, faces: Embeddings) -> list[int]:
    """The tracks set aside that pictures may find."""
    aside = np.flatnonzero((cast.fate == SET_ASIDE) & np.isin(np.arange(len(cast.tracks)), faces.track))
    return [t for t in aside.tolist() if cast.reason[t] not in UNSEARCHED]


def _sightings(
    cast: Cast,
    faces: Embeddings,
    pictures: dict[tuple[int, int], str],
    members: NDArray[np.int64],
    most: int,
) -> tuple[NDArray[np.float16], tuple[Sighting, ...]]:
    """Prototypes among the faces of some tracks: (k, d) unit vectors, and the face of each."""
    rows = np.flatnonzero(np.isin(faces.track, members))
    if not len(rows):
        return np.zeros((0, faces.vector.shape[1]), np.float16), ()
    chosen = rows[choose_prototypes(unit(faces.vector[rows]), faces.quality[rows], most)]
    where = {int(d): i for i, d in enumerate(cast.tracks.detection.tolist()) if d >= 0}
    found = []
    for row in chosen.tolist():
        track_row = where[int(faces.detection[row])]
        frame, track = int(cast.tracks.frame[track_row]), int(faces.track[row])
        anchor = Anchor.at(cast.clock, cast.video, frame, cast.tracks.box[track_row])
        found.append(Sighting(anchor, float(faces.quality[row]), pictures.get((track, frame), ""), track))
    return unit(faces.vector[chosen]).astype(np.float16), tuple(found)


def _stays(cast: Cast, members: NDArray[np.int64]) -> tuple[TrackStay, ...]:
    tracks, clock = cast.tracks, cast.clock
    found = [
        TrackStay(clock.time(int(tracks.first[t])), clock.time(int(tracks.last[t]) + 1), int(tracks.shot[t]))
        for t in members.tolist()
    ]
    return tuple(sorted(found, key=lambda s: (s.start, s.stop)))


def _together(cast: Cast) -> tuple[tuple[int, int], ...]:
    """Pairs of people with tracks in the same frame, apart from each other."""
    pairs = cast.person[CoOccurrence()(cast.tracks).cannot]
    pairs = np.sort(pairs[(pairs >= 0).all(1) & (pairs[:, 0] != pairs[:, 1])], axis=1)
    return tuple((int(a), int(b)) for a, b in np.unique(pairs, axis=0).tolist())
