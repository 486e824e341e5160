"""`root_positions`: where in front of the camera a person stands, judged by size and place in the picture."""

import numpy as np

from posealign_keras.models.video_poses import runs
from posealign_keras.video.smooth_in_time import smooth_in_time

# A person is larger than the joints, by this share of their larger extent; as `tfrecords_tools` makes boxes of joints.
_BEYOND_JOINTS = 0.2
_SMOOTHING_SECONDS = 0.25
# Keypoints whose spread differs by more than this factor from what is usual are not of the whole person.
_UNUSUAL = 1.5
_STEPS = 8


def root_positions(poses, boxes, intrinsics, times, keypoints=None) -> np.ndarray:
    """Place poses so that they are seen where the person is.

    Joints have the mean of those that the network sees, and their spread. Where it sees none, poses fill the boxes in
    which they were seen; and where the spread of a frame is far from what its box and all the other frames let expect,
    as if the network were unsure, it is not followed.

    One picture does not show how tall a person is: depths are those of a body with the bone lengths of the poses, and
    are wrong in proportion where the person is taller or smaller, or the camera is only assumed.

    Args:
        poses: `(T, joints, 3)` metres, root-relative, camera frame (x right, y down, z forward); NaN where not known.
        boxes: `(T, 4)` left, top, right and bottom edge of the person in pixels, the corner of the first pixel at
            (0, 0).
        intrinsics: `(3, 3)` camera matrix in pixels, the centre of the first pixel at (0, 0).
        times: `(T,)` seconds of the frames, by which the depth is smoothed.
        keypoints: `(T, joints, 2)` pixels of the joints, without lens distortion; NaN, or `None`, where not known.

    Returns:
        `(T, 3)` positions of the root in metres, camera frame; NaN where there is no pose or box.

    Example:
        >>> from posealign_keras.skeletons import BODY17
        >>> directions = np.tile([0.0, 1.0, 0.0], (16, 1))
        >>> directions[6:] = [0.0, -1.0, 0.0]  # spine, head and arms point up
        >>> pose = BODY17.paths @ (directions * np.array(BODY17.bone_lengths[1:])[:, None])
        >>> intrinsics = [[500.0, 0.0, 320.0], [0.0, 500.0, 240.0], [0.0, 0.0, 1.0]]
        >>> boxes = [[300.0, 100.0, 340.0, 380.0]]
        >>> places = root_positions(pose[None], boxes, intrinsics, [0.0])
        >>> places.shape, bool(1 < places[0, 2] < 6)
        ((1, 3), True)
        >>> seen_at = project(pose[None] + [0.5, 0.1, 4.0], intrinsics)
        >>> root_positions(pose[None], boxes, intrinsics, [0.0], seen_at).round(2)
        array([[0.5, 0.1, 4. ]])
    """
    poses, boxes, intrinsics = (np.asarray(value, float) for value in (poses, boxes, intrinsics))
    keypoints = np.full((*poses.shape[:2], 2), np.nan) if keypoints is None else np.asarray(keypoints, float)
    roots = np.full((len(poses), 3), np.nan)
    seen = np.isfinite(poses).all(axis=(1, 2)) & np.isfinite(boxes).all(axis=1)
    for start, stop in runs(seen):
        pose, box, joints = poses[start:stop], boxes[start:stop], keypoints[start:stop]
        root = _filling(pose, box, _depths_by_boxes(pose, box, intrinsics), intrinsics)
        known = np.isfinite(joints).all(axis=(1, 2))
        depth = root[:, 2].copy()
        if known.any():
            by_joints = _depths_by_keypoints(pose[known], joints[known], root[known], intrinsics)
            share = by_joints / depth[known]
            usual = np.median(share)
            depth *= usual
            depth[known] *= np.clip(share / usual, 1 / _UNUSUAL, _UNUSUAL)
        depth = np.exp(smooth_in_time(np.log(depth), times[start:stop], _SMOOTHING_SECONDS))
        root = _filling(pose, box, depth, intrinsics)
        root[known] = _in_front(pose[known], depth[known], joints[known].mean(axis=1), intrinsics, _mean)
        roots[start:stop] = root
    return roots


def _depths_by_boxes(pose, box, intrinsics):
    """Depths at which poses are as large as their boxes."""
    size = np.ptp(pose[..., :2], axis=1)
    size += _BEYOND_JOINTS * size.max(axis=1, keepdims=True)
    # As large as fits into the box: boxes of whole frames, too, are as high or as wide as the person.
    return _focal(intrinsics) / ((box[:, 2:] - box[:, :2]) / np.maximum(size, 1e-3)).min(axis=1)


def _depths_by_keypoints(pose, keypoints, root, intrinsics):
    """Depths at which poses have the spread of keypoints; found from roots that are about right."""
    middle, depth = keypoints.mean(axis=1), root[:, 2]
    for _ in range(_STEPS):
        root = _in_front(pose, depth, middle, intrinsics, _mean)
        depth = root[:, 2] * _spread(project(pose + root[:, None], intrinsics)) / _spread(keypoints)
    return np.maximum(depth, 1e-3)


def _filling(pose, box, depth, intrinsics):
    """Roots at a depth, so that poses are in the middle of their boxes."""
    return _in_front(pose, depth, (box[:, :2] + box[:, 2:]) / 2 - 0.5, intrinsics, _middle)


def _in_front(pose, depth, wanted, intrinsics, point_of):
    """Roots at a depth, so that what `point_of` tells of the pixels of a pose is where it is `wanted`."""
    # No joint may be behind the camera, or at it.
    depth = np.maximum(depth, 0.1 - pose[..., 2].min(axis=1))
    root = np.concatenate([wanted, np.ones((len(wanted), 1))], axis=1) @ np.linalg.inv(intrinsics).T * depth[:, None]
    for _ in range(_STEPS):
        error = wanted - point_of(project(pose + root[:, None], intrinsics))
        root[:, :2] += error * (depth / _focal(intrinsics))[:, None]
    return root


def _focal(intrinsics):
    return np.sqrt(abs(intrinsics[0, 0] * intrinsics[1, 1]))


def _mean(pixels):
    return pixels.mean(axis=1)


def _middle(pixels):
    return (pixels.min(axis=1) + pixels.max(axis=1)) / 2


def _spread(pixels):
    return np.maximum(np.linalg.norm(pixels - pixels.mean(axis=1, keepdims=True), axis=(1, 2)), 1e-3)


def project(points, intrinsics):
    """Pixels `(…, 2)` of points `(…, 3)` in front of a camera without lens distortion."""
    pixels = np.asarray(points, float) @ np.asarray(intrinsics, float).T
    return pixels[..., :2] / pixels[..., 2:]
