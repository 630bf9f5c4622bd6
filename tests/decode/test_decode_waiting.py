"""A decoder that opens a film and then reads it: the same film, the same frames, and no process left."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

import numpy as np
import pytest
from test_decode import make

from castlist.decode import Reader, WaitingDecoder, open_video, read_frames
from castlist.errors import InputError, VideoError


def frames(reader: Reader) -> list[tuple[int, bytes]]:
    with reader:
        return [(frame.pts, frame.image.tobytes()) for frame in reader]


def process(decoder: WaitingDecoder) -> int:
    """The number of the decoder's process."""
    assert decoder._started is not None
    return decoder._started.child._process.pid


@pytest.mark.parametrize("kind", ["h264", "open gop", "mpeg2 ts", "gray"])
def test_film_and_frames_are_those_of_two_decoders(kind: str, tmp_path: Path) -> None:
    path = make(tmp_path / "film", 20, kind=kind)
    with WaitingDecoder(path) as decoder:
        video = decoder.video()
        once = frames(read_frames(video, max_side=80, decoder=decoder))
    assert video == open_video(path)
    assert once == frames(read_frames(video, max_side=80))


def test_a_read_may_begin_late_and_ask_for_thumbs(tmp_path: Path) -> None:
    path = make(tmp_path / "film", 30)
    with WaitingDecoder(path) as decoder:
        video = decoder.video()
        start = frames(read_frames(video))[17][0]
        with read_frames(video, start_pts=start, thumb=(8, 8), on_demand=3, decoder=decoder) as reader:
            first = next(reader)
            assert first.pts == start
            assert first.thumb is not None
            assert first.thumb.shape == (8, 8, 3)
            assert np.asarray(first.image).shape == (64, 96, 3)


def test_it_reads_once_and_another_decoder_reads_again(tmp_path: Path) -> None:
    with WaitingDecoder(make(tmp_path / "film", 10)) as decoder:
        video = decoder.video()
        once = frames(read_frames(video, decoder=decoder))
        assert frames(read_frames(video, decoder=decoder)) == once
        with pytest.raises(InputError, match="has ended"):
            decoder.video()


def test_the_process_ends_with_its_block_and_with_its_reader(tmp_path: Path) -> None:
    path = make(tmp_path / "film", 10)
    with WaitingDecoder(path) as decoder:
        unused = process(decoder)
    with WaitingDecoder(path) as decoder:
        used, video = process(decoder), decoder.video()
        frames(read_frames(video, decoder=decoder))
    for number in (unused, used):
        with pytest.raises(ProcessLookupError):
            os.kill(number, 0)


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="needs /proc")
@pytest.mark.parametrize("reads", [False, True])
def test_the_film_is_closed(reads: bool, tmp_path: Path) -> None:
    path = make(tmp_path / "film", 10)
    with WaitingDecoder(path) as decoder:
        video = decoder.video()
        assert path in opened()
        if reads:
            frames(read_frames(video, decoder=decoder))
    assert path not in opened()


def opened() -> list[Path]:
    """The files that this process has open."""
    found = []
    for link in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):  # closed meanwhile
            found.append(link.readlink())
    return found


def test_what_is_no_film_is_one_sentence(tmp_path: Path) -> None:
    text = tmp_path / "text.mp4"
    text.write_text("no film")
    with WaitingDecoder(text) as decoder, pytest.raises(VideoError, match="not a video"):
        decoder.video()
    with pytest.raises(VideoError, match="does not exist"):
        WaitingDecoder(tmp_path / "none.mp4")


def test_a_decoder_killed_while_it_waits_is_one_error(tmp_path: Path) -> None:
    with WaitingDecoder(make(tmp_path / "film", 10)) as decoder:
        video = decoder.video()
        os.kill(process(decoder), signal.SIGKILL)
        with pytest.raises(VideoError, match="could not be decoded"):
            read_frames(video, decoder=decoder)


def test_a_film_that_changed_while_it_waited_is_refused(tmp_path: Path) -> None:
    path = make(tmp_path / "film", 10)
    with WaitingDecoder(path) as decoder:
        video = decoder.video()
        with path.open("ab") as film:
            film.write(b"more")
        with pytest.raises(VideoError, match="changed while it was read"):
            read_frames(video, decoder=decoder)
