"""Leeds Sports Pose (LSP) and its extension (LSPET): photographs of athletes with 14 joints in 2D."""

import re
from pathlib import Path
from typing import ClassVar

import numpy as np

from tfrecords_tools.formats.matlab import load_matlab
from tfrecords_tools.image_frames import ImageFrames
from tfrecords_tools.joint_map import JointMap
from tfrecords_tools.reader import Reader
from tfrecords_tools.recording import Recording, RecordingId

_JOINT_NAMES = (
    *("r_ankle", "r_knee", "r_hip", "l_hip", "l_knee", "l_ankle", "r_wrist", "r_elbow", "r_shoulder"),
    *("l_shoulder", "l_elbow", "l_wrist", "neck", "head_top"),
)
_JOINTS = len(_JOINT_NAMES)
_MAP = JointMap(
    {
        **{name: name for name in _JOINT_NAMES if name != "neck"},
        "pelvis": ("l_hip", "r_hip"),
        "thorax": "neck",
    }
)
_INDEX = "joints.mat"
_NUMBER = re.compile(r"im(\d+)\.jpe?g", re.IGNORECASE)
_NUM_TRAINING = 1000
_IMAGES_PER_RECORDING = 250


class LSP(Reader):
    """LSP and LSPET, as they are downloaded: `joints.mat` beside `images/im0001.jpg`, `im0002.jpg` and so on.

    `root` may hold one of them or both, in directories of their own; they are told apart by the shape of the array in
    `joints.mat`. Images 1 to 1000 of LSP are the split `train`, the others `test`; all of LSPET is `train`.

    Left and right are the person's. Joints that LSP says are occluded count for where the person is and are no
    labels; those that LSPET does not label are unknown. The neck of LSP is the thorax, the pelvis is the midpoint of
    the hips, and the spine and the joint between neck and head are unknown.

    Args:
        root: Directory of the data sets.
    """

    name: ClassVar[str] = "lsp"
    kinds: ClassVar[tuple[str, ...]] = ("image_with_keypoints",)
    reference: ClassVar[str] = "http://sam.johnson.io/research/lsp.html"

    def list(self, kind):
        """List some hundred images at a time, in the order of their numbers; see `Reader.list`."""
        found = []
        for path in sorted(self.root.rglob(_INDEX)):
            dataset, keypoints, _ = _load(path)
            images = _images(path)
            count = len(keypoints)
            for start in range(0, count, _IMAGES_PER_RECORDING):
                stop = min(start + _IMAGES_PER_RECORDING, count)
                name = f"images {start + 1} to {stop}"
                files = [images[number] for number in range(start + 1, stop + 1) if number in images]
                found.append(
                    RecordingId(
                        sequence=name,
                        dataset=dataset,
                        index=start,
                        split="test" if dataset == "lsp" and start >= _NUM_TRAINING else "train",
                        group=f"{dataset} {name}",
                        files=(str(path), *map(str, files)),
                    )
                )
        if not found:
            raise FileNotFoundError(f"There is no {_INDEX} in {self.root}")
        return found

    def read(self, recording_id, kind):
        """Read the joints of some hundred images; see `Reader.read`."""
        path = Path(recording_id.files[0])
        _, keypoints, validity = _load(path)
        chosen = slice(recording_id.index, recording_id.index + _IMAGES_PER_RECORDING)
        keypoints, validity = keypoints[chosen], validity[chosen]
        images = _images(path)
        numbers = range(recording_id.index + 1, recording_id.index + 1 + len(keypoints))
        missing = [number for number in numbers if number not in images]
        if missing:
            raise FileNotFoundError(
                f"{path.parent / 'images'} must hold a picture im<number>.jpg for each of the {len(keypoints)} people "
                f"from number {numbers[0]} in {path}. {len(missing)} are missing: number {missing[0]}"
                f"{' and others' if len(missing) > 1 else ''}"
            )
        return Recording(
            fps=1.0,
            frames=ImageFrames([images[number] for number in numbers], 1.0),
            keypoints=_MAP.apply(keypoints, _JOINT_NAMES),
            validity=_MAP.apply(validity[..., None].astype(float), _JOINT_NAMES)[..., 0] == 1,
            every_frame=True,
        )


def _load(path):
    """Name of the data set, `(N, 14, 2)` pixels (NaN where not labelled) and `(N, 14)` bool: usable as a label."""
    joints = load_matlab(path, ("joints",))["joints"]
    shape = joints.shape
    if (
        joints.dtype.kind not in "fiu"
        or len(shape) != 3
        or not shape[2]
        or shape[:2] not in ((3, _JOINTS), (_JOINTS, 3))
    ):
        raise ValueError(
            f"{path}: 'joints' must be numbers of shape (3, {_JOINTS}, N) (LSP) or ({_JOINTS}, 3, N) (LSPET); found "
            f"{joints.dtype} {shape}"
        )
    dataset = "lsp" if shape[0] == 3 else "lspet"
    joints = joints.transpose((2, 1, 0) if dataset == "lsp" else (2, 0, 1)).astype(float)
    keypoints, flags = joints[..., :2] - 1, joints[..., 2]  # MATLAB counts pixels from 1
    if not np.isin(flags, (0, 1)).all():
        raise ValueError(f"{path}: the third number of each joint in 'joints' must be 0 or 1")
    # The third number means the opposite in the two data sets, whatever their descriptions say.
    validity = flags == (0 if dataset == "lsp" else 1)
    if dataset == "lspet":
        keypoints[~validity] = np.nan
    if not np.isfinite(keypoints[validity]).all():
        raise ValueError(f"{path}: 'joints' must be finite where they are labelled")
    return dataset, keypoints, validity


def _images(path):
    """`{number: path}` of the pictures beside an index."""
    directory = path.parent / "images"
    matches = ((_NUMBER.fullmatch(image.name), image) for image in directory.glob("*"))
    return {int(match.group(1)): image for match, image in matches if match}
