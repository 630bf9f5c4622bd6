"""The film's sound in timelines: its tracks in every format that has sound."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import av
import numpy as np
import opentimelineio as otio
import pytest
from exports_made import made

from castlist.decode import open_video, sound_of
from castlist.io.exports import FORMATS, Options
from castlist.io.exports.cuts import LISTS
from castlist.reel import Piece


def with_sound(path: Path, layout: str, rate: int = 48_000) -> Path:
    """Ten frames; a second of noise where there is a layout."""
    with av.open(str(path), "w") as film:
        picture = film.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
        picture.width, picture.height, picture.pix_fmt = 64, 48, "yuv420p"
        tone = film.add_stream("pcm_s16le", rate=rate) if layout else None
        if tone:
            tone.codec_context.layout = layout
        for number in range(10):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 20 * number, np.uint8), format="rgb24")
            frame.pts = number
            film.mux(picture.encode(frame))
        film.mux(picture.encode())
        if tone:
            samples = np.zeros((1, rate * len(av.AudioLayout(layout).channels)), np.int16)
            frame = av.AudioFrame.from_ndarray(samples, format="s16", layout=layout)
            frame.sample_rate, frame.pts = rate, 0
            film.mux(tone.encode(frame))
            film.mux(tone.encode())
    return path


@pytest.fixture(scope="module", params=[("", 0), ("mono", 1), ("stereo", 2), ("5.1", 6)], ids=lambda p: p[0])
def film(request, tmp_path_factory):
    """(cast of a film that is there, its channels)."""
    path = with_sound(tmp_path_factory.mktemp("sound") / "film.mov", request.param[0])
    return replace(made(), video=open_video(path)), request.param[1]


def text(name: str, cast) -> str:
    return "".join(FORMATS[name].lines(cast, Options()))


def test_the_header_says_what_sound_there_is(film) -> None:
    cast, channels = film
    found = sound_of(cast.video)
    assert (found.channels, found.rate) == (channels, 48_000) if channels else found is None


def test_a_timeline_has_a_track_of_sound_as_long_as_the_picture(film) -> None:
    cast, channels = film
    timeline = otio.adapters.read_from_string(text("otio", cast), "otio_json")
    heard = list(timeline.audio_tracks())
    assert len(heard) == min(channels, 1)
    assert all(t.duration() == timeline.video_tracks()[0].duration() for t in heard)
    assert not any(clip.markers for t in heard for clip in t)


def test_premiere_gets_a_linked_track_for_each_channel(film) -> None:
    cast, channels = film
    root = ElementTree.fromstring(text("fcp7", cast))  # noqa: S314
    tracks = root.findall(".//sequence/media/audio/track")
    assert [t.findtext("clipitem/sourcetrack/trackindex") for t in tracks] == [
        str(n + 1) for n in range(channels)
    ]
    items = root.findall(".//clipitem")
    ids = [item.get("id") for item in items]
    assert len(set(ids)) == 1 + channels
    for item in items if channels else []:
        assert [link.findtext("linkclipref") for link in item.findall("link")] == ids
    files = {file.get("id") for file in root.findall(".//file")}
    assert len(files) == 1
    described = root.findtext(".//file/media/audio/channelcount")
    assert described == (str(channels) if channels else None)


def test_final_cut_is_told_of_channels_layout_and_rate(film) -> None:
    cast, channels = film
    root = ElementTree.fromstring(text("fcpxml", cast))  # noqa: S314
    asset, sequence = root.find(".//asset"), root.find(".//sequence")
    assert asset.get("hasAudio") == ("1" if channels else None)
    assert asset.get("audioChannels") == (str(channels) if channels else None)
    layouts = {0: None, 1: "mono", 2: "stereo", 6: "surround"}
    assert sequence.get("audioLayout") == layouts[channels]
    assert sequence.get("audioRate") == ("48k" if channels else None)


def test_lists_of_cuts_take_the_sound_along_film_by_film(film) -> None:
    cast, channels = film
    silent = made()  # its film is not there
    parts = [
        (c, Piece(a, a + 5, c.clock.time(a), c.clock.time(a + 5))) for c in (cast, silent) for a in (0, 20)
    ]
    events = [line for line in "".join(LISTS[".edl"]("x", parts)).splitlines() if line[:3].isdigit()]
    assert [line.split()[2] for line in events] == (["AA/V"] * 2 if channels else ["V"] * 2) + ["V"] * 2
    timeline = otio.adapters.read_from_string("".join(LISTS[".otio"]("x", parts)), "otio_json")
    kinds = [type(item).__name__ for track in timeline.audio_tracks() for item in track]
    assert kinds == (["Clip", "Clip", "Gap", "Gap"] if channels else [])
