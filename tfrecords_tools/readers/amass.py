"""AMASS: motion capture of many sources as rotations of the joints of SMPL-H or SMPL-X."""

import os
from pathlib import Path
from typing import ClassVar

import numpy as np

from tfrecords_tools.formats.npz import load_npz
from tfrecords_tools.reader import Reader
from tfrecords_tools.readers.smpl import JOINT_NAMES, VALIDITY, smpl_joints, smpl_to_body17
from tfrecords_tools.recording import Recording, RecordingId

_SUFFIXES = ("_poses.npz", "_stageii.npz")
_GENDERS = ("male", "female", "neutral")
_JOINTS = 22
_ROTATIONS = 3 * _JOINTS
_RATES = ("mocap_framerate", "mocap_frame_rate")
_RATE_LIMITS = (1.0, 1000.0)
_EXTENT = (0.5, 2.5)  # of a body at rest, in metres


class AMASS(Reader):
    """AMASS, as it is downloaded: `<sub-set>/<subject>/<motion>_poses.npz` (SMPL-H) or `..._stageii.npz` (SMPL-X).

    The files hold rotations. Where the joints are depends on the body model, whose licence does not let this package
    bring it along: get it from https://mano.is.tue.mpg.de (SMPL-H) or https://smpl-x.is.tue.mpg.de (SMPL-X), and make
    the file of `rest_joints` from it, for each gender that you have:

        arrays = {}
        for gender in ("male", "female", "neutral"):
            model = np.load(f"smplh/{gender}/model.npz", allow_pickle=True)
            regressor = np.asarray(model["J_regressor"])[:22]
            arrays[f"rest_joints_{gender}"] = regressor @ model["v_template"]
            arrays[f"shape_directions_{gender}"] = np.einsum("jv,vdb->jdb", regressor, model["shapedirs"][..., :16])
        np.savez("rest_joints.npz", **arrays)

    `rest_joints` `(22, 3)` are the joints of the mean body at rest in metres, in the order of SMPL, with y up and the
    left side at positive x; `shape_directions` `(22, 3, B)` are how they move with each of the first B numbers that
    describe a body's shape (`betas`). Without the latter, all bodies of a gender have the same limbs. Names without a
    gender are for all genders that have none of their own.

    Sequences are in the world of the data set (z up), at the rates that the files say, a few of which are known to be
    wrong. The spine, thorax and neck are SMPL's joints, a few centimetres from those of Human3.6M; the top of the head
    is extrapolated.

    Args:
        root: Directory of the data set, of a sub-set or of a subject.
        rest_joints: An `.npz` file with the joints of the body model at rest, made as described above; it is needed.
    """

    name: ClassVar[str] = "amass"
    kinds: ClassVar[tuple[str, ...]] = ("pose_sequence",)
    reference: ClassVar[str] = "https://amass.is.tue.mpg.de"

    def __init__(self, root, rest_joints: str | None = None):
        super().__init__(root)
        if rest_joints is None:
            raise ValueError(
                "`rest_joints` must be an .npz file with the joints of the body model at rest. AMASS holds rotations "
                "only, and the body model that turns them into positions may not be distributed with this package. "
                "How to make the file is in the docstring of tfrecords_tools.readers.amass.AMASS"
            )
        self.rest_joints = rest_joints
        self._bodies = _load_bodies(rest_joints)

    def list(self, kind):
        """List the motions, in the order of their paths; see `Reader.list`."""
        found = []
        for path in sorted(self.root.rglob("*.npz")):
            if not path.name.endswith(_SUFFIXES):
                continue
            # The names of subjects are only unique within a sub-set.
            subject = "/".join((self.root.name, *path.relative_to(self.root).parts[:-1])[-2:])
            found.append(
                RecordingId(
                    sequence=path.stem,
                    subject=subject,
                    group=subject,
                    files=(str(path), os.path.abspath(self.rest_joints)),
                )
            )
        if not found:
            raise FileNotFoundError(f"There is no file <sub-set>/<subject>/*{' or *'.join(_SUFFIXES)} in {self.root}")
        return found

    def read(self, recording_id, kind):
        """Read one motion; see `Reader.read`."""
        path = Path(recording_id.files[0])
        content = load_npz(path, ("poses", "root_orient", "pose_body", "trans", "betas", "gender", *_RATES))
        rotations = _rotations(path, content)
        translation = _numbers(path, content, "trans")
        if translation.shape != (len(rotations), 3):
            raise ValueError(f"{path}: 'trans' must have shape ({len(rotations)}, 3); found {translation.shape}")
        betas = _numbers(path, content, "betas").reshape(-1) if "betas" in content else np.zeros(0)
        body = self._body(path, _gender(path, content), betas)
        positions = smpl_to_body17(smpl_joints(rotations, translation, body))
        return Recording(fps=_rate(path, content), positions=positions, coordinate_frame="world", validity=VALIDITY)

    def _body(self, path, gender, betas):
        """`(22, 3)` joints at rest of the person of a file."""
        known = self._bodies.get(gender) or self._bodies.get("")
        if known is None:
            raise ValueError(
                f"{self.rest_joints} must hold 'rest_joints_{gender}' or 'rest_joints', for the person of {path}"
            )
        rest, directions = known
        count = min(len(betas), directions.shape[-1])
        return rest + directions[..., :count] @ betas[:count]


