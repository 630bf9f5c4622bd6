"""Scripts: the people and places of a drawn film, scene by scene, and its encoding."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from castlist.drawn.look import Colour, Look
from castlist.errors import InputError

ROOMS = ("study", "kitchen", "garden", "street", "cafe", "night", "gallery", "black")


class SceneTransition(StrEnum):
    """The transition at the beginning of a scene."""

    CUT = "cut"
    DISSOLVE = "dissolve"
    FADE = "fade"


TRANSITIONS = tuple(SceneTransition)


@dataclass(frozen=True, slots=True)
class Actor:
    """One person in one scene. Positions are fractions of the frame, sizes fractions of its height."""

    person: int  # index into Script.looks
    x: float = 0.5  # of the point between the eyes
    y: float = 0.42
    size: float = 0.3  # height of the face, forehead to chin
    to: tuple[float, float, float] | None = None  # x, y, size at the end of a walk
    yaw: float = 0.0  # degrees around which the head turns; positive looks right
    turn: float = 14.0  # degrees that it turns to either side
    talk: bool = True
    start: float = 0.0  # seconds into the scene
    stop: float | None = None  # None: to the scene's end
    mirrored: bool = False  # a reflection in a mirror
    shirt: Colour | None = None  # replaces the look's shirt in this scene
    stir: float = 1.0  # how far the head sways, nods and turns: with 0 it only blinks and talks


@dataclass(frozen=True, slots=True)
class Picture:
    """A portrait on the wall, or on a phone in an actor's hand: a face that belongs to no person of the film.

    A phone moves and tilts with the hand; its position is relative to the point between its holder's eyes.
    """

    look: Look
    x: float = 0.5
    y: float = 0.3
    size: float = 0.14
    holder: int | None = None  # index into Scene.actors of the actor who holds it as a phone


@dataclass(frozen=True, slots=True)
class Scene:
    """One shot: a room, its light, its actors, and the transition at its beginning."""

    seconds: float
    actors: tuple[Actor, ...] = ()
    room: str = "study"  # one of ROOMS
    transition: str = SceneTransition.CUT  # a SceneTransition or its text; ignored for the first scene
    overlap: float = 0.5  # seconds that a dissolve or fade lasts
    pictures: tuple[Picture, ...] = ()
    pan: float = 0.0  # frame widths that the camera moves to the right
    light: float = -0.6  # -1 from the left to 1 from the right
    tint: tuple[float, float, float] = (1.0, 1.0, 1.0)  # factors of all light: red, green, blue
    blur: float = 0.0  # of the background, in hundredths of the frame height
    text: str = ""  # a title
    right: str = ""  # the room of the right half of a split screen
    still: bool = False  # a photograph: nothing in it moves
    zoom: float = 0.0  # share by which the whole picture has grown at the scene's end


@dataclass(frozen=True, slots=True)
class Encoding:
    """The encoding of a film. The suffix of the file selects the container."""

    codec: str = "libx264"
    pixel_format: str = "yuv420p"
    quality: int = 23  # constant rate factor, if the codec has one
    preset: str = "veryfast"
    variable: bool = False  # frames last one to four ticks instead of two
    rotation: int = 0  # degrees clockwise by which a player turns the stored frames; mp4 and mov only
    sample_aspect_ratio: Fraction = Fraction(1)  # shown width of a stored pixel over its height

    def __post_init__(self) -> None:
        if self.rotation not in (0, 90, 180, 270):
            raise InputError(f"Encoding.rotation is {self.rotation}; choose from 0, 90, 180, 270")
        if self.sample_aspect_ratio <= 0:
            raise InputError("Encoding.sample_aspect_ratio must be above 0")


@dataclass(frozen=True, slots=True)
class Script:
    """A film before it is drawn. Raises InputError if it cannot be drawn."""

    title: str
    looks: tuple[Look, ...]
    scenes: tuple[Scene, ...]
    width: int = 640  # pixels as shown
    height: int = 360
    frame_rate: Fraction = Fraction(25)
    colour: bool = True
    noise: float = 2.0  # standard deviation of the grain, of 255
    encoding: Encoding = Encoding()

    def __post_init__(self) -> None:
        if self.width < 16 or self.height < 16 or self.width % 2 or self.height % 2:
            raise InputError(
                f"a drawn film needs an even width and height of 16 or more, not {self.width}x{self.height}"
            )
        if self.frame_rate <= 0:
            raise InputError(f"the frame rate must be above 0, not {self.frame_rate}")
        if not self.scenes:
            raise InputError("a script needs at least one scene")
        for number, scene in enumerate(self.scenes, 1):
            self._check(number, scene)
        frames, overlaps = self.lengths()
        for i, n in enumerate(frames):
            taken = overlaps[i] + (overlaps[i + 1] if i + 1 < len(frames) else 0)
            if n < max(1, taken + 1):
                raise InputError(f"scene {i + 1} has {n} frames, too few for its transitions; make it longer")

    def _check(self, number: int, scene: Scene) -> None:
        for field, value, allowed in (
            ("room", scene.room, ROOMS),
            ("right", scene.right or "study", ROOMS),
            ("transition", scene.transition, TRANSITIONS),
        ):
            if value not in allowed:
                raise InputError(f"scene {number}: {field} is {value!r}; choose from {', '.join(allowed)}")
        if scene.zoom < 0:
            raise InputError(f"scene {number}: zoom must be 0 or more")
        for actor in scene.actors:
            if not 0 <= actor.person < len(self.looks):
                raise InputError(
                    f"scene {number}: no person {actor.person}; the script has {len(self.looks)} looks"
                )
            if actor.size <= 0 or (actor.to is not None and actor.to[2] <= 0):
                raise InputError(f"scene {number}: an actor's size must be above 0")
            if actor.stop is not None and actor.stop <= actor.start:
                raise InputError(f"scene {number}: an actor must stop after the start")
            if actor.stir < 0:
                raise InputError(f"scene {number}: an actor's stir must be 0 or more")
        for picture in scene.pictures:
            if picture.holder is not None and not 0 <= picture.holder < len(scene.actors):
                raise InputError(f"scene {number}: no actor {picture.holder} to hold a picture")

    def lengths(self) -> tuple[list[int], list[int]]:
        """The frames of each scene, and how many of these it shares with the scene before (dissolves)."""
        rate = float(self.frame_rate)
        frames = [max(1, round(s.seconds * rate)) for s in self.scenes]
        shared = [
            round(s.overlap * rate) if i and s.transition == SceneTransition.DISSOLVE else 0
            for i, s in enumerate(self.scenes)
        ]
        return frames, shared

    @property
    def frame_count(self) -> int:
        """The number of frames of the film."""
        frames, shared = self.lengths()
        return sum(frames) - sum(shared)
