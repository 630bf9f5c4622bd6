"""The long run, `python -m tests.faults --minutes 60 --seed 7`: counts by kind, and every failure."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.faults import (  # noqa: F401  (each notes its kinds)
    kinds_input,
    kinds_library,
    kinds_numbers,
    kinds_page,
    kinds_rooms,
    kinds_system,
    kinds_workspace,
    kinds_writing,
)
from tests.faults.campaign import KINDS, Tally, campaign, table


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--minutes", type=float, default=0.0, help="how long; 0: by --rounds alone")
    parser.add_argument(
        "--rounds", type=int, default=0, help="how many rounds of all kinds; 0: until the time is over"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kind", action="append", choices=list(KINDS), help="only this kind; repeatable")
    parser.add_argument("--first", type=int, default=0, help="the round to begin with")
    parser.add_argument("-v", "--verbose", action="store_true", help="a line for every case")
    given = parser.parse_args()
    if not given.minutes and not given.rounds:
        given.rounds = 1
    tallies: dict[str, Tally] = {}
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        cases = campaign(
            Path(folder).resolve(),
            seed=given.seed,
            minutes=given.minutes,
            rounds=given.rounds,
            kinds=given.kind,
            first=given.first,
        )
        for name, number, wrong, what, ended in _until_stopped(cases):
            tally = tallies.setdefault(name, Tally())
            tally.tried += 1
            tally.slowest = max([tally.slowest, *(e.seconds for e in ended)])
            tally.failed += [f"{number}: {wrong}"] if wrong else []
            if wrong or given.verbose:
                ends = " ".join(str(e.status) for e in ended)
                print(
                    f"{'FAILED' if wrong else 'held  '} {name} {number} [{ends}] {wrong or what}",
                    file=sys.stderr,
                    flush=True,
                )
    print(table(tallies))
    return int(any(t.failed for t in tallies.values()))


def _until_stopped(cases: Iterator[Any]) -> Iterator[Any]:
    """The cases until the end, or until Ctrl-C: what was counted is printed."""
    with suppress(KeyboardInterrupt):
        yield from cases


if __name__ == "__main__":
    sys.exit(main())
