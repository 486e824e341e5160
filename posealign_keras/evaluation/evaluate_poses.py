"""`evaluate_poses`: the figures of a protocol for poses that were estimated already."""

import numpy as np
from keras import ops

from posealign_keras.evaluation.evaluation_result import EvaluationResult
from posealign_keras.evaluation.origins import choose_frames, complete_origins, groups_of
from posealign_keras.evaluation.protocol import Protocol
from posealign_keras.evaluation.protocols import get_protocol
from posealign_keras.ops import bone_lengths, retarget
from posealign_keras.skeletons import get_skeleton

# A similarity transform brings a few points nearly anywhere, so that the error of so few known joints says nothing.
_LEAST_KNOWN = 0.5


def evaluate_poses(
    poses,
    joints,
    protocol: str | Protocol,
    validity=None,
    *,
    dataset=None,
    subject=None,
    sequence=None,
    camera=None,
    frame_index=None,
) -> EvaluationResult:
    """Compare estimated poses with true ones by a protocol.

    Args:
        poses: `(N, joints, 3)` estimated poses, metres, camera frame. Finite where a true pose counts.
        joints: `(N, joints, 3)` true poses, root-relative or not; NaN where a joint is not known.
        protocol: The `Protocol`, or its name.
        validity: `(N, joints)` bool, false where a true joint does not count; by default all that are not NaN count.
        dataset: Data set that the frames are from, a text for all of them or one for each. The protocol chooses frames
            and forms groups by this and the following arguments, and asks for those that it needs.
        subject: Who is seen, as `dataset`.
        sequence: The recording, as `dataset`.
        camera: The camera, as `dataset`.
        frame_index: `(N,)` integers, the place of each frame in its recording; by default the frames of a recording
            follow each other from 0 on.

    Returns:
        The `EvaluationResult`.

    Raises:
        ValueError: If shapes do not fit, something that the protocol needs is missing, the frames are of another data
            set, an estimate that counts is not finite, or no frame counts.

    Example:
        >>> true = np.random.default_rng(0).normal(size=(80, 17, 3))
        >>> result = evaluate_poses(3 * true, true, "real_video", sequence="cam01")
        >>> result.num_frames, round(result.overall["pa_mpjpe"], 1)
        (70, 0.0)
    """
    protocol = get_protocol(protocol)
    skeleton = get_skeleton(protocol.skeleton)
    given = {
        "dataset": dataset,
        "subject": subject,
        "sequence": sequence,
        "camera": camera,
        "frame_index": frame_index,
    }
    poses, joints, validity = _checked(poses, joints, validity, skeleton)
    origins = complete_origins(len(joints), given, protocol)
    chosen, left_out = choose_frames(origins, protocol)
    if protocol.scale == "bone_lengths":
        validity = _with_known_bones(validity, skeleton)
    counted = list(skeleton.indices(protocol.joints))
    too_few = chosen & (validity[:, counted].mean(axis=1) < _LEAST_KNOWN)
    if too_few.any():
        left_out["fewer than half of the joints are known"] = int(too_few.sum())
    chosen &= ~too_few
    if not chosen.any():
        raise ValueError(
            f"`joints` must have frames that count for the protocol {protocol.name!r}. "
            f"Received: {len(joints)} frames; left out: {dict(left_out)}"
        )
    poses, joints, validity = poses[chosen], joints[chosen], validity[chosen]
    groups = groups_of({name: values[chosen] for name, values in origins.items()}, protocol.group_by)
    _check_finite(poses, np.flatnonzero(chosen))
    if protocol.scale == "bone_lengths":
        poses = ops.convert_to_numpy(retarget(poses, bone_lengths(joints, skeleton), skeleton))
    return _result(protocol, skeleton, poses, joints, validity, groups, dict(left_out))


