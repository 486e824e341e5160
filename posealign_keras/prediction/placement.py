"""`root_positions`: where in front of the camera a person stands, judged by size and place in the picture."""

import numpy as np

from posealign_keras.models.video_poses import runs
from posealign_keras.video.needs_tools import needs_tools
from posealign_keras.video.smooth_in_time import smooth_in_time

# A person is larger than the joints, by this share of their larger extent; as `tfrecords_tools` makes boxes of joints.
_BEYOND_JOINTS = 0.2
_SMOOTHING_SECONDS = 0.25
_STEPS = 4


def root_positions(poses, boxes, intrinsics, times, keypoints=None) -> np.ndarray:
    """Place poses so that they are seen where the person is.

    That is where the network sees the joints, if it does: the skeleton lies over them as well as it can. Otherwise
    poses fill the boxes in which they were seen.

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
    poses, boxes = np.asarray(poses, float), np.asarray(boxes, float)
    keypoints = np.full((*poses.shape[:2], 2), np.nan) if keypoints is None else np.asarray(keypoints, float)
    roots = np.full((len(poses), 3), np.nan)
    seen = np.isfinite(poses).all(axis=(1, 2)) & np.isfinite(boxes).all(axis=1)
    for start, stop in runs(seen):
        pose, found, at = poses[start:stop], keypoints[start:stop], times[start:stop]
        place = _over_keypoints(found) if np.isfinite(found).all() else _into_boxes(boxes[start:stop])
        roots[start:stop] = place(pose, np.asarray(intrinsics, float), at)
    return roots


def _over_keypoints(keypoints):
    """Places poses so that their joints have the mean and the spread of keypoints."""

    def spread(pixels):
        return np.maximum(np.linalg.norm(pixels - pixels.mean(axis=1, keepdims=True), axis=(1, 2)), 1e-3)

    def place(pose, intrinsics, times):
        middle = keypoints.mean(axis=1)
        depth = _focal(intrinsics) * np.maximum(spread(pose[..., :2]), 1e-3) / spread(keypoints)
        for _ in range(_STEPS):
            root = _in_front(pose, depth, middle, intrinsics, _mean)
            depth = root[:, 2] * spread(project(pose + root[:, None], intrinsics)) / spread(keypoints)
        return _in_front(pose, _smooth(depth, times), middle, intrinsics, _mean)

    return place


def _into_boxes(boxes):
    """Places poses so that they fill boxes."""

    def place(pose, intrinsics, times):
        low, high = pose[..., :2].min(axis=1), pose[..., :2].max(axis=1)
        size = high - low + _BEYOND_JOINTS * (high - low).max(axis=1, keepdims=True)
        # As large as fits into the box: boxes of whole frames, too, are as high or as wide as the person.
        scale = ((boxes[:, 2:] - boxes[:, :2]) / np.maximum(size, 1e-3)).min(axis=1)
        middle = (boxes[:, :2] + boxes[:, 2:]) / 2 - 0.5
        return _in_front(pose, _smooth(_focal(intrinsics) / scale, times), middle, intrinsics, _middle)

    return place


def _in_front(pose, depth, middle, intrinsics, of):
    """Roots at a depth, so that what `of` tells of the pixels of a pose is at `middle`."""
    # No joint may be behind the camera, or at it.
    depth = np.maximum(depth, 0.1 - pose[..., 2].min(axis=1))
    root = np.concatenate([middle, np.ones((len(middle), 1))], axis=1) @ np.linalg.inv(intrinsics).T * depth[:, None]
    for _ in range(_STEPS):
        error = middle - of(project(pose + root[:, None], intrinsics))
        root[:, :2] += error * (depth / _focal(intrinsics))[:, None]
    return root


def _smooth(depth, times):
    return np.exp(smooth_in_time(np.log(depth), times, _SMOOTHING_SECONDS))


def _focal(intrinsics):
    return np.sqrt(abs(intrinsics[0, 0] * intrinsics[1, 1]))


def _mean(pixels):
    return pixels.mean(axis=1)


def _middle(pixels):
    return (pixels.min(axis=1) + pixels.max(axis=1)) / 2


def project(points, intrinsics):
    """Pixels `(…, 2)` of points `(…, 3)` in front of a camera without lens distortion."""
    pixels = np.asarray(points, float) @ np.asarray(intrinsics, float).T
    return pixels[..., :2] / pixels[..., 2:]


def without_lens(pixels, intrinsics, distortion):
    """Where pixels `(…, 2)` would be without the distortion of OpenCV's lens model."""
    if not any(distortion):
        return pixels
    with needs_tools():
        import cv2
    flat = np.asarray(pixels, float).reshape(-1, 1, 2)
    return cv2.undistortPoints(flat, intrinsics, np.array(distortion), P=intrinsics).reshape(np.shape(pixels))
