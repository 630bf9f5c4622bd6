"""Opens a film with FFmpeg: through an open file object, and only in formats that hold films.

FFmpeg gets no file name and cannot open other files, which a playlist would name. Runs in the decoding child.
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, NoReturn

import av

from castlist.decode.quicktime import time_scales
from castlist.decode.readable import Readable

if TYPE_CHECKING:
    from av.container import InputContainer

__all__ = ["FORMATS", "opened"]

# Demuxers that read only the given file.
FORMATS = (
    "3dostr,4xm,aac,ac3,aiff,amr,amv,apng,asf,au,av1,avi,avs,bink,caf,cavsvideo,dirac,dnxhd,dts,dv,eac3,ea,"
    "flac,flic,flv,gif,gxf,h261,h263,h264,hevc,ivf,ivr,live_flv,lvf,m4v,matroska,webm,mgsts,mjpeg,mjpeg_2000,"
    "mov,mp4,m4a,3gp,3g2,mj2,mp3,mpeg,mpegts,mpegvideo,mpjpeg,msf,mtv,mv,mxf,nsv,nut,nuv,obu,ogg,pmp,pva,"
    "r3d,rl2,rm,roq,smk,smush,swf,thp,tmv,truehd,vc1,vc1test,vivo,vvc,wav,wc3movie,wtv,wv,yop,yuv4mpegpipe,"
    # formats of single pictures, so that the error message can name them
    "png_pipe,jpeg_pipe,bmp_pipe,tiff_pipe,webp_pipe,jpegxl_pipe,gem_pipe,psd_pipe,dds_pipe,exr_pipe,"
    "j2k_pipe,pgm_pipe,ppm_pipe,pbm_pipe,pam_pipe,sunrast_pipe,xpm_pipe,svg_pipe,ico,dpx_pipe,sgi_pipe,pcx_pipe,"
    "qoi_pipe,hdr_pipe,jpegls_pipe,jpegxs_pipe,pfm_pipe,phm_pipe,pgx_pipe,xbm_pipe,xwd_pipe"
)


def opened(file: Readable, *, edits: bool = True) -> InputContainer:
    """The container that FFmpeg reads through this file object, and from no other file.

    Args:
        edits: follow the edit lists of QuickTime and MP4.
    """
    options = {"format_whitelist": FORMATS, "protocol_whitelist": "none"}
    container: InputContainer = av.open(
        _Bytes(file),
        mode="r",
        options=options if edits else options | {"ignore_editlist": "1"},
        metadata_errors="replace",
        buffer_size=1 << 18,
        io_open=_refuse,
    )
    return container


def _refuse(*_: object) -> NoReturn:
    raise PermissionError("a film may not open other files")


class _Bytes:
    """A file object for FFmpeg: a seek beyond the file, by a broken index, is left to FFmpeg.

    Impossible time scales of QuickTime and MP4 tracks are replaced as they are read.
    """

    def __init__(self, file: Readable) -> None:
        self._read, self.tell, self._seek = file.read, file.tell, file.seek
        self._scales = time_scales(file)

    def read(self, size: int) -> bytes:
        if not self._scales:
            return self._read(size)
        at, data = self.tell(), bytearray(self._read(size))
        for place, scale in self._scales.items():
            for i, byte in enumerate(scale, place - at):
                if 0 <= i < len(data):
                    data[i] = byte
        return bytes(data)

    def seek(self, offset: int, whence: int = 0) -> int:
        try:
            return self._seek(offset, whence)
        except (OSError, ValueError) as error:
            if isinstance(error, OSError) and error.errno != errno.EINVAL:
                raise
            return -errno.EINVAL

    def seekable(self) -> bool:
        return True