def _checked(poses, joints, validity, skeleton):
    """Arrays of one length, and 0 in place of joints that are not known."""
    poses, joints = np.asarray(poses), np.asarray(joints)
    if joints.ndim != 3 or joints.shape[1:] != (skeleton.num_joints, 3) or poses.shape != joints.shape:
        raise ValueError(
            f"`poses` and `joints` must both have shape (N, {skeleton.num_joints}, 3). "
            f"Received: poses.shape={poses.shape}, joints.shape={joints.shape}"
        )
    known = np.isfinite(joints).all(axis=-1)
    if validity is not None:
        validity = np.asarray(validity)
        if validity.shape != known.shape:
            raise ValueError(f"`validity` must have shape {known.shape}. Received: validity.shape={validity.shape}")
        known &= validity.astype(bool)
    # A root that is not known must not turn a pose into NaN that needs none.
    return poses.astype("float32"), np.where(known[..., None], joints, 0).astype("float32"), known


def _check_finite(poses, rows):
    wrong = ~np.isfinite(poses).all(axis=(1, 2))
    if wrong.any():
        raise ValueError(
            "`poses` must be finite in all frames that count; leaving out frames in which an estimator finds nobody "
            f"would flatter it. Received: NaN or infinity in {int(wrong.sum())} frames, the first one at index "
            f"{rows[wrong][0]}"
        )


def _with_known_bones(validity, skeleton):
    """False also for the joints that hang on an unknown one: the length of the way there is not known."""
    known = validity.copy()
    for parent, child in skeleton.edges:  # parents come first
        known[:, child] &= known[:, parent]
    return known


def _result(protocol, skeleton, poses, joints, validity, groups, left_out):
    found = set(groups)
    names = [group for group in protocol.groups if group in found]
    names += sorted(found - set(protocol.groups))
    members = {group: groups == group for group in names}
    values: dict[str, dict] = {"": {}, **{group: {} for group in names}}
    combined: dict[str, dict] = {
        name: {} for name, parts in protocol.combined if any(part in members for part in parts)
    }
    per_joint: dict[str, dict] = {name: {} for name in protocol.joints}
    for measure in protocol.measures:
        scores, weights = measure.score(joints, poses, validity, protocol.root, skeleton)
        scores = np.where(weights > 0, scores, 0)
        for group in names:
            values[group][measure.name] = _mean(scores, weights, members[group])
        for name in combined:
            parts = [members[part] for part in dict(protocol.combined)[name] if part in members]
            combined[name][measure.name] = _mean(scores, weights, np.any(parts, axis=0))
        for column, index in enumerate(skeleton.indices(measure.joints)):
            name = skeleton.joint_names[index]
            per_joint[name][measure.name] = _mean(scores[:, column], weights[:, column])
        if protocol.average == "groups":
            means = [values[group][measure.name] for group in names]
            known = [mean for mean in means if not np.isnan(mean)]
            values[""][measure.name] = float(np.mean(known)) if known else float("nan")
        else:
            values[""][measure.name] = _mean(scores, weights)
    frames = {group: int(members[group].sum()) for group in names}
    return EvaluationResult(
        protocol=protocol,
        overall=values.pop(""),
        groups=values,
        frames=frames,
        combined=combined,
        per_joint=per_joint,
        left_out=left_out,
        notes=_what_is_missing(protocol, frames),
    )


def _mean(scores, weights, rows=slice(None)):
    total = weights[rows].sum()
    return float((scores[rows] * weights[rows]).sum() / total) if total else float("nan")


def _what_is_missing(protocol, frames):
    notes = []
    missing = [group for group in protocol.groups if group not in frames]
    if missing:
        notes.append(f"Incomplete: there are no frames of {', '.join(missing)}.")
    for group, expected in zip(protocol.groups, protocol.expected_frames, strict=False):
        if group in frames and frames[group] != expected:
            notes.append(f"Incomplete: {frames[group]} frames of {group}, which has {expected}.")
    return tuple(notes)
