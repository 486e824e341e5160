"""MPI-INF-3DHP: eight people filmed by fourteen cameras in a studio, and a test set that is partly outdoors."""

from typing import ClassVar, Literal

import numpy as np

from tfrecords_tools.body_size import check_body_size
from tfrecords_tools.frames import Frames
from tfrecords_tools.frames_at_rate import FramesAtRate
from tfrecords_tools.image_frames import ImageFrames
from tfrecords_tools.reader import Reader
from tfrecords_tools.readers.camera_choice import choose_cameras
from tfrecords_tools.readers.mpi_inf_3dhp_annotations import load_test_annotations, load_train_annotations
from tfrecords_tools.readers.mpi_inf_3dhp_calibration import load_calibration
from tfrecords_tools.readers.mpi_inf_3dhp_files import (
    camera_source,
    numbered_frames,
    pictures_in,
    test_folders,
    train_folders,
)
from tfrecords_tools.readers.pinhole import fit_pinhole
from tfrecords_tools.recording import Recording, RecordingId
from tfrecords_tools.video_frames import VideoFrames

_ALL_CAMERAS = tuple(str(number) for number in range(14))
# The cameras at the height of the chest, which nearly all papers train on.
_USUAL_CAMERAS = ("0", "1", "2", "4", "5", "6", "7", "8")
_METRES = 0.001
_TRAIN_SIZE = (2048, 2048)
# Frames that videos and annotations have in common, and frames per second.
_TRAIN = {
    ("S1", "Seq1"): (6416, 25),
    ("S1", "Seq2"): (12430, 50),
    ("S2", "Seq1"): (6502, 25),
    ("S2", "Seq2"): (6081, 25),
    ("S3", "Seq1"): (12488, 50),
    ("S3", "Seq2"): (12283, 50),
    ("S4", "Seq1"): (6171, 25),
    ("S4", "Seq2"): (6675, 25),
    ("S5", "Seq1"): (12820, 50),
    ("S5", "Seq2"): (12312, 50),
    ("S6", "Seq1"): (6188, 25),
    ("S6", "Seq2"): (6145, 25),
    ("S7", "Seq1"): (6239, 25),
    ("S7", "Seq2"): (6320, 25),
    ("S8", "Seq1"): (6468, 25),
    ("S8", "Seq2"): (6054, 25),
}
# Frames to evaluate, width and height in pixels, focal length in pixels; the principal point is the centre.
_TEST = {
    "TS1": (603, (2048, 2048), 1499.21),
    "TS2": (540, (2048, 2048), 1499.21),
    "TS3": (505, (2048, 2048), 1499.21),
    "TS4": (553, (2048, 2048), 1499.21),
    "TS5": (276, (1920, 1080), 1683.98),
    "TS6": (452, (1920, 1080), 1683.98),
}
_ALL_VALID = sum(valid for valid, *_ in _TEST.values())
# The data set does not say that of the test set; its long sequences last as long as those of the training set.
_USUAL_FPS = 25.0
# A copy of the pictures in another size keeps their shape up to rounding.
_SHAPE_TOLERANCE = 0.01


