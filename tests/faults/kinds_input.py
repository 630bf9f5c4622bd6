"""Kinds of faults in what a user gives: settings, recipes, feature files, films, names."""

from __future__ import annotations

import io
import os
import random
import subprocess
import zipfile
from contextlib import suppress
from pathlib import Path

import numpy as np

from tests.faults.campaign import Box, Case, Command, kind
from tests.faults.kinds_workspace import NASTY
from tests.faults.server import Limits

NUMBERS = [
    "0",
    "-1",
    "1",
    "1e999",
    "-1e999",
    "nan",
    "inf",
    "9" * 400,
    "9" * 5000,
    "1e308",
    "1e-320",
    "0x10",
    "0.5",
    "1_0",
    str(1 << 53),
    str((1 << 53) + 1),
    str(1 << 63),
    str(-(1 << 63)),
    "1000000",
    "1e9",
]
OTHERS = [
    "",
    "true",
    "false",
    '"a"',
    "a",
    "[]",
    "[1]",
    "[1, 2]",
    "[[1]]",
    '["a"]',
    "[nan]",
    f"[{'9' * 400}]",
    "{}",
    "{a = 1}",
    "[" * 3000 + "]" * 3000,
    "[" * 3000,
    "{a = " * 3000,
    "2020-01-01",
    NASTY,
    "\\udcff",
    "x" * 100_000,
    '"""',
    "'",
    "1 # 2",
    "\n",
]
USES = [
    "evil_mod:C",
    "evil_mod:Missing",
    "evil_mod",
    ".evil_mod:C",
    "..:C",
    ":C",
    "evil_mod:",
    ":",
    "collections:Counter",
    "os:system",
    "os:path",
    "builtins:dict",
    "builtins:object",
    "builtins:int",
    "broken_mod:C",
    "exit_mod:C",
    "raise_mod:C",
    "a.b.c:D",
    "a" * 5000,
    "a:" + "b" * 5000,
    NASTY,
    NASTY + ":C",
    "\\u0000:C",
    "json.decoder:JSONDecoder",
    "threading:Thread",
]


def options() -> list[str]:
    """Every option of the default recipe, as step.option."""
    from dataclasses import fields, is_dataclass

    from castlist.recipe import CHOICES, Recipe

    return [
        f"{step}.{f.name}"
        for step in CHOICES
        for f in (fields(getattr(Recipe(), step)) if is_dataclass(getattr(Recipe(), step)) else ())
    ]


@kind("--set with absurd values", 12)
def settings(rng: random.Random, box: Box) -> Case:
    modules = {"broken_mod": "(", "exit_mod": "raise SystemExit(3)", "raise_mod": "1/0"}
    for name, body in modules.items():
        (box.folder / f"{name}.py").write_text(body)
    given = []
    for _ in range(rng.choice((1, 1, 2))):
        what = rng.random()
        if what < 0.65:
            given.append(f"{rng.choice(options())}={rng.choice(NUMBERS + OTHERS)}")
        elif what < 0.9:
            use = rng.choice([u for u in USES if not u.startswith("evil_mod:")])  # one's own module may run
            given.append(f"{rng.choice(options()).split('.')[0]}.use={use}")
        else:
            given.append(
                rng.choice(
                    (
                        "=",
                        ".",
                        "a=b",
                        "a.b",
                        "split.=1",
                        ".ratio=1",
                        "split.ratio",
                        NASTY,
                        "x" * 100_000,
                        "a.b.c=1",
                    )
                )
            )
    given = [g.replace("\0", "") for g in given]
    words = ["recipe", *(w for g in given for w in ("--set", g))]
    if rng.random() < 0.1:
        words = ["find", "film.mp4", "-q", "-o", "new.castlist", *words[1:]]
    return Case(" ".join(words)[:80], [Command(words, Limits(seconds=90 if words[0] == "find" else 20))])


@kind("recipe files", 6)
def recipe_files(rng: random.Random, box: Box) -> Case:
    path = str(box.folder / "out" / "r.toml")
    (box.folder / "out").mkdir()
    step = rng.choice(options()).split(".")
    text = f"[{step[0]}]\n"
    bodies = {
        "a value": f"{text}{step[1]} = {rng.choice(NUMBERS + OTHERS)}\n",
        "a use": f'{text}use = "{rng.choice([u for u in USES if not u.startswith("evil_mod:")])}"\n',
        "deep tables": "[" + ".".join("a" * 5000) + "]\n",
        "deep lists": text + "a = " + "[" * 100_000,
        "no tables": "split = 3\n",
        "junk": NASTY,
        "large": "#" * (5 << 20),
        "many": "".join(f"[a{i}]\n" for i in range(100_000)),
        "bytes": "\\xff",
        "twice": text + text,
        "dotted": "split.a.b.c = 1\n",
    }
    what = rng.choice(
        [*bodies, "pipe", "/dev/zero", "/dev/stdin", "a folder", "a socket", "a zero", "none", "long"]
    )
    if what in bodies:
        Path(path).write_bytes(bodies[what].encode("utf-8", "surrogateescape").replace(b"\\xff", b"\xff"))
    elif what == "pipe":
        os.mkfifo(path)
    else:
        path = {"a folder": "mine", "a zero": "a\0b", "none": "none.toml", "long": "x" * 5000}.get(what, what)
    return Case(what, [Command(["recipe", "--recipe", path], Limits(seconds=20))])


