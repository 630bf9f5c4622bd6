"""The numbers of the published tables, each with its source; none is ours."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["DATASETS", "OLDER", "PUBLISHED", "Published", "published"]

SLIDES = "Sharma et al., FG 2019, slides"
TRAINED = f"{SLIDES}, performance on training videos"


@dataclass(frozen=True, slots=True)
class Published:
    """One number of a table."""

    dataset: str
    method: str
    unit: str  # track or frame
    clusters: int  # given to the method
    score: str  # wcp, b_cubed_precision, b_cubed_recall, b_cubed_f1
    value: float
    source: str


def _accuracy(unit: str, source: str, rows: dict[str, tuple[float | None, float | None]]) -> list[Published]:
    """Rows of clustering accuracy (WCP) for BBT-0101 (5 clusters) and BF-0502 (6)."""
    return [
        Published(dataset, method, unit, k, "wcp", value, source)
        for method, values in rows.items()
        for dataset, k, value in zip(("BBT-0101", "BF-0502"), (5, 6), values, strict=True)
        if value is not None
    ]


def _b_cubed(clusters: int, rows: dict[str, tuple[float, float, float]]) -> list[Published]:
    """Rows of B-cubed scores for ACCIO."""
    scores = ("b_cubed_precision", "b_cubed_recall", "b_cubed_f1")
    source = f"{SLIDES}, ACCIO, {clusters} clusters"
    return [
        Published("ACCIO", method, "track", clusters, score, value, source)
        for method, values in rows.items()
        for score, value in zip(scores, values, strict=True)
    ]


OLDER = "another, smaller track set"  # 182 tracks of BBT-0101 and 229 of BF-0502
PUBLISHED: tuple[Published, ...] = (
    *_accuracy("track", TRAINED, {"base": (0.932, 0.836), "tsiam": (0.964, 0.893), "ssiam": (0.962, 0.909)}),
    *_accuracy("track", f"{SLIDES}, TSiam, singleton tracks", {"tsiam-no-singletons": (0.936, 0.849)}),
    *_accuracy("track", f"{SLIDES}, SSiam and pseudo-RF", {"pseudo-rf": (0.930, 0.814)}),
    *_accuracy("frame", "Sharma et al., FG 2019, table II", {"base": (0.940, 0.912)}),
    *_accuracy(
        "frame", f"{SLIDES}, state of the art", {"tsiam": (0.9858, 0.9246), "ssiam": (0.9904, 0.9087)}
    ),
    *_accuracy(
        "frame",
        f"{SLIDES}, state of the art; {OLDER}",
        {
            "uldml": (0.5700, 0.4162),
            "hmrf": (0.5961, 0.5030),
            "hmrf2": (0.6677, None),
            "wbslrr": (0.7200, 0.6276),
            "vdf": (0.8962, 0.8746),
            "imp-triplet": (0.9600, None),
            "jfac": (None, 0.9213),
        },
    ),
    *_b_cubed(
        36, {"jfac": (0.690, 0.350, 0.460), "tsiam": (0.749, 0.382, 0.506), "ssiam": (0.766, 0.386, 0.514)}
    ),
    *_b_cubed(
        40,
        {
            "k-means": (0.543, 0.201, 0.293),
            "diffrac": (0.557, 0.213, 0.301),
            "wbslrr": (0.502, 0.206, 0.292),
            "hmrf": (0.599, 0.230, 0.332),  # the slides print ".23.0"
            # JFAC without its joint steps; castlist has no such method.
            "deepid2+ c0 intra": (0.657, 0.312, 0.423),
            "jfac": (0.711, 0.352, 0.471),
            "tsiam": (0.763, 0.362, 0.491),
            "ssiam": (0.777, 0.371, 0.502),
        },
    ),
)

# cast, tracks, faces, largest class %, smallest class %, single tracks, co-occurring: the dataset table
DATASETS: dict[str, tuple[int, int, int, float, float, int | None, int | None]] = {
    "BBT-0101": (5, 644, 41_220, 37.2, 4.1, 331, 313),
    "BF-0502": (6, 568, 39_263, 36.2, 5.0, 395, 173),
    "ACCIO": (36, 3_243, 166_885, 30.93, 0.05, None, None),
}


def published(dataset: str, method: str, unit: str, clusters: int, score: str) -> Published | None:
    """The published number for one cell of our tables, if there is one."""
    wanted = (dataset, method, unit, clusters, score)
    found = (p for p in PUBLISHED if (p.dataset, p.method, p.unit, p.clusters, p.score) == wanted)
    return next(found, None)
