"""The drawn films: small scripts, each of one difficulty."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

import numpy as np

from castlist.argument_types import typed_arguments
from castlist.drawn.look import SHIRTS, Look, people, resembling
from castlist.drawn.script import Actor, Encoding, Picture, Scene, SceneTransition, Script

Colour = tuple[float, float, float]
# Light in which a scene is drawn: factors of red, green and blue.
NIGHT: Colour = (0.58, 0.64, 0.86)
EVENING: Colour = (1.0, 0.86, 0.70)  # warmer
DAY: Colour = (1.0, 1.0, 1.0)  # unchanged
INDOORS = ("study", "kitchen", "cafe", "gallery")


def demo() -> Script:
    """Six people in about 40 seconds, a passer-by and a portrait on the wall."""
    crossing = (
        Actor(2, 0.08, 0.44, 0.20, to=(0.86, 0.44, 0.22), yaw=18),
        Actor(3, 0.92, 0.42, 0.26, to=(0.14, 0.43, 0.26), yaw=-20),
    )
    cafe = (
        Actor(6, 0.02, 0.34, 0.17, to=(0.98, 0.34, 0.17), yaw=18, start=0.5, stop=3.2),
        Actor(4, 0.24, 0.44, 0.27, yaw=14),
        Actor(5, 0.60, 0.43, 0.26),
    )
    roof = (
        Actor(3, 0.15, 0.42, 0.22, yaw=12),
        Actor(4, 0.38, 0.44, 0.24),
        Actor(0, 0.62, 0.43, 0.23),
        Actor(2, 0.85, 0.44, 0.24, yaw=-12),
    )
    apart = (Actor(1, 0.3, 0.45, 0.26), Actor(5, 0.95, 0.45, 0.26))
    cast = people(8)
    wall = Picture(cast[7], 0.86, 0.24, 0.17)
    scenes = (
        Scene(2.0, room="black", text="The Visit\na drawn film"),
        Scene(3.0, two(0, 1), "study", "fade", 1.0),
        close(0, "study", yaw=12),
        close(1, "study", yaw=-14, light=0.6),
        Scene(3.6, crossing, "street"),
        close(3, "street", yaw=-8, turn=24),
        Scene(3.4, cafe, "cafe", "dissolve", 0.8, tint=EVENING),
        close(4, "cafe", yaw=14, tint=EVENING),
        close(5, "cafe", yaw=-14, tint=EVENING),
        Scene(3.2, two(2, 0), "gallery", pictures=(wall,)),
        close(2, "gallery", light=0.6),
        Scene(3.4, apart, "garden", "dissolve", 0.8, pan=0.35),
        close(1, "garden", yaw=-10, turn=26),
        Scene(4.0, roof, "night", "fade", 1.2, tint=NIGHT, light=0.6),
        close(3, "night", turn=20, tint=NIGHT, light=0.6),
    )
    return Script("demo", cast, scenes)


def two(a: int, b: int) -> tuple[Actor, Actor]:
    """Two people who talk to each other."""
    return Actor(a, 0.30, 0.43, 0.30, yaw=14), Actor(b, 0.68, 0.44, 0.29, yaw=-14)


def close(
    person: int,
    room: str,
    *,
    seconds: float = 2.3,
    yaw: float = 0.0,
    turn: float = 14.0,
    tint: Colour = DAY,
    light: float = -0.6,
) -> Scene:
    """A close-up in front of a blurred room."""
    actor = Actor(person, 0.5 - yaw / 300, 0.45, 0.48, yaw=yaw, turn=turn)
    return Scene(seconds, (actor,), room, blur=1.6, tint=tint, light=light)


@typed_arguments
def random_script(
    seed: int, *, n_people: int = 6, seconds: float = 60.0, width: int = 640, height: int = 360
) -> Script:
    """A random film from a seed, about `seconds` long: close-ups, two-shots, groups, crossings of people."""
    rng = np.random.default_rng([seed, 11])
    scenes: list[Scene] = []
    length = 0.0
    while length < seconds or not scenes:
        scene = random_scene(rng, n_people, min(float(rng.uniform(1.6, 4.5)), max(seconds - length, 0.8)))
        scenes.append(scene)
        length += scene.seconds - (
            scene.overlap if scene.transition == SceneTransition.DISSOLVE and len(scenes) > 1 else 0
        )
    return Script(f"random {seed}", people(n_people, seed=seed), tuple(scenes), width=width, height=height)


def random_scene(rng: np.random.Generator, n_people: int, seconds: float) -> Scene:
    """One shot of some of n people."""
    kind = str(rng.choice(["close", "two", "group", "crossing", "walk"], p=[0.4, 0.3, 0.12, 0.1, 0.08]))
    wanted = {"close": 1, "walk": 1, "two": 2, "crossing": 2, "group": 4}[kind]
    chosen = [int(p) for p in rng.permutation(n_people)[:wanted]]
    actors: list[Actor] = []
    for i, person in enumerate(chosen):
        x = (i + 1) / (len(chosen) + 1) + float(rng.uniform(-0.03, 0.03))
        size = {"close": 0.46, "two": 0.29, "group": 0.2, "crossing": 0.2 + 0.06 * i, "walk": 0.2}[kind]
        actor = Actor(person, x, 0.44, size * float(rng.uniform(0.92, 1.1)), yaw=float(rng.uniform(-18, 18)))
        if kind in ("crossing", "walk"):
            ends = (0.12, 0.88) if i == 0 else (0.88, 0.12)
            actor = replace(actor, x=ends[0], to=(ends[1], 0.44, actor.size), yaw=18.0 if i == 0 else -18.0)
        actors.append(actor)
    transition = str(rng.choice(["cut", "dissolve", "fade"], p=[0.86, 0.09, 0.05]))
    night = bool(rng.random() < 0.12)
    return Scene(
        seconds,
        tuple(actors),
        "night" if night else str(rng.choice(["study", "kitchen", "garden", "street", "cafe", "gallery"])),
        transition if seconds > 1.5 else "cut",
        0.48,
        light=float(rng.choice([-0.6, 0.6])),
        tint=NIGHT if night else DAY,
        blur=1.6 if kind == "close" else 0.0,
    )


def long(minutes: float = 20) -> Script:
    """Ten people who come and go, for any length of time."""
    return replace(random_script(20, n_people=10, seconds=60 * minutes), title="long")


def crossing() -> Script:
    """Three times, two people walk past each other, and one hides the other."""
    walks = [((0, 1), 0.26, 0.30), ((2, 3), 0.20, 0.24), ((1, 2), 0.34, 0.38)]
    scenes = tuple(
        Scene(
            4.0,
            (
                Actor(a, 0.1, 0.44, back, to=(0.9, 0.44, back), yaw=15),
                Actor(b, 0.9, 0.44, front, to=(0.1, 0.44, front), yaw=-15),
            ),
            room,
        )
        for ((a, b), back, front), room in zip(walks, ("street", "garden", "study"), strict=True)
    )
    return Script("crossing", people(4), scenes)


def dissolves() -> Script:
    """Nine shots joined by dissolves and fades of 0.3 to 1.6 seconds."""
    scenes = [
        replace(
            close(i % 5, ("study", "garden", "cafe", "street")[i % 4], seconds=3.6),
            transition="fade" if i % 3 == 2 else "dissolve",
            overlap=(0.3, 0.6, 1.0, 1.6)[i % 4],
        )
        for i in range(9)
    ]
    return Script("dissolves", people(5), tuple(scenes))


def cuts() -> Script:
    """Forty cuts in 27 seconds: close-ups that last from 8 to 22 frames."""
    rng = np.random.default_rng(4)
    rooms = ("study", "garden", "cafe", "street", "kitchen", "gallery")
    scenes = [close(i % 6, rooms[i % 5], seconds=float(rng.integers(8, 23)) / 25) for i in range(41)]
    return Script("cuts", people(6), tuple(scenes))


def wall() -> Script:
    """Two people in rooms with six portraits on the walls."""
    cast = people(8)
    hung = tuple(Picture(cast[2 + i], 0.13 + 0.37 * i, 0.24, 0.18) for i in range(3))
    more = tuple(Picture(cast[5 + i], 0.13 + 0.37 * i, 0.24, 0.18) for i in range(3))
    a, b = Actor(0, 0.32, 0.55, 0.26, yaw=12), Actor(1, 0.69, 0.55, 0.26, yaw=-12)
    scenes = (
        Scene(4.0, (a, b), "gallery", pictures=hung),
        close(0, "gallery"),
        Scene(4.0, (replace(b, x=0.32),), "gallery", pictures=more, pan=0.2),
        close(1, "gallery"),
    )
    return Script("wall", cast[:2], scenes)


def phone() -> Script:
    """Two people who show each other photographs of three strangers on a phone in a moving hand."""
    cast = people(6)
    scenes = (
        _showing(Scene(3.0, two(0, 1), "cafe"), Picture(cast[2], 0.17, 0.30, 0.15, holder=0)),
        close(0, "cafe", yaw=12),
        _showing(close(1, "study", seconds=2.6, yaw=-12), Picture(cast[3], -0.26, 0.16, 0.24, holder=0)),
        close(1, "garden"),
        _showing(Scene(3.0, two(1, 0), "garden"), Picture(cast[4], -0.16, 0.32, 0.17, holder=1)),
        close(0, "garden", yaw=-10),
    )
    return Script("phone", cast[:2], scenes)


def _showing(scene: Scene, *pictures: Picture) -> Scene:
    return replace(scene, pictures=pictures)


def twins() -> Script:
    """Two people with the same look who meet: only their co-occurrence distinguishes them."""
    cast = people(3)
    scenes = (close(0, "study"), close(1, "garden"), Scene(4.0, two(0, 1), "cafe"), close(2, "street"))
    return Script("twins", (cast[2], cast[2], cast[1]), (*scenes, Scene(3.0, two(1, 2), "kitchen")))


def lookalikes() -> Script:
    """Two people who look very similar and never meet."""
    cast = people(3)
    looks = (cast[1], resembling(cast[1], seed=5, amount=0.25), cast[2])
    scenes = (close(0, "study"), Scene(3.0, two(0, 2), "kitchen"), close(1, "garden"))
    return Script("lookalikes", looks, (*scenes, Scene(3.0, two(2, 1), "street"), close(2, "cafe")))


def twins_dressed() -> Script:
    """Two people with the same face who meet once, and whose clothes distinguish them."""
    cast = people(3)
    looks = (replace(cast[2], shirt=SHIRTS[0]), replace(cast[2], shirt=SHIRTS[3]), cast[1])
    scenes = [close(p, INDOORS[i % 4], seconds=1.2) for i, p in enumerate((0, 1, 2, 1, 0, 2, 0, 1))]
    return Script(
        "twins dressed", looks, (Scene(2.0, two(0, 1), "cafe"), *scenes, Scene(2.0, two(1, 2), "study"))
    )


def uniforms() -> Script:
    """Six people in the same clothes, which do not distinguish them."""
    looks = tuple(replace(look, shirt=SHIRTS[6]) for look in people(6))
    scenes = [Scene(1.4, two(a, b), "street") for a, b in ((0, 1), (2, 3), (4, 5))]
    scenes += [close(p, "study", seconds=1.0) for p in (0, 3, 1, 5, 2, 4, 0, 2)]
    return Script("uniforms", looks, tuple(scenes))


def wardrobe() -> Script:
    """Four people who change their clothes between all scenes."""
    scenes = [close(p, INDOORS[i % 4], seconds=1.0) for i, p in enumerate((0, 1, 2, 3) * 3)]
    meetings = [Scene(1.4, two(a, b), "street") for a, b in ((0, 1), (2, 3))]
    every = [_changed(scene, i) for i, scene in enumerate([*meetings, *scenes])]
    return Script("wardrobe", people(4), tuple(every))


def swapped() -> Script:
    """By night, two people wear each other's clothes of the day, and a third one wears the clothes of
    both."""
    day = [close(p, "garden", seconds=1.2) for p in (0, 1, 0, 1)]
    night = [
        _in(close(p, "night", seconds=1.2, tint=NIGHT), colour)
        for p, colour in ((0, SHIRTS[3]), (1, SHIRTS[0]), (2, SHIRTS[0]), (0, SHIRTS[3]), (2, SHIRTS[3]))
    ]
    met = _in(Scene(1.6, two(0, 1), "garden"), SHIRTS[0], SHIRTS[3])
    looks = [replace(look, shirt=SHIRTS[3 * (i % 2)]) for i, look in enumerate(people(3))]
    return Script("swapped", tuple(looks), (met, *day, *night))


def _in(scene: Scene, *shirts: Colour) -> Scene:
    """A scene whose actors wear these colours, in order."""
    dressed = (replace(a, shirt=shirt) for a, shirt in zip(scene.actors, shirts, strict=True))
    return replace(scene, actors=tuple(dressed))


def _changed(scene: Scene, number: int) -> Scene:
    """A scene whose actors wear other clothes than before."""
    return _in(scene, *(SHIRTS[(3 * number + 2 * i) % len(SHIRTS)] for i in range(len(scene.actors))))


def slides() -> Script:
    """A slide show: photographs of five people, one after another, without motion."""
    scenes = [replace(close(p, INDOORS[p % 4], seconds=2.0), still=True) for p in (0, 1, 2, 3, 4, 0, 2)]
    return Script("slides", people(5), tuple(scenes))


def zooms() -> Script:
    """A documentary of photographs: each is a still of one or two people that slowly grows."""
    shown = [close(p, INDOORS[p % 4], seconds=3.0) for p in (0, 1, 2, 3)]
    groups = [Scene(3.0, two(0, 1), "garden"), Scene(3.0, two(2, 3), "street")]
    scenes = [replace(scene, still=True, zoom=0.25) for scene in (*shown, *groups, *shown[:2])]
    return Script("zooms", people(4), tuple(scenes))


def poster() -> Script:
    """Two people in front of a poster of their size; the camera stands still, pans and zooms in."""
    cast = people(5)
    a, b = Actor(0, 0.28, 0.52, 0.26, yaw=12), Actor(1, 0.30, 0.52, 0.27, yaw=10)
    hung = [(Picture(look, 0.74, 0.40, 0.30),) for look in cast[2:]]
    scenes = (
        Scene(3.6, (a,), "street", pictures=hung[0]),
        close(1, "cafe"),
        Scene(3.6, (b,), "gallery", pictures=hung[1], pan=0.15),
        close(0, "garden"),
        Scene(3.6, (a,), "cafe", pictures=hung[2], zoom=0.15),
    )
    return Script("poster", cast[:2], scenes)


def calm() -> Script:
    """Five people who hardly move: they listen next to a person who talks, and wait in front of a camera."""
    listens = [Actor(p, 0.70, 0.44, 0.28, yaw=-12, turn=6, stir=0.25, talk=False) for p in range(5)]
    talks = [Actor((p + 1) % 5, 0.30, 0.43, 0.30, yaw=14) for p in range(5)]
    beside = [
        Scene(3.0, (a, b), INDOORS[i % 4], blur=0.8 * (i % 2))
        for i, (a, b) in enumerate(zip(talks, listens, strict=True))
    ]
    waits = [
        Scene(2.4, (replace(a, x=0.5, size=0.42, stir=0.2),), ("garden", "street")[i % 2], blur=1.6)
        for i, a in enumerate(listens)
    ]
    return Script("calm", people(5), (*beside, *waits))


def mirror() -> Script:
    """A person and her reflection in the same frames."""
    person = Actor(1, 0.30, 0.44, 0.32, yaw=24, turn=8)
    glass = replace(person, x=0.72, size=0.25, mirrored=True)
    return Script(
        "mirror", people(3), (Scene(4.0, (glass, person), "study"), close(1, "study"), close(0, "study"))
    )


def black_and_white() -> Script:
    """The demo as an old film: no colour, much grain."""
    return replace(demo(), title="black and white", colour=False, noise=6.0)


def crowd(n: int = 40) -> Script:
    """n people, in groups of six and then each alone."""
    scenes: list[Scene] = []
    for first in range(0, n, 6):
        group = range(first, min(first + 6, n))
        places = [(0.18 + 0.32 * (i % 3), 0.27 + 0.20 * (i // 3)) for i in range(len(group))]
        actors = tuple(Actor(p, x, y, 0.17, turn=10) for p, (x, y) in zip(group, places, strict=True))
        scenes.append(Scene(2.0, actors, ("street", "garden", "gallery")[first // 6 % 3]))
        scenes += [close(p, INDOORS[p % 4], seconds=0.8) for p in group]
    return Script("crowd", people(n), tuple(scenes) or (Scene(1.0),))


def alone() -> Script:
    """One person, all the time."""
    light = (
        close(0, "study"),
        close(0, "garden", light=0.6),
        Scene(3.0, (Actor(0, 0.5, 0.44, 0.25),), "street"),
    )
    return Script("alone", people(1), light)


def nobody() -> Script:
    """Rooms without people."""
    return Script(
        "nobody", (), tuple(Scene(1.6, room=room, pan=0.1) for room in ("study", "garden", "street"))
    )


def title() -> Script:
    """Only titles, without pictures."""
    return Script(
        "title", (), (Scene(2.0, room="black", text="The End"), Scene(2.0, room="black", text="Cast"))
    )


def day_and_night() -> Script:
    """Three people by day, in the evening and by night; lit from the left and from the right."""
    scenes = [
        close(p, room, tint=tint, light=light, seconds=2.0)
        for room, tint, light in (("garden", DAY, -0.6), ("cafe", EVENING, 0.6), ("night", NIGHT, -0.6))
        for p in range(3)
    ]
    return Script("day and night", people(3), (*scenes, Scene(3.0, two(0, 1), "night", tint=NIGHT)))


def profiles() -> Script:
    """Heads that turn to profile and back; beyond 60 degrees, their faces need not be found."""
    scenes = [replace(close(p, "study", yaw=38.0 * (-1) ** p, turn=38.0), seconds=4.0) for p in range(3)]
    return Script("profiles", people(3), tuple(scenes))


def wide() -> Script:
    """Wide shots: faces of 16 to 28 pixels in a frame of 640x360."""

    def walkers(k: int) -> tuple[Actor, ...]:
        return tuple(Actor((2 * k + i) % 4, 0.2 + 0.2 * i, 0.5, (16 + 4 * i) / 360) for i in range(4))

    scenes = [Scene(3.0, walkers(k), room) for k, room in enumerate(("street", "garden", "gallery"))]
    return Script("wide", people(4), (*scenes, *(close(p, "street", seconds=1.2) for p in range(4))))


def short() -> Script:
    """Four shots of three people in about eight seconds."""
    scenes = (Scene(2.4, two(0, 1), "study"), close(0, "study", seconds=1.6))
    walk = Actor(2, 0.2, 0.44, 0.26, to=(0.7, 0.44, 0.28), yaw=12)
    return Script(
        "short", people(3), (*scenes, Scene(2.4, (walk,), "street"), close(1, "study", seconds=1.6))
    )


def variable() -> Script:
    """A variable frame rate: frames last one to four fiftieths of a second."""
    return replace(short(), title="variable", encoding=Encoding(variable=True))


def rotated() -> Script:
    """A portrait film whose frames are stored rotated by a quarter turn, with a flag for players."""
    film = short()
    scenes = tuple(
        replace(scene, actors=tuple(replace(a, size=0.55 * a.size, to=None) for a in scene.actors))
        for scene in film.scenes
    )
    upright = replace(film, title="rotated", width=360, height=640, scenes=scenes)
    return replace(upright, encoding=Encoding(rotation=90))


def anamorphic() -> Script:
    """A film of 640x360 stored in 480x360 pixels, each four thirds as wide as high."""
    return replace(short(), title="anamorphic", encoding=Encoding(sample_aspect_ratio=Fraction(4, 3)))


def split_screen() -> Script:
    """Two rooms in one frame, as in a telephone call."""
    call = (Actor(0, 0.25, 0.44, 0.34), Actor(1, 0.75, 0.44, 0.34))
    scenes = (Scene(4.0, call, "study", right="garden"), close(0, "study"), close(1, "garden"))
    return Script("split screen", people(2), scenes)


@typed_arguments
def still(look: Look, *, width: int = 320, height: int = 240) -> Script:
    """One frame of one face: the shortest film."""
    return Script("still", (look,), (Scene(0.04, (Actor(0, 0.5, 0.45, 0.45),)),), width=width, height=height)


FILMS: dict[str, Callable[..., Script]] = {
    "alone": alone,
    "anamorphic": anamorphic,
    "black_and_white": black_and_white,
    "calm": calm,
    "crossing": crossing,
    "crowd": crowd,
    "cuts": cuts,
    "day_and_night": day_and_night,
    "demo": demo,
    "dissolves": dissolves,
    "long": long,
    "lookalikes": lookalikes,
    "mirror": mirror,
    "nobody": nobody,
    "phone": phone,
    "poster": poster,
    "profiles": profiles,
    "rotated": rotated,
    "short": short,
    "slides": slides,
    "split_screen": split_screen,
    "swapped": swapped,
    "title": title,
    "twins": twins,
    "twins_dressed": twins_dressed,
    "uniforms": uniforms,
    "variable": variable,
    "wall": wall,
    "wardrobe": wardrobe,
    "wide": wide,
    "zooms": zooms,
}
