"""Looks: the parameters of a drawn head, and sets of different looks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from castlist.argument_types import typed_arguments
from castlist.errors import InputError

Colour = tuple[float, float, float]  # red, green, blue, each 0 to 1

# Colours of skin, chosen by eye.
SKINS: tuple[Colour, ...] = (
    (0.96, 0.81, 0.71),
    (0.90, 0.72, 0.58),
    (0.80, 0.60, 0.44),
    (0.64, 0.44, 0.31),
    (0.47, 0.31, 0.22),
    (0.35, 0.23, 0.17),
)
# Colours of hair, chosen by eye.
HAIRS: tuple[Colour, ...] = (
    (0.11, 0.09, 0.09),
    (0.26, 0.16, 0.10),
    (0.45, 0.28, 0.14),
    (0.62, 0.27, 0.12),
    (0.84, 0.68, 0.38),
    (0.66, 0.66, 0.68),
    (0.93, 0.92, 0.90),
)
# Colours of eyes, chosen by eye.
IRISES: tuple[Colour, ...] = ((0.25, 0.15, 0.08), (0.30, 0.47, 0.62), (0.34, 0.46, 0.28), (0.42, 0.33, 0.16))
# Colours of clothes, chosen by eye.
SHIRTS: tuple[Colour, ...] = (
    (0.72, 0.22, 0.20),
    (0.18, 0.36, 0.58),
    (0.90, 0.74, 0.30),
    (0.22, 0.48, 0.36),
    (0.52, 0.34, 0.56),
    (0.88, 0.86, 0.80),
    (0.24, 0.25, 0.30),
    (0.87, 0.50, 0.30),
)


class HairStyle(StrEnum):
    """The hairstyle of a drawn head."""

    BALD = "bald"
    FRINGE = "fringe_of_hair"  # around a bald top
    SHORT = "short"
    SIDE = "side"  # parted at the side
    CURLY = "curly"
    BOB = "bob"
    LONG = "long"
    BUN = "bun"
    AFRO = "afro"


class Glasses(StrEnum):
    """The glasses of a drawn head."""

    NONE = "none"
    ROUND = "round"
    SQUARE = "square"


class Beard(StrEnum):
    """The beard of a drawn head."""

    NONE = "none"
    STUBBLE = "stubble"
    MOUSTACHE = "moustache"
    GOATEE = "goatee"
    FULL = "full"


STYLES = tuple(HairStyle)
GLASSES = tuple(Glasses)
BEARDS = tuple(Beard)


@dataclass(frozen=True, slots=True)
class Look:
    """The look of one drawn person. Lengths are in half head heights, y down, eyes near 0."""

    skin: Colour = SKINS[1]
    hair: Colour = HAIRS[1]
    style: HairStyle = HairStyle.SHORT  # or its text
    iris: Colour = IRISES[0]
    shirt: Colour = SHIRTS[1]
    width: float = 0.74  # of the face at the cheeks
    jaw: float = 2.4  # 1.6 pointed to 4 square
    chin: float = 1.0  # y of the chin's end
    hairline: float = -0.62  # y of the forehead's upper end
    eye_y: float = 0.02
    eye_gap: float = 0.33  # from the centre of an eye to the middle of the face
    eye_width: float = 0.155
    eye_open: float = 0.075
    eye_tilt: float = 0.0  # outer corner raised
    brow_y: float = -0.19
    brow_thick: float = 0.05
    brow_arch: float = 0.05
    brow_tilt: float = 0.0  # inner end lowered: stern
    nose_y: float = 0.40
    nose_width: float = 0.14
    nose_length: float = 0.22  # its height above the face
    mouth_y: float = 0.64
    mouth_width: float = 0.26
    upper_lip: float = 0.05
    lower_lip: float = 0.07
    lip: float = 0.3  # 0 skin to 1 painted red
    smile: float = 0.03
    ear: float = 0.17
    glasses: Glasses = Glasses.NONE  # or its text
    beard: Beard = Beard.NONE  # or its text
    age: float = 0.0  # 0 smooth to 1 lined
    freckles: float = 0.0
    build: float = 1.0  # width of the shoulders

    def __post_init__(self) -> None:
        kinds: tuple[tuple[str, type[StrEnum]], ...] = (
            ("style", HairStyle), ("glasses", Glasses), ("beard", Beard),
        )  # fmt: skip
        for name, kind in kinds:
            try:
                object.__setattr__(self, name, kind(getattr(self, name)))
            except ValueError:
                raise InputError(
                    f"Look.{name} is {getattr(self, name)!r}; choose from {', '.join(kind)}"
                ) from None


# Least and largest value of each length of a look.
RANGES: dict[str, tuple[float, float]] = {
    "width": (0.64, 0.86),
    "jaw": (1.7, 4.2),
    "chin": (0.93, 1.10),
    "hairline": (-0.72, -0.50),
    "eye_y": (-0.03, 0.07),
    "eye_gap": (0.275, 0.385),
    "eye_width": (0.115, 0.19),
    "eye_open": (0.045, 0.105),
    "eye_tilt": (-0.045, 0.05),
    "brow_y": (-0.25, -0.15),
    "brow_thick": (0.025, 0.085),
    "brow_arch": (0.0, 0.10),
    "brow_tilt": (-0.05, 0.05),
    "nose_y": (0.31, 0.47),
    "nose_width": (0.10, 0.21),
    "nose_length": (0.14, 0.28),
    "mouth_y": (0.60, 0.70),
    "mouth_width": (0.18, 0.34),
    "upper_lip": (0.025, 0.085),
    "lower_lip": (0.035, 0.105),
    "smile": (-0.02, 0.07),
    "ear": (0.13, 0.22),
    "build": (0.85, 1.2),
}


def random_look(rng: np.random.Generator) -> Look:
    """A random look."""
    skin = int(rng.integers(len(SKINS)))
    dark = skin >= 3
    man = bool(rng.random() < 0.5)
    age = float(rng.choice([0.0, 0.0, 0.3, 0.6, 1.0]))
    hair = int(rng.integers(5, 7)) if age > 0.5 else int(rng.integers(0, 2 if dark else 5))
    styles = ("bald", "fringe_of_hair", "short", "side", "curly", "afro" if dark else "side")
    if not man:
        styles = ("bob", "long", "bun", "curly", "afro" if dark else "long", "short")
    lengths = {k: float(rng.uniform(a, b)) for k, (a, b) in RANGES.items()}
    return Look(
        skin=SKINS[skin],
        hair=HAIRS[hair],
        style=HairStyle(rng.choice(styles)),
        iris=IRISES[0] if dark else IRISES[int(rng.integers(len(IRISES)))],
        shirt=SHIRTS[int(rng.integers(len(SHIRTS)))],
        lip=float(rng.uniform(0.1, 0.3) if man else rng.uniform(0.4, 1.0)),
        glasses=Glasses(rng.choice(GLASSES, p=[0.66, 0.17, 0.17])),
        beard=Beard(rng.choice(BEARDS, p=[0.35, 0.15, 0.2, 0.1, 0.2])) if man else Beard.NONE,
        age=age,
        freckles=float(skin <= 1 and rng.random() < 0.2),
        **lengths,
    )


def describe(look: Look) -> NDArray[np.float64]:
    """(d,) the parameters of a look in comparable units, for distances between looks."""
    lengths = [(getattr(look, k) - a) / (b - a) for k, (a, b) in RANGES.items() if k != "build"]

    def choice(value: str, options: Sequence[str], weight: float) -> list[float]:
        return [weight * (value == option) for option in options]

    return np.array(
        [0.6 * x for x in lengths]
        + [3.0 * look.skin[0], 1.4 * look.hair[0], 0.8 * look.age, 0.5 * look.lip]
        + choice(look.style, STYLES, 0.6)
        + choice(look.glasses, GLASSES, 0.8)
        + choice(look.beard, BEARDS, 0.7)
    )


@typed_arguments
def people(n: int, *, seed: int = 0) -> tuple[Look, ...]:
    """n different looks, by a greedy choice among many candidates.

    The first k of `people(n)` are `people(k)`: each further look is the candidate farthest from all looks
    before (farthest-point sampling, Gonzalez 1985). Raises InputError for n below 0.
    """
    if n < 0:
        raise InputError(f"there cannot be {n} people; ask for 0 or more")
    rng = np.random.default_rng(seed)
    candidates = [random_look(rng) for _ in range(600)]
    points = np.stack([describe(c) for c in candidates])
    chosen: list[int] = []
    distance = np.full(len(points), np.inf)
    for i in range(n):
        k = int(np.argmax(distance)) if i else 0
        chosen.append(k)
        distance = np.minimum(distance, np.linalg.norm(points - points[k], axis=1))
    return tuple(replace(candidates[k], shirt=SHIRTS[i % len(SHIRTS)]) for i, k in enumerate(chosen))


@typed_arguments
def resembling(look: Look, *, seed: int = 0, amount: float = 0.12) -> Look:
    """A look similar to another: every length changed by up to `amount` of its range."""
    rng = np.random.default_rng(seed)
    moved = {
        k: getattr(look, k) + float(rng.uniform(-1, 1)) * amount * (b - a) for k, (a, b) in RANGES.items()
    }
    return replace(look, **moved)


def key(look: Look) -> int:
    """A number that depends only on the look, the same in every process."""
    import zlib

    # The repr of an enum's member would contain the name of its class.
    values = tuple(str(v) if isinstance(v, str) else v for v in astuple(look))
    return zlib.crc32(repr(values).encode())