class MPIINF3DHP(Reader):
    """MPI-INF-3DHP: the training set (`S1/Seq1/annot.mat` …) and the test set (`TS1/annot_data.mat` …).

    The pictures of the training set may be its videos, or frames extracted from them, in any size, into
    `imageSequence/video_0/`, `imageFrames/video_0/` or `video_0/`, with numbers from 0 or 1 at the end of their names.
    Pose sequences of the training set are those that one camera saw, in the world (z up) with the help of
    `camera.calibration`, in the camera frame without it. All frames of the test set that are marked valid become
    labelled images: 2,929 of the whole set; its pose sequences and clips are of all frames.

    Extracted frames of the training set, about a million, are no files of their recordings, but their directory is: a
    conversion that is run again notices that one is added or taken away, and not that one is written over in place.

    Args:
        root: Directory with `S1` … and `TS1` …, or with either; they may be up to two levels below.
        cameras: Numbers of the cameras of the training set, such as `0,2,8`, all of which must be there; by default
            those of 0, 1, 2, 4, 5, 6, 7 and 8 that are there.
        universal: Where to take poses that are scaled to a skeleton of one size for all (`univ_annot3`) in place of
            true ones (`annot3`): in the test set, as the protocol wants it, or always, or never. Scaled poses are no
            longer exactly where the picture shows them.
    """

    name: ClassVar[str] = "mpi_inf_3dhp"
    kinds: ClassVar[tuple[str, ...]] = ("labelled_image", "pose_sequence", "unlabelled_clip")
    reference: ClassVar[str] = (
        "Mehta et al., Monocular 3D Human Pose Estimation In The Wild Using Improved CNN Supervision, 3DV 2017; "
        "https://vcai.mpi-inf.mpg.de/3dhp-dataset"
    )

    def __init__(self, root, cameras: str | None = None, universal: Literal["test", "always", "never"] = "test"):
        super().__init__(root, universal=universal)
        self.cameras = cameras
        self.universal = universal
        self._chosen = _USUAL_CAMERAS if cameras is None else choose_cameras(cameras, _ALL_CAMERAS)

    def list(self, kind):
        """List the sequences of the training set, for images each camera by itself, and of the test set."""
        found = []
        for folder in train_folders(self.root):
            annotations = (folder / "annot.mat", folder / "camera.calibration")
            for camera in self._chosen[:1] if kind == "pose_sequence" else self._cameras_of(folder):
                source = None if kind == "pose_sequence" else camera_source(folder, camera)
                files = [*annotations, *([] if source is None else [source])]
                found.append(_recording_id(folder.parent.name, folder.name, camera, "train", files))
        for folder in test_folders(self.root):
            files = [folder / "annot_data.mat"]
            files += [] if kind == "pose_sequence" else pictures_in(folder / "imageSequence")
            found.append(_recording_id(folder.name, folder.name, "", "test", files))
        if not found:
            raise FileNotFoundError(
                f"There is nothing of MPI-INF-3DHP for {kind} in {self.root}: looked for S*/Seq*/ with videos or "
                f"frames of the cameras {', '.join(self._chosen)}, and for TS*/"
            )
        return found

    def read(self, recording_id, kind):
        """Read one sequence; see `Reader.read`."""
        if recording_id.split == "test":
            return self._test(_folder(test_folders(self.root), recording_id.subject), kind)
        folder = _folder(train_folders(self.root), f"{recording_id.subject}/{recording_id.sequence}")
        return self._train(folder, recording_id.camera, kind)

    def _cameras_of(self, folder):
        there = tuple(camera for camera in self._chosen if camera_source(folder, camera))
        return there if self.cameras is None else self._chosen

    def _train(self, folder, camera, kind):
        known = load_train_annotations(folder / "annot.mat", camera)
        count, fps = _TRAIN.get((folder.parent.name, folder.name), (len(known.valid), _USUAL_FPS))
        known = known.first(count)
        positions = known.universal if self.universal == "always" else known.positions
        path = folder / "camera.calibration"
        calibration = load_calibration(path) if path.is_file() else None
        if calibration is not None and camera not in calibration:
            raise ValueError(f"{path} must describe camera {camera}")
        notes: tuple[str, ...] = ()
        if len(positions) < count:
            notes += (f"annotations of {len(positions)} frames; the whole sequence has {count}",)
        if kind == "pose_sequence":
            if calibration is not None:
                positions = calibration[camera].to_world(positions)
            else:
                notes += ("in the camera frame: there is no camera.calibration",)
            return _recording(
                folder, positions, fps, notes, coordinate_frame="camera" if calibration is None else "world"
            )
        if calibration is not None:
            matrix, size = calibration[camera].matrix, tuple(calibration[camera].size)
        else:
            (matrix, note), size = fit_pinhole(known.positions, known.keypoints, str(folder)), _TRAIN_SIZE
            notes += (note,)
        if self.cameras is None and (missing := set(_USUAL_CAMERAS) - set(self._cameras_of(folder))):
            notes += (f"cameras {', '.join(sorted(missing))} of {folder.parent.name}/{folder.name} are not there",)
        frames = self._pictures(folder, camera, fps)
        return _filmed(folder, frames, positions, known, matrix, size, fps, notes)

    def _pictures(self, folder, camera, fps) -> Frames:
        source = camera_source(folder, camera)
        if source is None:
            raise FileNotFoundError(f"There is no video of camera {camera} in {folder}/imageSequence, and no frames")
        if source.is_dir():
            return ImageFrames(numbered_frames(source), fps)
        return FramesAtRate(VideoFrames(source), fps)

    def _test(self, folder, kind):
        known = load_test_annotations(folder / "annot_data.mat")
        positions = known.positions if self.universal == "never" else known.universal
        count, size, focal = _TEST.get(folder.name, (None, None, None))
        notes: tuple[str, ...] = ()
        if count is not None and known.valid.sum() != count:
            notes += (
                f"{known.valid.sum()} frames are marked valid; the whole sequence has {count}, the whole test set "
                f"{_ALL_VALID:,}",
            )
        if kind == "pose_sequence":
            return _recording(folder, positions, _USUAL_FPS, notes)
        frames = ImageFrames(numbered_frames(folder / "imageSequence"), _USUAL_FPS)
        if size is None:
            size = _size(frames)
            matrix, note = fit_pinhole(known.positions, known.keypoints, str(folder))
            notes += (note,)
        else:
            matrix = np.array([[focal, 0, (size[0] - 1) / 2], [0, focal, (size[1] - 1) / 2], [0, 0, 1]])
        return _filmed(
            folder, frames, positions, known, matrix, size, _USUAL_FPS, notes, labelled=known.valid, every_frame=True
        )


