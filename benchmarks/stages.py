"""The share of time that `castlist find` spends in each of its stages, on one film.

    python benchmarks/stages.py FILM

Runs the pipeline in this process with a clock around each stage: processor seconds of its thread, and those
of the decoder's process, so that other programs on the machine have little influence. The threads of
libraries count in "cpu_seconds" and in no stage; with `--threads 1`, the default, that is little.
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
from collections.abc import Callable
from pathlib import Path
from typing import Any

from castlist.recipe import Recipe
from castlist.types import Machine

Seconds = dict[str, float]
SCAN: Any = importlib.import_module("castlist.pipeline.scan")  # the module, not its function
FIND: Any = importlib.import_module("castlist.pipeline.find")


class Clocks:
    """Seconds inside each stage; a stage with its own clock that another stage calls counts only there."""

    def __init__(self) -> None:
        self.seconds: Seconds = defaultdict(float)
        self.counts: dict[str, int] = defaultdict(int)
        self.inside = threading.local()

    def around(self, stage: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*args: Any, **options: Any) -> Any:
            outer, start = getattr(self.inside, "nested", 0.0), time.thread_time()
            self.inside.nested = 0.0
            try:
                return work(*args, **options)
            finally:
                spent = time.thread_time() - start
                self.seconds[stage] += spent - self.inside.nested
                self.inside.nested = outer + spent

        return timed

    def counted(self, name: str, work: Callable[..., Any], items: int) -> Callable[..., Any]:
        """The same work, with a count of the items in its argument number `items`."""

        def counting(*args: Any, **options: Any) -> Any:
            self.counts[name] += len(args[items])
            return work(*args, **options)

        return counting


def clocked(recipe: Recipe, clocks: Clocks) -> None:
    """Put a clock around every stage of this process's castlist."""
    for stage, kind, name in (
        ("detect", type(recipe.detect), "many"),
        ("split", type(recipe.split), "signal"),
        ("split", type(recipe.split), "__call__"),
        ("track", type(recipe.track), "__call__"),
        ("track", type(recipe.track), "pieces"),
        ("embed", type(recipe.embed), "__call__"),
        ("clothes", type(recipe.cue), "cut"),
        ("clothes", type(recipe.cue), "__call__"),
    ):
        setattr(kind, name, clocks.around(stage, getattr(kind, name)))
    type(recipe.detect).many = clocks.counted("pictures and parts searched", type(recipe.detect).many, 1)
    type(recipe.embed).__call__ = clocks.counted("faces embedded", type(recipe.embed).__call__, 1)
    for stage, module, name in (
        ("cut out and judge faces", SCAN, "align_faces"),
        ("cut out and judge faces", SCAN, "sharpness"),
        ("cut out and judge faces", SCAN, "detail"),
        ("cut out and judge faces", SCAN, "face_quality"),
        ("cut out and judge faces", SCAN, "portrait"),
        ("keep pictures", SCAN, "jpeg"),
        ("start networks", SCAN, "load_networks"),
        ("choose parts, read frames", FIND, "_scanned"),
        ("identify", FIND, "identify"),
        ("report", FIND, "publish_run"),
    ):
        setattr(module, name, clocks.around(stage, getattr(module, name)))


def measure(film: str, machine: Machine) -> dict[str, Any]:
    """Seconds of each stage of one film, from an empty workspace."""
    recipe, clocks = Recipe(), Clocks()
    clocked(recipe, clocks)
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as scratch:
        FIND.find(film, workspace=Path(scratch) / "film.castlist", recipe=recipe, machine=machine)
    wall = time.perf_counter() - start
    own, child = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    clocks.seconds["decode"] = child.ru_utime + child.ru_stime
    seconds = dict(sorted(clocks.seconds.items(), key=lambda entry: -entry[1]))
    return {
        "wall_seconds": wall,
        "seconds_inside": seconds,
        "shares": {name: value / sum(seconds.values()) for name, value in seconds.items()},
        "counts": dict(clocks.counts),
        "cpu_seconds": own.ru_utime + own.ru_stime,
        "decoder_cpu_seconds": child.ru_utime + child.ru_stime,
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("film")
    parser.add_argument("--threads", type=int, default=1, help="of each network; 0: as castlist find has it")
    parser.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda"))
    given = parser.parse_args()
    print(json.dumps(measure(given.film, Machine(device=given.device, threads=given.threads)), indent=1))


if __name__ == "__main__":
    main()
