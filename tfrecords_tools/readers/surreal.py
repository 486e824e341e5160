"""SURREAL: rendered people on photographs, moving as people of the CMU motion capture data did."""

from pathlib import Path
from typing import ClassVar, Literal

import numpy as np

from posealign_keras.skeletons import BODY17
from tfrecords_tools.axes import TO_Z_UP
from tfrecords_tools.formats.matlab import load_matlab
from tfrecords_tools.reader import Reader
from tfrecords_tools.readers.left_out import left_out
from tfrecords_tools.readers.smpl import VALIDITY, smpl_to_body17
from tfrecords_tools.recording import Recording, RecordingId
from tfrecords_tools.video_frames import VideoFrames

_FPS = 30.0
_RUNS = ("0", "1", "2")
_INFO, _VIDEO = "_info.mat", ".mp4"
_INTRINSICS = np.array([[600.0, 0.0, 160.0], [0.0, 600.0, 120.0], [0.0, 0.0, 1.0]])
# Rows are x, y, z of the camera in the axes of Blender. It is a reflection.
_CAMERA = np.array([[0.0, 0.0, -1.0], [0.0, 1.0, 0.0], [-1.0, 0.0, 0.0]])
# Bodies of a distorted shape, by the data set's own README.
_MONSTER_SUBJECTS = ("18", "19")
_MONSTER_SEQUENCES = ("143_21",)
# The file's own pixels are rounded, so that half a pixel is expected.
_LARGEST_PIXEL_ERROR = 2.0


class Surreal(Reader):
    """SURREAL, as it is downloaded: clips of up to 100 frames with the joints of SMPL.

    The files are `{train,val,test}/run{0,1,2}/<sequence>/<clip>.mp4` and `<clip>_info.mat`, anywhere in `root`.

    The camera of the data set is a mirror: a picture shows the mirror image of the body that the file describes.
    Pictures stay as they are here; in labels for them, left and right are exchanged, so that the hand that looks like
    the left one is the left one. Pose sequences, which have no pictures, are of the body itself.

    The spine, thorax and neck are SMPL's joints, a few centimetres from those of Human3.6M; the top of the head is
    extrapolated and never a label. Clips of one sequence overlap, within a run (by half, 30 % and 70 % in runs 0, 1
    and 2) and between runs. Splits are by person. Few motions are of 15 frames per second in truth, and twice as fast
    in the videos.

    Args:
        root: Directory of the data set, or of a part of it such as one run.
        runs: The run whose clips are converted; `all` has nearly every movement several times.
        held_out: The split beside `train`. `val` is a small part of `test`, so that there is never both.
        monsters: Whether to keep subjects 18 and 19 and sequence 143_21, whose bodies have a distorted shape.
    """

    name: ClassVar[str] = "surreal"
    kinds: ClassVar[tuple[str, ...]] = ("labelled_image", "pose_sequence", "unlabelled_clip")
    reference: ClassVar[str] = "https://www.di.ens.fr/willow/research/surreal/data/"

    def __init__(
        self,
        root,
        runs: Literal["all", "0", "1", "2"] = "all",
        held_out: Literal["test", "val"] = "test",
        monsters: bool = False,
    ):
        super().__init__(root, runs=runs, held_out=held_out)
        self.runs = runs
        self.held_out = held_out
        self.monsters = monsters

    def list(self, kind):
        """List the clips, in the order of their paths; see `Reader.list`."""
        runs = [f"run{run}" for run in (_RUNS if self.runs == "all" else (self.runs,))]
        splits = ("train", self.held_out)
        found = []
        for path in sorted(self.root.rglob(f"*{_INFO}")):
            split, run, sequence = path.parts[-4:-1] if len(path.parts) > 4 else ("", "", "")
            if split not in splits or run not in runs:
                continue
            files = (path,) if kind == "pose_sequence" else (path, _video_of(path))
            subject = _subject_of(sequence)
            found.append(
                RecordingId(
                    sequence=f"{run}/{path.name.removesuffix(_INFO)}",
                    subject=subject,
                    split=split,
                    group=f"subject {subject}",
                    # A missing video is an error of this recording, when it is read.
                    files=tuple(str(file) for file in files if file.exists()),
                )
            )
        if not found:
            raise FileNotFoundError(
                f"There is no file {{{','.join(splits)}}}/{{{','.join(runs)}}}/<sequence>/<clip>{_INFO} in {self.root}"
            )
        return found

    def read(self, recording_id, kind):
        """Read one clip; see `Reader.read`."""
        path = Path(recording_id.files[0])
        with_pictures = kind != "pose_sequence"
        if not self.monsters and _is_monster(path.parent.name):
            return left_out("its body has a distorted shape", _FPS)
        joints, location, pixels = _load(path)
        if with_pictures:
            positions = _as_filmed(joints, location)
            _check_pixels(path, positions, pixels)
        else:
            # The bodies stand along -y of Blender.
            positions = smpl_to_body17(joints) @ TO_Z_UP["-y"].T
        return Recording(
            fps=_FPS,
            frames=VideoFrames(_video_of(path)) if with_pictures else None,
            positions=positions,
            coordinate_frame="camera" if with_pictures else "world",
            validity=VALIDITY,
            intrinsics=_INTRINSICS if with_pictures else None,
        )


