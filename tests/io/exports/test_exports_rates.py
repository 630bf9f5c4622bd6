"""Every timed format at every rate: written, read back by another program, equal frame by frame."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from exports_made import FRAMES, NAMES, RATES, made, truth
from exports_readers import COUNTED_FROM_TIMECODE, READERS, number

from castlist.errors import InputError
from castlist.io.exports import FORMATS, Options
from castlist.io.exports.stays import grid, stays
from castlist.types import Clock

PEOPLE = Options(person=NAMES[:2])


def read_back(form, cast, rate, start):
    """The appearances that the reader of a format finds, in frames from the film's first one."""
    options = PEOPLE if form in ("ffmetadata", "matroska") else Options()
    rows = READERS[form][0](FORMATS[form].text(cast, options), rate)
    origin = number(start, rate) if form in COUNTED_FROM_TIMECODE else 0
    found = [(name, a - origin, b - origin) for name, a, b in rows]
    return [(name.replace("_", " "), a, b) for name, a, b in found] if form == "rttm" else found


@pytest.mark.parametrize("said", RATES)
@pytest.mark.parametrize("form", READERS)
def test_frames_come_back(form, said):
    rate, start = RATES[said]
    cast = made(rate, start)
    found = read_back(form, cast, rate, start)
    if form in ("ffmetadata", "matroska"):
        assert sorted(found) == sorted(truth(cast))
    else:
        assert found == truth(cast)


@pytest.mark.parametrize(("rate", "start"), [(16, "01:00:00:00"), (18, "01:00:00:00"), (120, "01:00:00:000")])
def test_rates_that_opentimelineio_has_no_timecode_for(rate, start):
    """Silent films, and cameras of 15 or 120 frames a second; its readers cannot read these back."""
    cast = made(Fraction(rate), start)
    root = ET.fromstring(FORMATS["fcp7"].text(cast))  # noqa: S314
    assert {e.findtext("timebase") for e in root.iter("rate")} == {str(rate)}
    codes = {
        tuple(c.findtext(t) for t in ("string", "frame", "displayformat")) for c in root.iter("timecode")
    }
    assert codes == {(start, str(3600 * rate), "NDF")}
    marks = [(m.findtext("name"), int(m.findtext("in")), int(m.findtext("out"))) for m in root.iter("marker")]
    assert marks == truth(cast) * 2  # on the clip and on the sequence
    assert read_back("fcpxml", cast, Fraction(rate), start) == truth(cast)
    assert all(FORMATS[form].text(cast) for form in ("otio", "edl", "avid", "ale", "appearances"))


@pytest.mark.parametrize("said", RATES)
@pytest.mark.parametrize("form", READERS)
def test_frames_come_back_from_matroska_which_has_milliseconds(form, said):
    """Times are rounded, the header's rate too, and the film begins later than its file."""
    rate, start = RATES[said]
    begin = round(5000 / float(rate))
    clock = Clock(begin + np.rint(np.arange(FRAMES) * 1000 / float(rate)).astype(np.int64), Fraction(1, 1000))
    cast = made(rate, start, clock=clock)
    rounded = Fraction(round(rate * 1000), 1000)
    cast = replace(cast, video=replace(cast.video, frame_rate=rounded))
    if form in (
        "rttm",
        "srt",
        "webvtt",
        "webvtt-metadata",
        "mmif",
        "ffmetadata",
        "matroska",
        "web-annotation",
    ):
        return  # these give times, not frames
    if form == "appearances":
        form_rows = FORMATS[form].text(cast).splitlines()[1:]
        assert [int(r.split(",")[6]) for r in form_rows] == [a for _, a, _ in truth(cast)]
        return
    found = read_back(form, cast, rate, start)
    assert found == [(name, a + 5, b + 5) for name, a, b in truth(cast)]


def labels(cast, **options):
    return [
        line.split()[4]
        for line in FORMATS["edl"].text(cast, Options(**options)).splitlines()
        if " V " in line
    ]


def test_where_timecodes_begin():
    """The option, else the film's own, else in an EDL where Resolve begins, elsewhere at 0."""
    assert labels(made(Fraction(25), "10:00:00:00"))[0] == "10:00:00:00"
    assert labels(made(Fraction(25), "10:00:00:00"), start_timecode="01:00:00:00")[0] == "01:00:00:00"
    assert labels(made(Fraction(25)))[0] == "01:00:00:00"
    assert FORMATS["avid"].text(made()).split("\t")[1] == "00:00:00:00"
    assert labels(made(RATES["29.97 DF"][0]), start_timecode="01:00:00;00")[0] == "01:00:00;00"


