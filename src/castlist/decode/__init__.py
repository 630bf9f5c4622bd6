"""Opens a video and reads its frames with exact times, in a child process that isolates decoder crashes."""

from castlist.decode.files import OF_PICTURES, Limits, decoding_threads, printable
from castlist.decode.packet_times import PacketTimes
from castlist.decode.reader import (
    Frame,
    Reader,
    Sound,
    WaitingDecoder,
    open_again,
    open_video,
    read_frames,
    sound_of,
)

__all__ = [
    "OF_PICTURES",
    "Frame",
    "Limits",
    "PacketTimes",
    "Reader",
    "Sound",
    "WaitingDecoder",
    "decoding_threads",
    "open_again",
    "open_video",
    "printable",
    "read_frames",
    "sound_of",
]
