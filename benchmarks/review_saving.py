"""How long the review page's server takes to answer while it saves decisions.

    python benchmarks/review_saving.py 5000x40 --against TREE    TREE: another checkout of castlist

The servers of both trees run one after another, in turn, on the same synthetic workspace (that of
review_page.py); a client in a separate process sends decisions and undoes them, with a pause between two. In
"saving" the server saves again and again without waiting for a pause, which is worse than any review; a tree
that saves only at its end has no such row. "review" is an action every one to two seconds, with saves when
they are due. Milliseconds from the request to the last byte of the answer; "CPU" is the time of the server's
process for each action, without its children. Where other programs use the machine, only the ratio of rows
measured in turn means anything.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).parents[1]
PAUSE = 0.1  # seconds between two actions
REVIEW = (1.0, 2.0)  # seconds between two actions of a reviewer who looks at faces
MODES = ("-", "saving", "review")
ALWAYS = (
    "from castlist.review import publisher as p; "
    "p.QUIET = p.LATE = 0.0; p.SHARE = 0; p.LOOK = 0.02; "
)  # fmt: skip
SERVE = "say = lambda url: print(url, flush=True); serve(sys.argv[1], ready=say, invited=say)"


class Client:
    """A server of one tree, and a client that decides there."""

    def __init__(self, tree: Path, place: Path, mode: str = "-") -> None:
        code = f"import sys; {ALWAYS if mode == 'saving' else ''}from castlist.review import serve; {SERVE}"
        self.rng = np.random.default_rng(0)
        self.pause = REVIEW if mode == "review" else (PAUSE, PAUSE)
        self.process = subprocess.Popen(
            [sys.executable, "-c", code, str(place)], stdout=subprocess.PIPE, text=True,
            env=os.environ | {"PYTHONPATH": str(tree / "src")},
        )  # fmt: skip
        assert self.process.stdout is not None
        url = self.process.stdout.readline().strip()
        self.host = url.split("/")[2]
        self.connection = http.client.HTTPConnection(self.host)
        self.cookie = ""
        self._ask("GET", url[url.index("/", 8) :])
        self.revision = 0
        self.state = json.loads(self._ask("GET", "/api/state"))

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> bytes:
        headers = {"Cookie": self.cookie, "Origin": f"http://{self.host}", "Content-Type": "application/json"}
        if method == "GET":
            headers = {"Cookie": self.cookie} if self.cookie else {}
        self.connection.request(method, path, json.dumps(body) if body is not None else None, headers)
        answer = self.connection.getresponse()
        data = answer.read()
        if answer.status not in (200, 303):
            raise SystemExit(f"{path}: {answer.status} {data[:200]!r}")
        self.cookie = (answer.getheader("set-cookie") or self.cookie).split(";")[0]
        return data

    def act(self, path: str, body: dict[str, Any]) -> float:
        """Milliseconds of an action."""
        began = time.perf_counter()
        data = self._ask("POST", path, body | {"revision": self.revision, "seen": self.revision})
        took = 1000 * (time.perf_counter() - began)
        self.revision = json.loads(data)["decision"]
        time.sleep(self.rng.uniform(*self.pause))
        return took

    def cpu(self) -> float:
        """CPU seconds of the server's process so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def close(self) -> None:
        self.process.kill()
        self.process.wait()


def work(client: Client, times: int) -> list[float]:
    """Milliseconds of names, merges, moves, and of undoing and redoing these."""
    people = client.state["people"]
    took = []
    for i in range(times):
        one, two = people[2 * i % len(people)]["id"], people[(2 * i + 1) % len(people)]["id"]
        for request in (
            {"action": "name", "person": one, "name": f"Name {i}"},
            {"action": "merge", "people": [one, two]},
        ):
            took.append(client.act("/api/decide", request))
        took += [client.act("/api/undo", {}), client.act("/api/redo", {})]
        client.act("/api/undo", {})
    return took


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("sizes", nargs="*", default=["5000x40"], help="tracks x people")
    parser.add_argument("--against", type=Path, default=[], nargs="*", help="other checkouts")
    parser.add_argument("--times", type=int, default=10, help="of each action, in each turn")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--modes", nargs="*", choices=MODES, default=MODES)
    given = parser.parse_args()
    trees = [HERE, *given.against]
    print("tracks x people | tree | saving | p50 ms | p95 ms | CPU ms", flush=True)
    for size in given.sizes:
        found: dict[tuple[str, str], list[float]] = {}
        spent: dict[tuple[str, str], list[float]] = {}
        for _ in range(given.turns):
            for tree in trees:
                for mode in given.modes:
                    key = tree.name, mode
                    if mode == "saving" and not (tree / "src/castlist/review/publisher.py").exists():
                        continue
                    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
                        times, cpu = one_turn(tree, Path(folder), size, mode, given.times)
                    found.setdefault(key, []).extend(times)
                    spent.setdefault(key, []).append(1000 * cpu / len(times))
        for (name, mode), times in found.items():
            p50, p95 = np.percentile(times, [50, 95])
            cpu = float(np.median(spent[name, mode]))
            print(f"{size} | {name} | {mode} | {p50:.0f} | {p95:.0f} | {cpu:.0f}", flush=True)


def one_turn(tree: Path, folder: Path, size: str, mode: str, times: int) -> tuple[list[float], float]:
    """Milliseconds of the actions, and CPU seconds of the server, on a new workspace of its tree."""
    make = "import sys; from pathlib import Path; from review_page import workspace; "
    make += "workspace(Path(sys.argv[1]), *map(int, sys.argv[2].split('x')))"
    paths = os.pathsep.join([str(tree / "src"), str(tree / "benchmarks")])
    place = folder / "film.castlist"
    command = [sys.executable, "-c", make, str(place), size]
    subprocess.run(command, check=True, env=os.environ | {"PYTHONPATH": paths})
    client = Client(tree, place, mode)
    try:
        work(client, 1)  # the first actions fill caches
        before = client.cpu()
        return work(client, times), client.cpu() - before
    finally:
        client.close()


if __name__ == "__main__":
    main()
