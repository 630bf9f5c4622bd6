"""Which share of the time `castlist find` spends in each of its stages, on one film.

    python benchmarks/stages.py FILM

Runs the pipeline in this process with a clock around each stage. Stages run in two threads beside each other,
and decoding in a process of its own, so seconds are those spent inside a stage, and a share is of their sum.
"""

from __future__ import annotations

import argparse
import importlib
import json
import resource
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from castlist.recipe import Recipe
from castlist.types import Machine

Seconds = dict[str, float]
SCAN: Any = importlib.import_module("castlist.pipeline.scan")  # the module, not its function
FIND: Any = importlib.import_module("castlist.pipeline.find")


class Clocks:
    """Seconds inside each stage; what a stage calls that has a clock of its own counts there only."""

    def __init__(self) -> None:
        self.seconds: Seconds = defaultdict(float)
        self.inside = threading.local()

    def around(self, stage: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*args: Any, **options: Any) -> Any:
            outer, start = getattr(self.inside, "nested", 0.0), time.perf_counter()
            self.inside.nested = 0.0
            try:
                return work(*args, **options)
            finally:
                spent = time.perf_counter() - start
                self.seconds[stage] += spent - self.inside.nested
                self.inside.nested = outer + spent

        return timed

    def frames(self, stage: str, reader: Any) -> Any:
        """The reader, with the waiting for each frame counted."""
        clocks = self

        class Waited:
            def __iter__(self) -> Iterator[Any]:
                frames = iter(reader)
                following = clocks.around(stage, lambda: next(frames, None))
                while (frame := following()) is not None:
                    yield frame

            def __getattr__(self, name: str) -> Any:
                return getattr(reader, name)

        return Waited()


def clocked(recipe: Recipe, clocks: Clocks) -> None:
    """Put a clock around every stage of this process's castlist."""
    for stage, kind, name in (
        ("detect", type(recipe.detect), "__call__"),
        ("split", type(recipe.split), "signal"),
        ("split", type(recipe.split), "__call__"),
        ("track", type(recipe.track), "__call__"),
        ("embed", type(recipe.embed), "__call__"),
    ):
        setattr(kind, name, clocks.around(stage, getattr(kind, name)))
    for stage, module, name in (
        ("cut out and judge faces", SCAN, "align"),
        ("cut out and judge faces", SCAN, "sharpness"),
        ("cut out and judge faces", SCAN, "face_quality"),
        ("cut out and judge faces", SCAN, "_portrait"),
        ("keep pictures", SCAN, "_jpeg"),
        ("identify", FIND, "identify"),
        ("report", FIND.report, "write"),
    ):
        setattr(module, name, clocks.around(stage, getattr(module, name)))
    open_reader = SCAN.read_frames

    class Opened:
        def __init__(self, *args: Any, **options: Any) -> None:
            self.opened = open_reader(*args, **options)

        def __enter__(self) -> Any:
            return clocks.frames(
                "wait for decoding", clocks.around("wait for decoding", self.opened.__enter__)()
            )

        def __exit__(self, *trouble: Any) -> Any:
            return self.opened.__exit__(*trouble)

    SCAN.read_frames = Opened


def measure(film: str, threads: int) -> dict[str, Any]:
    recipe, clocks = Recipe(), Clocks()
    clocked(recipe, clocks)
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as scratch:
        FIND.find(
            film, workspace=Path(scratch) / "film.castlist", recipe=recipe, machine=Machine(threads=threads)
        )
    wall = time.perf_counter() - start
    total = sum(clocks.seconds.values())
    own, child = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return {
        "wall_seconds": wall,
        "seconds_inside": dict(sorted(clocks.seconds.items(), key=lambda entry: -entry[1])),
        "shares": {k: v / total for k, v in sorted(clocks.seconds.items(), key=lambda entry: -entry[1])},
        "cpu_seconds": own.ru_utime + own.ru_stime,
        "decoder_cpu_seconds": child.ru_utime + child.ru_stime,
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("film")
    parser.add_argument("--threads", type=int, default=0)
    given = parser.parse_args()
    print(json.dumps(measure(given.film, given.threads), indent=1))


if __name__ == "__main__":
    main()
