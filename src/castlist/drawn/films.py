"""The drawn films: each a small script that shows one thing."""

from __future__ import annotations

from collections.abc import Callable


from castlist.drawn.look import people
from castlist.drawn.script import Actor, Picture, Scene, Script

NIGHT = (0.58, 0.64, 0.86)
EVENING = (1.0, 0.86, 0.70)


def demo() -> Script:
    """Six people in about 40 seconds: the film of `castlist demo`."""
    cast = people(8)
    wall = Picture(cast[7], 0.86, 0.24, 0.17)
    scenes = (
        Scene(2.0, room="black", text="The Visit\na drawn film"),
        Scene(
            3.0,
            (Actor(0, 0.30, 0.42, 0.30, yaw=16), Actor(1, 0.68, 0.44, 0.28, yaw=-16)),
            "study",
            "fade",
            1.0,
        ),
        Scene(2.4, (Actor(0, 0.46, 0.45, 0.52, yaw=12),), "study", blur=1.6),
        Scene(2.4, (Actor(1, 0.55, 0.46, 0.50, yaw=-14),), "study", blur=1.6, light=0.6),
        Scene(
            3.6,
            (
                Actor(2, 0.08, 0.44, 0.20, to=(0.86, 0.44, 0.22), yaw=18),
                Actor(3, 0.92, 0.42, 0.26, to=(0.14, 0.43, 0.26), yaw=-20),
            ),
            "street",
        ),
        Scene(2.4, (Actor(3, 0.52, 0.45, 0.46, yaw=-8, turn=24),), "street", blur=1.4),
        Scene(
            3.4,
            (
                Actor(4, 0.24, 0.44, 0.27, yaw=14),
                Actor(5, 0.55, 0.43, 0.26),
                Actor(6, 0.02, 0.36, 0.13, to=(0.98, 0.36, 0.13), yaw=25, start=0.5, stop=3.2),
            ),
            "cafe",
            "dissolve",
            0.8,
            tint=EVENING,
        ),
        Scene(2.2, (Actor(4, 0.44, 0.45, 0.48, yaw=14),), "cafe", blur=1.6, tint=EVENING),
        Scene(2.2, (Actor(5, 0.56, 0.45, 0.48, yaw=-14),), "cafe", blur=1.6, tint=EVENING),
        Scene(
            3.2,
            (Actor(2, 0.28, 0.46, 0.30, yaw=12), Actor(0, 0.60, 0.45, 0.30, yaw=-12)),
            "gallery",
            pictures=(wall,),
        ),
        Scene(2.2, (Actor(2, 0.48, 0.46, 0.52),), "gallery", blur=1.6, light=0.5),
        Scene(
            3.4, (Actor(1, 0.30, 0.45, 0.26), Actor(5, 0.95, 0.45, 0.26)), "garden", "dissolve", 0.8, pan=0.35
        ),
        Scene(2.2, (Actor(1, 0.47, 0.45, 0.46, yaw=-10, turn=26),), "garden", blur=1.4),
        Scene(
            4.0,
            (
                Actor(3, 0.15, 0.42, 0.22, yaw=12),
                Actor(4, 0.38, 0.44, 0.24),
                Actor(0, 0.62, 0.43, 0.23),
                Actor(2, 0.85, 0.44, 0.24, yaw=-12),
            ),
            "night",
            "fade",
            1.2,
            tint=NIGHT,
            light=0.5,
        ),
        Scene(2.0, (Actor(3, 0.5, 0.45, 0.5, turn=20),), "night", blur=1.6, tint=NIGHT, light=0.5),
    )
    return Script("demo", cast, scenes)


FILMS: dict[str, Callable[..., Script]] = {"demo": demo}
