"""Lists of cuts, read back frame by frame."""

from __future__ import annotations

import re

import opentimelineio as otio
import pytest
from exports_made import FRAMES, RATES, made
from exports_readers import number

from castlist.io.exports.cuts import LISTS

SPANS = [(0, 37), (150, 187), (1799, 1802)]  # frames of the film


def parts(cast):
    return [(cast.clock.time(a), cast.clock.time(b)) for a, b in SPANS]


@pytest.mark.parametrize("said", RATES)
def test_an_edl_comes_back(said):
    rate, start = RATES[said]
    cast = made(rate, start)
    text = "".join(LISTS[".edl"](cast, "Anna | two\nlines", parts(cast)))
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
    (text,) = LISTS[".otio"](cast, "Anna", parts(cast))
    timeline = otio.adapters.read_from_string(text, "otio_json")
    clips = list(timeline.find_clips())
    spans = [(c.source_range.start_time.value, c.source_range.end_time_exclusive().value) for c in clips]
    begin = number(start, rate)
    assert [(a - begin, b - begin) for a, b in spans] == SPANS
    media = clips[0].media_reference.available_range
    assert (media.start_time.value, media.duration.value) == (begin, FRAMES)
    assert timeline.duration().value == sum(b - a for a, b in SPANS)


def test_nothing_to_cut():
    cast = made()
    assert "".join(LISTS[".edl"](cast, "x", [])) == "TITLE: x\nFCM: NON-DROP FRAME\n"
    (text,) = LISTS[".otio"](cast, "x", [])
    assert not list(otio.adapters.read_from_string(text, "otio_json").find_clips())
