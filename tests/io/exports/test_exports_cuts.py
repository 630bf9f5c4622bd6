"""Lists of cuts, read back frame by frame."""

from __future__ import annotations

import re
from fractions import Fraction

import opentimelineio as otio
import pytest
from exports_made import FRAMES, RATES, made
from exports_readers import number

from castlist.errors import InputError
from castlist.io.exports.cuts import LISTS
from castlist.reel import Piece

SPANS = [(0, 37), (150, 187), (1799, 1802)]  # frames of the film


def parts(cast):
    return [(cast, Piece(a, b, cast.clock.time(a), cast.clock.time(b))) for a, b in SPANS]


@pytest.mark.parametrize("said", RATES)
def test_an_edl_comes_back(said):
    rate, start = RATES[said]
    cast = made(rate, start)
    text = "".join(LISTS[".edl"]("Anna | two\nlines", parts(cast)))
    head, *events = text.rstrip("\n").split("\n\n")
    mark = ";" if "DF" in said.split() else ":"
    assert head == f"TITLE: Anna | two lines\nFCM: {'' if mark == ';' else 'NON-'}DROP FRAME"
    code = rf"(\d\d:\d\d:\d\d{mark}\d\d)"
    at = number(f"01:00:00{mark}00", rate)
    for i, (event, (first, stop)) in enumerate(zip(events, SPANS, strict=True), 1):
        line = rf"{i:03d}  AX       V     C        {code} {code} {code} {code}\n\* FROM CLIP NAME: film.mov"
        source_in, source_out, record_in, record_out = (
            number(t, rate) for t in re.fullmatch(line, event).groups()
        )
        assert (source_in - number(start, rate), source_out - number(start, rate)) == (first, stop)
        assert (record_in, record_out) == (at, at + stop - first)
        at = record_out


@pytest.mark.parametrize("said", RATES)
def test_a_timeline_comes_back(said):
    rate, start = RATES[said]
    cast = made(rate, start)
    (text,) = LISTS[".otio"]("Anna", parts(cast))
    timeline = otio.adapters.read_from_string(text, "otio_json")
    clips = list(timeline.find_clips())
    spans = [(c.source_range.start_time.value, c.source_range.end_time_exclusive().value) for c in clips]
    begin = number(start, rate)
    assert [(a - begin, b - begin) for a, b in spans] == SPANS
    media = clips[0].media_reference.available_range
    assert (media.start_time.value, media.duration.value) == (begin, FRAMES)
    assert timeline.duration().value == sum(b - a for a, b in SPANS)


def test_nothing_to_cut():
    assert "".join(LISTS[".edl"]("x", [])) == "TITLE: x\nFCM: NON-DROP FRAME\n"
    (text,) = LISTS[".otio"]("x", [])
    assert not list(otio.adapters.read_from_string(text, "otio_json").find_clips())


def test_films_of_several_rates_are_a_timeline_each_in_its_own_and_no_edl():
    casts = [made(*RATES[said]) for said in list(RATES)[:2]]
    both = [part for cast in casts for part in parts(cast)]
    (text,) = LISTS[".otio"]("Anna", both)
    clips = list(otio.adapters.read_from_string(text, "otio_json").find_clips())
    rates = [float(RATES[said][0]) for said in list(RATES)[:2]]
    assert [c.source_range.duration.rate for c in clips] == pytest.approx(3 * rates[:1] + 3 * rates[1:])
    assert [c.source_range.duration.value for c in clips] == 2 * [b - a for a, b in SPANS]
    with pytest.raises(InputError, match=r"counts in one rate.*write the list as \.otio"):
        "".join(LISTS[".edl"]("Anna", both))


def test_a_table_names_films_and_runs_no_formula():
    rows = "".join(LISTS[".csv"]("x", parts(made()))).splitlines()
    assert rows[0] == "part,reel_in,reel_out,film_in,film_out,first_frame,stop_frame,film"
    assert rows[2].startswith("2,0.000000,")
    assert rows[2].endswith(",150,187,film.mov")


@pytest.mark.parametrize("form", [".edl", ".otio"])
@pytest.mark.parametrize(
    ("cast", "why"),
    [
        (made(Fraction(25, 2), spans=[(0, 0, 50)]), "for 12.5 frames a second there is no timecode"),
        (
            made(Fraction(25), "10:00:00;00", spans=[(0, 0, 50)]),
            "the film's own timecode, 10:00:00;00, does not",
        ),
    ],
)
def test_films_without_timecode_are_told_of_the_table_and_of_no_option_that_a_reel_has_not(form, cast, why):
    with pytest.raises(InputError, match=why) as caught:
        "".join(LISTS[form]("Anna", parts(cast)[:1]))
    assert "write the list as .csv" in str(caught.value)
    assert "--" not in str(caught.value)
    assert "film.mov" in "".join(LISTS[".csv"]("Anna", parts(cast)[:1]))
