"""Small pictures that are too dark to recognise anybody, made brighter for whoever looks at them.

For the eye only: what networks are given is brightened by `low_light`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from castlist.noise import NOISY, noise_level

__all__ = ["DIM", "brightened_jpeg", "brightness"]

DIM = 48  # of 255, the mean of a picture: darker ones are made brighter
SHARE = 0.99  # of the values are no brighter than what counts as the bright parts
# Of 255: where the bright parts are darker, there is nothing but noise, and the picture stays black.
BLACK = 4
BRIGHT, MEAN = 215, 75  # of 255: how bright the bright parts, and the whole, become at most
MOST = 8.0  # times: more would show the steps of 8 bits, and of the encoding
STEEPEST = 4.0  # times, by which dark parts are raised more than bright ones
# Deviations of the smoothing, in pixels, of light and of colour: the eye sees less detail in colour. Chosen
# by looking at faces of three films that were made dark and noisy, of 7 to 15 of 255: less leaves coloured
# speckles.
LIGHT, COLOUR = 1.2, 5.0
LARGEST = 2048  # pixels along a side: larger pictures are none of those that castlist keeps
QUALITY = 85  # of the JPEG, as of the pictures that are kept


def brightness(picture: bytes) -> float:
    """The mean of a JPEG or PNG, 0 to 255, and 255 for what is no picture."""
    small = _decoded(picture, small=True)
    return 255.0 if small is None else float(small.mean())


def brightened_jpeg(picture: bytes) -> bytes:
    """A JPEG made brighter, and smoother where that shows noise, if it is dark; any other as it is."""
    small = _decoded(picture, small=True) if picture.startswith(b"\xff\xd8\xff") else None
    if small is None or small.mean() >= DIM or 4 * max(small.shape) > LARGEST:
        return picture
    image = _decoded(picture)
    if image is None:
        return picture
    import cv2

    raised = _raised(image)
    if raised is image:
        return picture
    done, data = cv2.imencode(".jpg", _without_noise(raised), [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    return bytes(data.tobytes()) if done else picture


def _decoded(picture: bytes, *, small: bool = False) -> NDArray[np.uint8] | None:
    """(h, w, 3) BGR, or (h, w) of a quarter of the size; None for what is no picture."""
    import cv2

    try:
        mode = cv2.IMREAD_REDUCED_GRAYSCALE_4 if small else cv2.IMREAD_COLOR
        image = cv2.imdecode(np.frombuffer(picture, np.uint8), mode) if len(picture) else None
    except cv2.error:
        return None
    return None if image is None else np.asarray(image, np.uint8)


def _raised(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A picture whose bright parts become BRIGHT, and whose mean MEAN, if MOST allows it; nothing is cut off.

    The curve is that of Reinhard: dark parts are raised more, the brightest keep their shades.
    [Reinhard et al., "Photographic tone reproduction for digital images", SIGGRAPH 2002]
    """
    import cv2

    below = np.cumsum(np.bincount(image.ravel(), minlength=256))
    top = int(np.searchsorted(below, SHARE * below[-1]))
    if top < BLACK:
        return image
    mean, wanted = min(float(image.mean()) / top, 0.99), MEAN / BRIGHT
    steep = float(np.clip(wanted * (1 - mean) / max(mean * (1 - wanted), 1e-6), 1, STEEPEST))
    white = min(float(BRIGHT), MOST * top) if top < BRIGHT else 255.0
    steep = max(min(steep, MOST * top / white), 1.0)
    part = np.arange(256) / max(top, 1)
    curve = np.minimum(white * steep * part / (1 + (steep - 1) * part), 255)
    return np.asarray(cv2.LUT(image, np.maximum(curve, np.arange(256)).round().astype(np.uint8)), np.uint8)


def _without_noise(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A picture smoothed, its colours more than its light, where it is noisy."""
    import cv2

    if noise_level(image) < NOISY:
        return image
    parts = cv2.cvtColor(image, cv2.COLOR_BGR2YCrCb)
    light = cv2.GaussianBlur(parts[..., :1], (0, 0), LIGHT)[..., None]
    colour = cv2.GaussianBlur(parts[..., 1:], (0, 0), COLOUR)
    return np.asarray(cv2.cvtColor(np.concatenate([light, colour], axis=2), cv2.COLOR_YCrCb2BGR), np.uint8)
