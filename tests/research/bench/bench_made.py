"""Small sets of tracks for the tests of the bench, and a bench that is quick."""

import numpy as np
from click.testing import CliRunner

import castlist.research.bench
from castlist.cli.bench import command
from castlist.research.bench.solve import here
from castlist.research.features import gather


def video(name="bbt_s01e01", persons=("sheldon", "leonard", "raj"), tracks=12, seed=0, **changes):
    """Tracks of 4 faces, their persons in turn, neighbours seen together; vectors near their person's."""
    rng = np.random.default_rng(seed)
    who = np.arange(tracks) % len(persons)
    centres = rng.normal(size=(len(persons), 8))
    face = np.repeat(np.arange(tracks), 4)
    start = 3 * np.arange(tracks)
    columns = {
        "track_id": np.arange(tracks) + 100,
        "frame": np.repeat(start, 4) + np.tile(np.arange(4), tracks),
        "label": np.array(persons)[who],
    } | changes
    return gather(name, centres[who[face]] + 0.1 * rng.normal(size=(len(face), 8)), face, **columns)


def quick_bench(*given, **named):
    """A bench that starts no process for a method, to be quick."""
    return castlist.research.bench.Bench(*given, **{"solve": here} | named)


def quiet(*_):
    """Shows no progress."""


def run(bench, data, store):
    """The results of all methods and seeds of a bench on one set."""
    return [r for d, m, s in bench.jobs([data]) for r in bench(d, m, s, store, quiet)]


BOX = np.tile([10.0, 10, 50, 50], (48, 1))  # a box for each face of `video`
QUICK = {"*": {"epochs": 1, "hidden": 8}}


def call(*arguments):
    """What `castlist bench` says, called with these arguments."""
    return CliRunner().invoke(command, [str(a) for a in arguments], catch_exceptions=False)