def test_another_rate_for_the_timeline():
    spans = [(0, 100, 150)]
    assert labels(made(Fraction(25), spans=spans), rate=Fraction(50)) == ["01:00:04:00"]
    text = FORMATS["edl"].text(made(Fraction(25), spans=spans), Options(rate=Fraction(50)))
    assert text.rstrip().endswith("|D:100")


@pytest.mark.parametrize(
    ("said", "rate", "label"),
    [
        ("10:00:00:12", 50, "10:00:04:24"),  # half a second after the hour at both rates
        ("10:00:00:24", 30, "10:00:04:28"),  # a label that 30 frames a second have, and 24 would not
        ("10:00:00:24", 24, "10:00:04:23"),
        ("10:00:00:12", 25, "10:00:04:12"),
    ],
)
def test_another_rate_for_the_timeline_keeps_the_second_of_the_films_own_timecode(said, rate, label):
    cast = made(Fraction(25), said, spans=[(0, 100, 150)])
    assert labels(cast, rate=Fraction(rate)) == [label]


@pytest.mark.parametrize(
    ("cast", "options", "message"),
    [
        (
            made(Fraction(25), "10:00:00;00"),
            {},
            "the film's own timecode, 10:00:00;00, does not fit 25 frames",
        ),
        (made(Fraction(25)), {"start_timecode": "noon"}, "is not a timecode"),
        (made(Fraction(25)), {"start_timecode": "01:00:00:25"}, "frames end at 24"),
        (made(Fraction(25, 2)), {}, "for 12.5 frames a second there is no timecode"),
        (made(RATES["29.97 DF"][0]), {"start_timecode": "00:01:00;00"}, "does not exist in drop-frame"),
    ],
)
@pytest.mark.parametrize("form", ["otio", "fcp7", "fcpxml", "edl", "avid", "ale"])
def test_times_that_cannot_be(form, cast, options, message):
    with pytest.raises(InputError, match=message):
        FORMATS[form].text(cast, Options(**options))


def test_a_rate_without_timecode_leaves_those_columns_of_the_table_empty():
    rows = FORMATS["appearances"].text(made(Fraction(25, 2))).splitlines()
    assert rows[1].split(",")[4:8] == ["", "", "0", "1"]


@pytest.mark.parametrize("said", RATES)
def test_a_film_that_leaves_out_frames_is_on_the_grid_of_all(said):
    """Of every five frames the third is left out: the average is four fifths of the rate."""
    rate, _ = RATES[said]
    kept = [n for n in range(2 * FRAMES) if n % 5 != 2][:FRAMES]
    clock = Clock(np.array(kept) * rate.denominator, Fraction(1, rate.numerator))
    cast = made(rate * 4 / 5, clock=clock, spans=[(0, 100, 141)])
    base = grid(cast, Options())
    assert base.rate == rate
    (stay,) = stays(cast, Options())
    assert base.span(stay.start, stay.stop) == (kept[100], kept[140] + 1)


def test_a_film_of_a_varying_rate_is_laid_on_a_grid():
    """Frames last 1/25 s, then 1/50 s, one of them a little less: 40 frames from frame 100 last 1.2 s."""
    steps = np.array([6, 3] * 1000)
    steps[1000] -= 1
    clock = Clock(np.cumsum([0, *steps])[:FRAMES], Fraction(1, 150))
    cast = made(Fraction(100, 3), clock=clock, spans=[(0, 100, 140)])
    assert FORMATS["edl"].text(cast).rstrip().endswith("|D:36")  # of 30 a second
    assert labels(cast) == ["01:00:03:00"]
    with pytest.raises(InputError, match="not evenly spaced"):
        FORMATS["label-studio"].text(cast)


@pytest.mark.parametrize("spans", [[], [(2, 200, 230)]], ids=["nobody", "only the background"])
@pytest.mark.parametrize("form", READERS)
def test_a_cast_without_people_has_no_rows_in_any_format(form, spans):
    """Chapters say that nobody is on screen: a film without a chapter would have no end in some players."""
    rate, start = RATES["29.97 DF"]
    text = FORMATS[form].text(made(rate, start, spans=spans))
    rows = READERS[form][0](text, rate) if text else []  # of SubRip nothing is left, which its reader refuses
    assert [row for row in rows if row[0] != "Nobody"] == []
    assert len(rows) == (form in ("ffmetadata", "matroska"))
