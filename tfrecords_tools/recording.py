"""The `Recording`: what a reader makes of one recording of its data set, and the `RecordingId` that names it."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from posealign_keras.skeletons import BODY17
from tfrecords_tools.frames import Frames


@dataclass(frozen=True, kw_only=True)
class RecordingId:
    """Names one recording, and the files that it is read from.

    Args:
        sequence: Name of the recording, unique within data set, subject and camera.
        subject: Who moves; empty if unknown.
        camera: Which camera filmed it; empty if there is one or none.
        dataset: Data set that it is from, if that is not the reader's name.
        index: Which recording of its file it is, if that holds several.
        split: The split of the data set that it belongs to; `None` if the data set has none of its own.
        group: What must not be torn apart when splits are drawn: usually a person or a sequence.
        stratum: Kind of recording; kinds are spread over the splits that are drawn.
        length: Size of the recording, in any unit, for the shares of the splits.
        files: Absolute paths of all files that it is read from, those of options among them. A conversion that is
            run again reads it again if one changes.

    Example:
        >>> RecordingId(sequence="Walking 1", subject="S9", camera="60457274", split="test").subject
        'S9'
    """

    sequence: str
    subject: str = ""
    camera: str = ""
    dataset: str = ""
    index: int = 0
    split: str | None = None
    group: str = ""
    stratum: str = ""
    length: int = 1
    files: tuple[str, ...] = ()

    def __str__(self):
        return "/".join(part for part in (self.dataset, self.subject, self.sequence, self.camera) if part)


@dataclass(frozen=True, kw_only=True, eq=False)
class Recording:
    """One recording, in the units, axes and joints of the package. T frames, all arrays as long as what is filmed.

    Args:
        fps: Frames per second of the arrays, and of `frames` if there are any.
        frames: The pictures.
        positions: `(T, 17, 3)` joint positions in metres, in `BODY17` order; NaN where a joint is not known.
        coordinate_frame: `"camera"` (x right, y down, z forward) or `"world"` (right-handed, z up).
        validity: `(T, 17)` or `(17,)` bool: whether a joint may serve as a label. `False` for joints that are only
            approximated. By default those that are not NaN.
        keypoints: `(T, 17, 2)` joints in pixels of the pictures, where the centre of the first pixel is (0, 0); by
            default `positions` projected.
        boxes: `(T, 4)` left, top, right and bottom edge of the person in pixels, where the corner of the first pixel
            is (0, 0); NaN where the person is not seen. By default the extent of the joints, enlarged.
        intrinsics: `(3, 3)` camera matrix in pixels, the centre of the first pixel at (0, 0).
        distortion: `(k1, k2, p1, p2, k3)` of OpenCV's lens model; crops are undistorted.
        labelled: `(T,)` bool: the frames that may become labelled images; by default all.
        first_frame: Index, in what was recorded, of the first frame that is here, if frames before it were left out.
        every_frame: Whether all of these become images, however close in time, as a test protocol may want.
        scale: Factor that took the lengths of the data set to metres.
        notes: What the user should know about this recording, such as an error of the data set that was dealt with.

    Raises:
        ValueError: If an array has the wrong shape; the message names it.

    Example:
        >>> recording = Recording(fps=50.0, positions=np.zeros((100, 17, 3)), coordinate_frame="world")
        >>> bool(recording.valid.all()), recording.boxes is None
        (True, True)
    """

    fps: float
    frames: Frames | None = None
    positions: np.ndarray | None = None
    coordinate_frame: str = "camera"
    validity: np.ndarray | None = None
    keypoints: np.ndarray | None = None
    boxes: np.ndarray | None = None
    intrinsics: np.ndarray | None = None
    distortion: tuple[float, ...] = ()
    labelled: np.ndarray | None = None
    first_frame: int = 0
    every_frame: bool = False
    scale: float = 1.0
    notes: tuple[str, ...] = field(default=())

    def __post_init__(self):
        if not 0 < self.fps < np.inf:
            raise ValueError(f"`fps` must be a positive number. Received: fps={self.fps}")
        joints = BODY17.num_joints
        if self.positions is not None and np.shape(self.positions)[1:] != (joints, 3):
            raise ValueError(f"`positions` must have shape (T, {joints}, 3). Received: {np.shape(self.positions)}")
        count = len(self.positions) if self.positions is not None else None
        for name, trailing in (("keypoints", (joints, 2)), ("boxes", (4,)), ("labelled", ())):
            value = getattr(self, name)
            if value is None:
                continue
            count = len(value) if count is None else count
            if np.shape(value) != (count, *trailing):
                raise ValueError(f"`{name}` must have shape {(count, *trailing)}. Received: {np.shape(value)}")
        if self.validity is not None and np.shape(self.validity) not in ((joints,), (count, joints)):
            raise ValueError(f"`validity` must have shape {(count, joints)}. Received: {np.shape(self.validity)}")
        if self.intrinsics is not None and np.shape(self.intrinsics) != (3, 3):
            raise ValueError(f"`intrinsics` must have shape (3, 3). Received: {np.shape(self.intrinsics)}")

    @property
    def valid(self) -> np.ndarray:
        """`(T, 17)` bool: whether a joint may serve as a label."""
        joints = self.positions if self.positions is not None else self.given("keypoints")
        known = np.asarray(np.isfinite(joints).all(axis=-1))
        return known if self.validity is None else known & self.validity

    def given(self, name: str) -> Any:
        """Return what is called `name`, which the kind of record that is to be made needs.

        Raises:
            ValueError: If it is `None`.
        """
        value = getattr(self, name)
        if value is None:
            raise ValueError(f"`{name}` must be known of the recording for records of this kind")
        return value
