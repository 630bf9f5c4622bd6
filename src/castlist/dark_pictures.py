"""Brightens small pictures in which a viewer could not recognise a person.

These pictures are for viewers only: `low_light` brightens what networks are given.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from castlist.noise import NOISY, noise_level

__all__ = ["DIM", "brightened_jpeg", "brightness"]

DIM = 48  # of 255; a picture of a lower mean is brightened
SHARE = 0.99  # quantile of the values: the level of the bright parts
# Of 255: a picture with a lower level of the bright parts contains only noise, and stays black.
BLACK = 4
BRIGHT, MEAN = 215, 75  # of 255: highest level that brightening gives to the bright parts, and to the mean
MOST = 8.0  # largest factor: a larger one would show the steps of 8 bits and of the encoding
STEEPEST = 4.0  # largest ratio of the factor of the darkest parts to that of the bright parts
# Standard deviations of the Gaussian smoothing, in pixels, of light and of colour: the eye sees less detail
# in colour. Chosen by looking at faces of three films that were made dark (means of 7 to 15 of 255) and
# noisy: less smoothing leaves coloured speckles.
LIGHT, COLOUR = 1.2, 5.0
LARGEST = 2048  # pixels along a side: castlist stores no larger pictures
QUALITY = 85  # of the JPEG, the same as that of the stored pictures


def brightness(picture: bytes) -> float:
    """The mean of a JPEG or PNG, 0 to 255; 255 where the bytes are no picture."""
    small = _decoded(picture, small=True)
    return 255.0 if small is None else float(small.mean())


def brightened_jpeg(picture: bytes) -> bytes:
    """A dark JPEG made brighter, and smoothed where it is noisy; any other picture unchanged."""
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
    """(h, w, 3) BGR, or (h, w) grey of a quarter of the size; None where the bytes are no picture."""
    import cv2

    try:
        mode = cv2.IMREAD_REDUCED_GRAYSCALE_4 if small else cv2.IMREAD_COLOR
        image = cv2.imdecode(np.frombuffer(picture, np.uint8), mode) if len(picture) else None
    except cv2.error:
        return None
    return None if image is None else np.asarray(image, np.uint8)


def _raised(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A picture whose bright parts become BRIGHT, and whose mean MEAN, as far as MOST allows; no value clips.

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
    """A noisy picture smoothed, its colours more than its light; any other unchanged."""
    import cv2

    if noise_level(image) < NOISY:
        return image
    parts = cv2.cvtColor(image, cv2.COLOR_BGR2YCrCb)
    light = cv2.GaussianBlur(parts[..., :1], (0, 0), LIGHT)[..., None]
    colour = cv2.GaussianBlur(parts[..., 1:], (0, 0), COLOUR)
    return np.asarray(cv2.cvtColor(np.concatenate([light, colour], axis=2), cv2.COLOR_YCrCb2BGR), np.uint8)