def _load_bodies(path):
    """`{gender: (rest joints, shape directions)}`; the gender `""` is for all that have no entry of their own."""
    suffixes = {gender: gender and f"_{gender}" for gender in ("", *_GENDERS)}
    keys = [f"{key}{suffix}" for suffix in suffixes.values() for key in ("rest_joints", "shape_directions")]
    content = load_npz(path, keys)
    bodies = {}
    for gender, suffix in suffixes.items():
        if f"rest_joints{suffix}" not in content:
            continue
        rest = _numbers(path, content, f"rest_joints{suffix}")
        directions = np.zeros((_JOINTS, 3, 0))
        if f"shape_directions{suffix}" in content:
            directions = _numbers(path, content, f"shape_directions{suffix}")
        if rest.shape != (_JOINTS, 3) or directions.shape != (_JOINTS, 3, directions.shape[-1]):
            raise ValueError(
                f"{path}: 'rest_joints{suffix}' and 'shape_directions{suffix}' must have shapes ({_JOINTS}, 3) and "
                f"({_JOINTS}, 3, B); found {rest.shape} and {directions.shape}"
            )
        _check_body(path, suffix, rest)
        bodies[gender] = (rest, directions)
    if not bodies:
        raise ValueError(f"{path} must hold an array 'rest_joints', or one for each gender such as 'rest_joints_male'")
    return bodies


def _check_body(path, suffix, rest):
    at = {name: rest[index] for index, name in enumerate(JOINT_NAMES[:_JOINTS])}
    is_upright = at["head"][1] > at["pelvis"][1] > max(at["l_ankle"][1], at["r_ankle"][1])
    is_left_at_x = all(at[f"l_{name}"][0] > at[f"r_{name}"][0] for name in ("hip", "knee", "shoulder", "wrist"))
    if not is_upright or not is_left_at_x or not _EXTENT[0] < np.ptp(rest, axis=0).max() < _EXTENT[1]:
        raise ValueError(
            f"{path}: 'rest_joints{suffix}' must be joints in metres in the order of SMPL, with y up and the left side "
            "at positive x"
        )


def _rotations(path, content):
    """`(T, 22, 3)` axis times angle of each joint; SMPL-X has them in two arrays."""
    if "poses" in content:
        rotations = _numbers(path, content, "poses")
    else:
        parts = [_numbers(path, content, key) for key in ("root_orient", "pose_body")]
        if not all(part.ndim == 2 and len(part) == len(parts[0]) for part in parts):
            raise ValueError(f"{path}: 'root_orient' and 'pose_body' must have as many rows")
        rotations = np.concatenate(parts, axis=1)
    if rotations.ndim != 2 or rotations.shape[1] < _ROTATIONS or not len(rotations):
        raise ValueError(f"{path}: rotations must have shape (T, {_ROTATIONS} or more); found {rotations.shape}")
    return rotations[:, :_ROTATIONS].reshape(-1, _JOINTS, 3)


def _rate(path, content):
    key = next((key for key in _RATES if key in content), _RATES[0])
    rate = _numbers(path, content, key)
    if rate.size != 1 or not _RATE_LIMITS[0] <= rate.item() <= _RATE_LIMITS[1]:
        raise ValueError(f"{path}: {key!r} must be one number of frames per second; found {rate.tolist()}")
    return float(rate.item())


def _gender(path, content):
    """The gender as text; files have it as text, as bytes, or as text that was made of bytes."""
    value = content.get("gender", np.array("neutral"))
    text = value.item() if value.size == 1 and value.dtype.kind in "SU" else ""
    text = text.decode("latin1") if isinstance(text, bytes) else text
    gender = text.removeprefix("b").strip("'\" ").lower()
    if gender not in _GENDERS:
        raise ValueError(f"{path}: 'gender' must be one of {', '.join(_GENDERS)}; found {text[:40]!r}")
    return gender


def _numbers(path, content, key):
    value = content.get(key)
    if value is None or value.dtype.kind not in "fiu" or not np.isfinite(value).all():
        found = "nothing" if value is None else f"{value.dtype} {value.shape}"
        raise ValueError(f"{path}: {key!r} must be there, an array of finite numbers; found {found}")
    return value.astype(float)