def _as_filmed(joints, location):
    """`(T, 17, 3)` in the axes of the camera, left and right as one sees them: the only place that knows the mirror."""
    reflected = (smpl_to_body17(joints) - location) @ _CAMERA.T
    return reflected[:, BODY17.mirror]


def _load(path):
    """Joints `(T, 24, 3)` and camera `(3,)` in metres in the axes of Blender, and `(T, 24, 2)` pixels."""
    content = load_matlab(path, ("joints3D", "joints2D", "camLoc"))
    for key, value in content.items():
        if value.dtype.kind not in "fiu" or not np.isfinite(value).all():
            raise ValueError(f"{path}: {key!r} must be finite numbers")
    # MATLAB drops the last dimension of clips of one frame.
    joints, pixels, location = content["joints3D"], content["joints2D"], content["camLoc"]
    joints, pixels = (value[..., None] if value.ndim == 2 else value for value in (joints, pixels))
    count = joints.shape[-1]
    if not count or joints.shape != (3, 24, count) or pixels.shape != (2, 24, count) or location.size != 3:
        raise ValueError(
            f"{path}: 'joints3D', 'joints2D' and 'camLoc' must have shapes (3, 24, T), (2, 24, T) and (3, 1); found "
            f"{content['joints3D'].shape}, {content['joints2D'].shape} and {location.shape}"
        )
    return joints.transpose(2, 1, 0).astype(float), location.reshape(3).astype(float), pixels.transpose(2, 1, 0)


def _check_pixels(path, positions, pixels):
    """The labels must be on the person in the picture, which they are not in copies that others have mirrored."""
    expected = smpl_to_body17(np.concatenate([pixels, np.zeros_like(pixels[..., :1])], axis=-1).astype(float))
    expected = expected[:, BODY17.mirror, :2]
    exact = VALIDITY & (np.arange(BODY17.num_joints) != BODY17.index("pelvis"))
    points = positions[:, exact] @ _INTRINSICS.T
    with np.errstate(divide="ignore", invalid="ignore"):
        error = np.abs(points[..., :2] / points[..., 2:] - expected[:, exact])
    if not np.median(error) <= _LARGEST_PIXEL_ERROR:
        raise ValueError(
            f"{path}: 'joints3D' as seen from 'camLoc' must be where 'joints2D' says, within {_LARGEST_PIXEL_ERROR} "
            f"pixels; it is {np.median(error):.0f} pixels away"
        )


def _video_of(path):
    return path.with_name(path.name.removesuffix(_INFO) + _VIDEO)


def _subject_of(sequence):
    """Person of the CMU data: `ung_104_46` and `104_46` are both of person 104."""
    return sequence.removeprefix("ung_").split("_")[0]


def _is_monster(sequence):
    return _subject_of(sequence) in _MONSTER_SUBJECTS or sequence.removeprefix("ung_") in _MONSTER_SEQUENCES
