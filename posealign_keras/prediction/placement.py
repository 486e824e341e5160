"""`root_positions`: where in front of the camera a person stands, judged by size and place in the picture."""

import numpy as np

from posealign_keras.models.video_poses import runs
from posealign_keras.video.smooth_in_time import smooth_in_time

# A person is larger than the joints, by this share of their larger extent; as `tfrecords_tools` makes boxes of joints.
_BEYOND_JOINTS = 0.2
_SMOOTHING_SECONDS = 0.25
_STEPS = 4


def root_positions(poses, boxes, intrinsics, times) -> np.ndarray:
    """Place poses so that they fill the boxes in which they were seen.

    One picture does not show how tall a person is: depths are those of a body with the bone lengths of the poses, and
    are wrong in proportion where the person is taller or smaller, or the camera is only assumed.

    Args:
        poses: `(T, joints, 3)` metres, root-relative, camera frame (x right, y down, z forward); NaN where not known.
        boxes: `(T, 4)` left, top, right and bottom edge of the person in pixels, the corner of the first pixel at
            (0, 0).
        intrinsics: `(3, 3)` camera matrix in pixels, the centre of the first pixel at (0, 0).
        times: `(T,)` seconds of the frames, by which the depth is smoothed.

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
    """
    poses, boxes = np.asarray(poses, float), np.asarray(boxes, float)
    inverse = np.linalg.inv(np.asarray(intrinsics, float))
    focal = np.sqrt(abs(intrinsics[0][0] * intrinsics[1][1]))
    roots = np.full((len(poses), 3), np.nan)
    seen = np.isfinite(poses).all(axis=(1, 2)) & np.isfinite(boxes).all(axis=1)
    for start, stop in runs(seen):
        pose, box = poses[start:stop], boxes[start:stop]
        low, high = pose[..., :2].min(axis=1), pose[..., :2].max(axis=1)
        size = high - low + _BEYOND_JOINTS * (high - low).max(axis=1, keepdims=True)
        # As large as fits into the box: boxes of whole frames, too, are as high or as wide as the person.
        scale = ((box[:, 2:] - box[:, :2]) / np.maximum(size, 1e-3)).min(axis=1)
        depth = focal / np.exp(smooth_in_time(np.log(scale), times[start:stop], _SMOOTHING_SECONDS))
        # No joint may be behind the camera, or at it.
        depth = np.maximum(depth, 0.1 - pose[..., 2].min(axis=1))
        middle = (box[:, :2] + box[:, 2:]) / 2 - 0.5
        root = np.concatenate([middle, np.ones((len(middle), 1))], axis=1) @ inverse.T * depth[:, None]
        for _ in range(_STEPS):
            seen_at = project(pose + root[:, None], intrinsics)
            error = middle - (seen_at.min(axis=1) + seen_at.max(axis=1)) / 2
            root[:, :2] += error * (depth / focal)[:, None]
        roots[start:stop] = root
    return roots


def project(points, intrinsics):
    """Pixels `(…, 2)` of points `(…, 3)` in front of a camera without lens distortion."""
    pixels = np.asarray(points, float) @ np.asarray(intrinsics, float).T
    return pixels[..., :2] / pixels[..., 2:]
