"""docs/exports.md from the table of formats: `python -m castlist.io.exports.reference > docs/exports.md`."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator

from castlist.io.exports import FORMATS, stills
from castlist.io.exports.writing import Export

__all__ = ["markdown"]

_HEAD = """# Exports

<!-- Made by `python -m castlist.io.exports.reference`; change the text in src/castlist/io/exports/. -->

```sh
castlist export film.castlist -o film.edl                   # the suffix chooses the format
castlist export film.mp4 -o film.otio                       # the workspace beside the film
castlist export film.mp4 -o film.csv --person Anna --person Bob
castlist export film.mp4 --format coco -o train.json --people-only
castlist export film.mp4 --format stills -o stills/          # pictures of people, with face regions in XMP
castlist export film.mp4 -o film.edl --start-timecode 01:00:00:00 --rate 25
```

For editors, archivists and researchers: `castlist export` writes the cast for other programs. Which file
do you need?

| you use | write |
|---|---|
| DaVinci Resolve | `-o film.edl` (Import > Timeline Markers from EDL) |
| Premiere Pro | `-o film.xml --format fcp7` |
| Final Cut Pro | `-o film.fcpxml` |
| Avid Media Composer | `-o film.avid.txt` |
| a spreadsheet or a catalogue | `-o film.csv`: one row for each appearance |
| a program of your own | `-o film.json`, or `--format faces -o faces.csv`: one row for each face |

The suffix of the file chooses the format. Use `--format` if several formats have the suffix, or none has
it; a suffix that belongs to another format is an error. `--format csv` means `faces`, one row for each face;
`film.csv` without `--format` has appearances. A file is written completely or not at all, and never over a
film, over a database, over a library's own files, or into a workspace. From Python:

```python
import castlist
from castlist.io.exports import FORMATS, Options

cast = castlist.find("film.mp4")
FORMATS["otio"].write(cast, "film.otio", Options(person=("Anna",)))
```

| format | suffix | what it holds | options | read back in the tests by |
|---|---|---|---|---|
"""

_TIME = """
## Who is written

Tables of faces (`faces`, `json`, `mot`, `coco`, `cvat`, `label-studio`) contain all people. All other formats
contain the appearances of the cast; `--background` adds people of the background, `--person NAME` (several
times, or with commas) takes only these people. If people share a name, a number is added. Names are written
on one line; characters that mean something to a format are escaped or replaced as its section says; letters
of every script of Unicode are kept.

## People without a name

"Person 3" distinguishes people of one film; it is no name, and Person 3 of another film is another person.
Formats whose names go into a catalogue contain only names that a user gave: `xmp`, stills and posters have no
`PersonInImage` for the others, and their faces are regions without a name. `fcpxml` has
`Person 3 (film.mov)` as the keyword, `web-annotation` has a tag instead of an identity, and `appearances`,
`json` and `webvtt-metadata` say in `named` whether it is a name. All other formats write "Person 3" as a
label: in markers, subtitles and chapters for people who watch the film, and as an id in training data of this
one film (`coco`, `cvat`, `label-studio`, `mmif`, `rttm`). castlist does not read it back as a name.

## Time

Times come from the film's own timestamps and are exact: an appearance begins with its first frame and ends
when the frame after its last one is shown (ends are exclusive). It continues over gaps of at most a second in
which the person is not visible, so it can last longer than the seconds on screen; tables of faces have every
frame.
Times count from the file's time 0, so a film whose pictures begin later than its sound keeps that distance.

Formats for editing count frames on a grid. A film of constant rate has its own: 23.976, 24, 25, 29.97, 30,
50, 59.94, 60 or any other whole rate. If the rate varies, it is the usual rate on whose grid all frames lie
(25, if a recorder left out some of 25 frames a second), else the usual rate nearest to the average, as in an
editing program; `--rate` replaces it. A rate without timecode (12.5) needs `--rate`.

Time 0 has the film's own timecode (QuickTime's `tmcd` track, MXF, or a tag), drop-frame if the film has
drop-frame timecode, else 00:00:00:00 (in the EDL 01:00:00:00, where Resolve begins a timeline).
`--start-timecode 01:00:00:00` replaces it; `01:00:00;00`, with a semicolon, is drop-frame. A workspace made
by castlist 0.1 does not contain the film's timecode: run `castlist find` again to read it.

Cameras of 50 or 60 frames a second often count timecode at 25 or 30. QuickTime and MXF files store this rate,
and castlist uses it. Matroska and other files with only a `timecode` tag do not store it: castlist reads the
tag at the film's own rate, so that the start can be up to half a second early. If such a film counts at half
its rate, double the frames of the tag: for 10:00:00:12 in a film of 50 frames a second write
`--start-timecode 10:00:00:24`.

## The other way: names from files

`castlist propose film.castlist names.csv` reads people and times from a table (`.csv`, `.tsv`), from markers
(`.otio`) or from the face regions of a picture (`.xmp`, `.jpg`, with `--at TIME`), and lists for each name
the person who fits best: by faces if the file has boxes, else by the seconds that the name's spans and the
person's appearances have in common, as a share of the seconds of both together.

Names for people without one are stored in the workspace as **proposals**, and nothing is decided. The review
page asks about each person: "Anna? (from markers.otio)", `y` or `w`; `castlist propose film.castlist` lists
the open proposals, `--accept Anna` and `--reject Anna` answer (`--reopen Anna` takes a no back),
`castlist info` and `castlist decide ... list` show these, and Python has `castlist.propose`, `proposals`,
`accept` and `reject`. Yes is a decision like any other, which undo takes back; no means that this name is
never proposed for that person again, whatever file it comes from. A proposal stays with the faces it was made
for when people are merged, split or found again.

`--apply` (with `--only NAME` for some) names the clear ones at once: at least half agrees, no other person is
within 20 points by time, the person has no name yet and no other person has this name. Names such as
"Person 7" are castlist's own and are skipped.
"""


def markdown() -> str:
    """The whole page."""
    return _HEAD + "".join(map(_row, FORMATS.values())) + _TIME + "".join(_sections())


def _row(export: Export) -> str:
    suffixes = ", ".join(f"`{s}`" for s in export.suffixes)
    options = ", ".join(f"`--{o.replace('_', '-')}`" for o in sorted(export.options))
    return f"| `{export.name}` | {suffixes} | {export.about} | {options} | {export.checked} |\n"


def _sections() -> Iterator[str]:
    for export in FORMATS.values():
        text = inspect.getdoc(sys.modules[export.lines.__module__]) or ""
        yield f"\n## {export.title}: `{export.name}`\n\n{text.strip()}\n"
    yield f"\n## Stills: `stills`\n\n{(inspect.getdoc(stills) or '').strip()}\n"


if __name__ == "__main__":
    sys.stdout.write(markdown())
