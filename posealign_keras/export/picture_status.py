"""The `PictureStatus`: what became of an encoded picture in a request."""

from enum import IntEnum


class PictureStatus(IntEnum):
    """The output `status` of the signature `serving_jpeg`; `valid` is true for the first one only.

    Example:
        >>> PictureStatus(3).name, int(PictureStatus.OK)
        ('DAMAGED', 0)
    """

    OK = 0
    """There is a pose."""

    NOT_A_PICTURE = 1
    """Neither a JPEG nor a PNG file."""

    TOO_LARGE = 2
    """More pixels than the model was exported for. It is not decoded."""

    DAMAGED = 3
    """Its bytes cannot be decoded, for example because some are missing."""

    INVALID_BOX = 4
    """The box has no area, is not finite, or lies outside of the picture."""
