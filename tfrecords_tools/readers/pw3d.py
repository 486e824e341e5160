"""3D Poses in the Wild (3DPW): people outdoors, filmed with a telephone in the hand, with the joints of SMPL."""

from pathlib import Path
from typing import ClassVar

import numpy as np

from tfrecords_tools.axes import TO_Z_UP
from tfrecords_tools.formats.restricted_pickle import load_pickle
from tfrecords_tools.image_frames import ImageFrames, read_image
from tfrecords_tools.reader import Reader
from tfrecords_tools.readers.smpl import VALIDITY, smpl_to_body17
from tfrecords_tools.recording import Recording, RecordingId

_FPS = 30.0
_SPLITS = ("train", "validation", "test")
_IMAGE = "image_{:05d}.jpg"
_MOST_PEOPLE = 16
# A principal point further from the middle, as a share of width or height, is that of another picture.
_LARGEST_SHIFT = 0.15


class PW3D(Reader):
    """3DPW, as it is downloaded: `imageFiles/<sequence>/image_00000.jpg` and `sequenceFiles/<split>/<sequence>.pkl`.

    One recording is one person of a sequence. Labels are the `jointPositions` of the files, in the axes of the camera
    of their frame. Published results are for other joints, 14 that are computed from the surface of SMPL: results on
    these records are not comparable with them. The spine, thorax and neck are SMPL's joints, a few centimetres from
    those of Human3.6M; the top of the head is extrapolated and never a label.

    Frames count whose camera is aligned (`campose_valid`) and in which the person was found (`poses2d` is not zero);
    of the split `test` all of them become labelled images. Clips are cut where a frame does not count. Pose sequences
    have all frames, in a world in which the person slowly drifts in long takes.

    The pickles of the data set are read without executing what they hold.

    Args:
        root: Directory that holds `sequenceFiles`.
    """

    name: ClassVar[str] = "pw3d"
    kinds: ClassVar[tuple[str, ...]] = ("labelled_image", "unlabelled_clip", "pose_sequence")
    reference: ClassVar[str] = "https://virtualhumans.mpi-inf.mpg.de/3DPW/"

    def list(self, kind):
        """List the people of all sequences, by split and name; see `Reader.list`."""
        found = []
        for split in _SPLITS:
            for path in sorted((self.root / "sequenceFiles" / split).glob("*.pkl")):
                images = [] if kind == "pose_sequence" else sorted(self._images(path.stem).glob("image_*.jpg"))
                files = (str(path), *map(str, images))
                found += [
                    RecordingId(
                        sequence=f"{path.stem}_{person}",
                        index=person,
                        split=split,
                        group=path.stem,
                        files=files,
                    )
                    for person in range(_num_people(path))
                ]
        if not found:
            raise FileNotFoundError(f"There is no file sequenceFiles/{{{','.join(_SPLITS)}}}/*.pkl in {self.root}")
        return found

    def read(self, recording_id, kind):
        """Read one person of a sequence; see `Reader.read`."""
        path = Path(recording_id.files[0])
        person = recording_id.index
        content = _load(path)
        joints = _of_person(path, content, "jointPositions", person, (-1, 72)).reshape(-1, 24, 3)
        if kind == "pose_sequence":
            positions = smpl_to_body17(joints) @ TO_Z_UP["y"].T
            return Recording(fps=_FPS, positions=positions, coordinate_frame="world", validity=VALIDITY)
        count = len(joints)
        cameras = _array(path, "cam_poses", content.get("cam_poses"), (count, 4, 4))
        intrinsics = _array(path, "cam_intrinsics", content.get("cam_intrinsics"), (3, 3))
        is_aligned = _of_person(path, content, "campose_valid", person, (count,)) != 0
        is_found = _of_person(path, content, "poses2d", person, (count, 3, 18)).any(axis=(1, 2))
        counts = is_aligned & is_found
        positions = smpl_to_body17(joints @ cameras[:, :3, :3].transpose(0, 2, 1) + cameras[:, None, :3, 3])
        positions[~counts] = np.nan
        return Recording(
            fps=_FPS,
            frames=self._frames(path, count, intrinsics),
            positions=positions,
            validity=VALIDITY,
            intrinsics=intrinsics,
            labelled=counts,
            every_frame=recording_id.split == "test",
        )

    def _images(self, sequence):
        return self.root / "imageFiles" / sequence

    def _frames(self, path, count, intrinsics):
        """The picture of row `i` of the arrays is number `i`, whatever `img_frame_ids` says."""
        images = [self._images(path.stem) / _IMAGE.format(index) for index in range(count)]
        missing = [image for image in images if not image.is_file()]
        if missing:
            raise FileNotFoundError(
                f"There must be a picture for each of the {count} frames of {path}. {len(missing)} are missing: "
                f"{missing[0]}{' and others' if len(missing) > 1 else ''}"
            )
        height, width = read_image(images[0]).shape[:2]
        shift = np.abs(intrinsics[:2, 2] / (width, height) - 0.5)
        if not (shift < _LARGEST_SHIFT).all() or not (np.diag(intrinsics)[:2] > 0).all():
            raise ValueError(
                f"{images[0]} must be of the camera of {path}, with its centre near "
                f"{tuple(intrinsics[:2, 2].tolist())}. It is {width} x {height}: resized or turned?"
            )
        return ImageFrames(images, _FPS)


def _num_people(path):
    try:
        return len(_load(path)["jointPositions"])
    except ValueError:
        return 1  # An error of this recording, when it is read.


def _load(path):
    content = load_pickle(path)
    people = content.get("jointPositions") if isinstance(content, dict) else None
    if not isinstance(people, list | tuple) or not 1 <= len(people) <= _MOST_PEOPLE:
        raise ValueError(f"{path} must hold a dictionary, with a list of one array for each person in 'jointPositions'")
    return content


def _of_person(path, content, key, person, shape):
    people = content.get(key)
    if not isinstance(people, list | tuple) or len(people) <= person:
        raise ValueError(f"{path}: {key!r} must be a list of one array for each person, and there is person {person}")
    return _array(path, f"{key}[{person}]", people[person], shape)


def _array(path, key, value, shape):
    """The array as float64; -1 stands for any number of frames but none."""
    is_numeric = isinstance(value, np.ndarray) and value.dtype.kind in "biuf"
    if (
        not is_numeric
        or value.ndim != len(shape)
        or any(found != wanted if wanted != -1 else not found for found, wanted in zip(value.shape, shape, strict=True))
    ):
        found = f"{value.dtype} {value.shape}" if isinstance(value, np.ndarray) else type(value).__name__
        wanted = str(shape).replace("-1", "T")
        raise ValueError(f"{path}: {key} must be an array of numbers of shape {wanted}; found {found}")
    return np.asarray(value, float)