# Features


def _npz(rng: random.Random, faces: int = 30) -> dict[str, np.ndarray]:
    numbers = np.random.default_rng(rng.randrange(1 << 30))
    return {
        "features": numbers.normal(size=(faces, 16)).astype(np.float32),
        "track_id": np.repeat(np.arange(faces // 5), 5),
        "frame": np.arange(faces),
        "box": np.ones((faces, 4), np.float32),
    }


@kind("feature files", 8)
def features(rng: random.Random, box: Box) -> Case:
    (box.folder / "out").mkdir()
    path = box.folder / "out" / "f.npz"
    columns = _npz(rng)
    what = rng.choice(
        (
            "mutated",
            "mutated",
            "cut",
            "a value",
            "a value",
            "bombs",
            "pipe",
            "giant",
            "pickle",
            "header",
            "names",
            "bcl",
            "mat",
        )
    )
    if what == "bombs":
        for i in range(rng.choice((3, 30, 60))):
            columns[f"view_{i}"] = np.zeros((30, 500_000), np.float32)
        np.savez_compressed(path, **columns)
    elif what == "pickle":
        np.savez(path, **{**columns, "view_a": np.array([{}] * 30, object)})
    elif what == "a value":
        name = rng.choice(list(columns))
        columns[name] = rng.choice(
            [
                columns[name] * np.nan if columns[name].dtype.kind == "f" else columns[name] - 5,
                columns[name][:7],
                columns[name][None],
                np.zeros(0),
                np.array(5),
                columns[name].astype("U4"),
                columns[name].astype(complex),
                columns[name] * 10**12,
            ]
        )
        np.savez(path, **columns)
    elif what == "pipe":
        os.mkfifo(path)
    elif what == "giant":
        np.savez(path, **columns)
        with open(path, "ab") as file:
            file.truncate(1 << 40)
    elif what in ("header", "names"):
        with zipfile.ZipFile(path, "w") as file:
            for name, array in columns.items():
                data = io.BytesIO()
                np.save(data, array)
                raw = data.getvalue()
                if what == "header":
                    raw = raw.replace(b"(30", rng.choice((b"(-1", b"(99", b"(1e", b"((("))).replace(
                        b"'<f4'", rng.choice((b"'|O '", b"'<f4'", b"'<V9'"))
                    )
                file.writestr(
                    name
                    + (".npy" if what == "header" else rng.choice((".npy", "", ".npy.npy", "/../x.npy"))),
                    raw,
                )
    elif what == "bcl":
        path = box.folder / "out" / "bcl"
        path.mkdir()
        for name in ("a.npy", "b.npy", "x.ids"):
            (os.mkfifo if rng.random() < 0.4 else Path.touch)(path / name)
        path = rng.choice((path, path / "x.ids"))
    elif what == "mat":
        path = path.with_suffix(".mat")
        path.write_bytes(
            b"MATLAB 5.0 MAT-file".ljust(124) + b"\x00\x01IM" + rng.randbytes(rng.randrange(3000))
        )
    else:
        np.savez_compressed(path, **columns)
        data = bytearray(path.read_bytes())
        for _ in range(rng.choice((1, 5, 50)) if what == "mutated" else 0):
            data[rng.randrange(len(data))] = rng.randrange(256)
        path.write_bytes(data if what == "mutated" else data[: rng.randrange(len(data))])
    words = ["refine", str(path), "--set", "epochs=1", "-q", "-o", "out/refined.npz"]
    return Case(what, [Command(words, Limits(seconds=60))])


# Films


@kind("mutated films", 2)
def mutated(rng: random.Random, box: Box) -> Case:
    data = bytearray(box.film.read_bytes())
    what = rng.choice(("bytes", "blocks", "cut", "swap", "zeros", "atoms", "tail"))
    for _ in range(rng.choice((1, 4, 20))):
        at, size = rng.randrange(len(data)), rng.choice((1, 8, 200, 4096))
        if what in ("bytes", "tail"):
            data[at if what == "bytes" else -1 - at // 20] = rng.randrange(256)
        elif what == "blocks":
            data[at : at + size] = rng.randbytes(size)
        elif what == "zeros":
            data[at : at + size] = bytes(size)
        elif what == "swap":
            of = rng.randrange(len(data))
            data[at : at + size] = data[of : of + size]
        elif what == "atoms":
            name = rng.choice(
                (b"avc1", b"stts", b"stco", b"stsz", b"mdhd", b"tkhd", b"moov", b"stsd", b"ctts", b"elst")
            )
            place = data.find(name)
            if place > 0:
                data[place - 4 : place + 4 + rng.randrange(24)] = (
                    rng.randbytes(8 + rng.randrange(24)) if rng.random() < 0.6 else b"\0\0\0\x10zzzz"
                )
    if what == "cut":
        del data[rng.randrange(len(data)) :]
    path = box.folder / "out" / "m.mp4"
    path.parent.mkdir()
    path.write_bytes(data)
    over = rng.random() < 0.3
    words = ["find", str(path), "-q", "-o", "film.castlist" if over else "new.castlist"]
    return Case(f"{what}{' over another workspace' if over else ''}", [Command(words, Limits(seconds=120))])


SHAPES = [
    "20000x20",
    "20x20000",
    "1x8000",
    "8000x1",
    "2x2",
    "1x1",
    "16x16",
    "64x36",
    "4096x2",
    "3x3000",
    "130x130",
]


@kind("crafted films", 2)
def crafted(rng: random.Random, box: Box) -> Case:
    (box.folder / "out").mkdir()
    path = box.folder / "out" / "c.mkv"
    what = rng.choice(("shape", "shape", "rate", "playlist", "picture", "text", "svg", "concat", "sound"))
    if what in ("shape", "rate", "sound"):
        size, rate = (
            (rng.choice(SHAPES), 10)
            if what == "shape"
            else ("64x48", rng.choice(("1/100", "1000", "24000/1001", "1")))
        )
        source = f"color=red:s={size}:d=0.3:r=10" if what == "shape" else f"testsrc=s=64x48:d=0.4:r={rate}"
        source = "anullsrc=d=0.3" if what == "sound" else source
        code = [
            "ffmpeg",
            "-v",
            "error",
            "-f",
            "lavfi",
            "-i",
            source,
            *(["-c:v", "ffv1"] if what != "sound" else []),
            str(path),
        ]
        with suppress(OSError):
            subprocess.run(code, capture_output=True, stdin=subprocess.DEVNULL)
        what = f"{what} {size if what == 'shape' else rate}"
    else:
        secret = box.mine / "letter.txt"
        body = {
            "playlist": f"#EXTM3U\n#EXTINF:1,\nfile://{secret}\n#EXTINF:1,\nhttp://127.0.0.1:9/x.ts\n",
            "concat": f"ffconcat version 1.0\nfile '{secret}'\n",
            "text": "not a film\n" * 99,
            "svg": f'<svg xmlns="http://www.w3.org/2000/svg"><image href="file://{secret}"/></svg>',
            "picture": "P3 1 1 255 0 0 0\n",
        }[what]
        path = path.with_suffix(rng.choice((".mp4", ".m3u8", ".txt", ".mkv", ".svg", ".avi")))
        path.write_text(body)
    return Case(what, [Command(["find", str(path), "-q", "-o", "new.castlist"], Limits(seconds=120))])


@kind("names, addresses and odd arguments", 6)
def names(rng: random.Random, box: Box) -> Case:
    odd = [
        "",
        ".",
        "..",
        "/",
        "/dev/null",
        "/dev/zero",
        "/proc/self/mem",
        "x" * 300,
        "x" * 5000,
        "a/" * 2000,
        NASTY,
        "-",
        "--",
        "-x",
        "a\nb",
        "https://example.com/film.mp4",
        "file:///etc/passwd",
        "concat:a|b",
        "pipe:0",
        "rtsp://127.0.0.1:1/x",
        "$(id)",
        "film.mp4/x",
        "evil_mod.py",
        "\udcff.mp4",
        "film.castlist/cast.db",
        "film.castlist/thumbs",
        "mine",
    ]
    verb = rng.choice(("find", "info", "export", "decide", "explain", "refine", "redact", ""))
    more = {
        "decide": [rng.choice(("list", "name", "merge", "split", "sort", "undo", "nonsense"))],
        "explain": ["0", rng.choice(odd)],
        "refine": ["-o", "out/x.npz"],
        "find": ["-q"],
        "redact": ["-o", "out/x.mp4"],
    }
    place = rng.choice([*odd, "film.castlist", "film.mp4"])
    words = [verb] * bool(verb) + [place] + more.get(verb, []) + rng.choice(([], [], [rng.choice(odd)]))
    (box.folder / "out").mkdir()
    return Case(" ".join(words)[:80], [Command(words, Limits(seconds=90))])
