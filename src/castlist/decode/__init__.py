"""Video: open it, and read its frames with exact times, in a child process that bad files cannot hurt."""

from castlist.decode.files import Limits, printable
from castlist.decode.reader import Frame, Reader, Sound, WaitingDecoder, open_video, read_frames, sound_of

__all__ = [
    "Frame",
    "Limits",
    "Reader",
    "Sound",
    "WaitingDecoder",
    "open_video",
    "printable",
    "read_frames",
    "sound_of",
]