def _folder(folders, name):
    """The one whose path ends with a name."""
    found = next((folder for folder in folders if f"/{folder.as_posix()}".endswith(f"/{name}")), None)
    if found is None:
        raise FileNotFoundError(f"The directory {name} is not there any more")
    return found


def _recording_id(subject, sequence, camera, split, files):
    return RecordingId(
        sequence=sequence,
        subject=subject,
        camera=camera,
        split=split,
        group=subject,
        files=tuple(str(path) for path in files if path.exists()),
    )


def _filmed(folder, frames, positions, known, matrix, size, fps, notes, **more):
    """A recording whose pictures may be of another size than that which the annotations are for."""
    found = _size(frames)
    factors = np.array(found, float) / size
    if abs(factors[0] / factors[1] - 1) > _SHAPE_TOLERANCE:
        raise ValueError(
            f"{folder}: pictures must have the shape of {size[0]:.0f} x {size[1]:.0f}; they are {found[0]} x {found[1]}"
        )
    # Pixels count from the centre of the first one, sizes from its corner.
    scaling = np.array([[factors[0], 0, (factors[0] - 1) / 2], [0, factors[1], (factors[1] - 1) / 2], [0, 0, 1]])
    keypoints = known.keypoints * factors + (factors - 1) / 2
    return _recording(
        folder, positions, fps, notes, frames=frames, keypoints=keypoints, intrinsics=scaling @ matrix, **more
    )


def _recording(folder, positions, fps, notes, **more):
    positions = positions * _METRES
    check_body_size(positions, str(folder), "The poses must be millimetres")
    return Recording(fps=fps, positions=positions.astype("float32"), scale=_METRES, notes=notes, **more)


def _size(frames):
    """Width and height of the pictures."""
    return next(iter(frames.read([0]))).shape[1::-1]
