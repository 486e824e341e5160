"""The `Settings` of a conversion that are the same for all data sets."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the records of a conversion look like, whatever the data set.

    Args:
        size: Width and height of the pictures in pixels.
        fps: Frames per second of pose sequences and clips.
        clip_length: Frames of an unlabelled clip; `slow_backward` needs 60.
        clip_step: Frames from the start of one clip to the start of the next; `None` is `clip_length`.
        image_fps: Labelled images per second of a recording, at most; test protocols keep all.
        shortest_sequence: Frames of the shortest pose sequence that is kept.
        margin: Width of a crop, as a multiple of the larger side of the person's box.
        virtual_camera: Whether crops from calibrated cameras are those of a camera that looks straight at the person;
            see `Crop`. Otherwise they are pieces of the picture. Lens distortion is taken out of both.
        jpeg_quality: Quality, 1 to 100, of the stored pictures.

    Raises:
        ValueError: If a value is out of range; the message names it.

    Example:
        >>> Settings(size=128, clip_length=90).clip_step is None
        True
    """

    size: int = 224
    fps: float = 30.0
    clip_length: int = 60
    clip_step: int | None = None
    image_fps: float = 10.0
    shortest_sequence: int = 30
    margin: float = 1.1
    virtual_camera: bool = True
    jpeg_quality: int = 95

    def __post_init__(self):
        for name, smallest, largest in (
            ("size", 16, 4096),
            ("fps", 1, 1000),
            ("clip_length", 1, 100_000),
            ("clip_step", 1, 100_000),
            ("image_fps", 0.001, 1000),
            ("shortest_sequence", 1, 1_000_000),
            ("margin", 0.5, 10),
            ("jpeg_quality", 1, 100),
        ):
            value = getattr(self, name)
            if value is not None and not smallest <= value <= largest:
                raise ValueError(f"`{name}` must be from {smallest} to {largest}. Received: {name}={value!r}")
