"""Video: open it, and read its frames with exact times, in a child process that bad files cannot hurt."""

from castlist.decode.files import Limits, printable
from castlist.decode.reader import Frame, Reader, open_video, read_frames

__all__ = ["Frame", "Limits", "Reader", "open_video", "printable", "read_frames"]
