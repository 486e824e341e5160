"""Poses of a video as arrays and as text."""

import json
from pathlib import Path

import numpy as np

# Decimals of metres, and of pixels, in JSON: a tenth of a millimetre.
_DECIMALS = 4


def save_npz(path: Path, found, roots, name: str, skeleton) -> None:
    """Write the poses of a video as `.npz`.

    One row for each of the T frames, NaN where the person is not seen: `poses (T, joints, 3)`, metres, root-relative,
    camera frame (x right, y down, z forward); `root_positions (T, 3)`, see there; `confidence (T,)`, `plausibility
    (T,)`, `latents (T, latent_dim)`, `boxes (T, 4)` pixels, `keypoints (T, joints, 2)`, where the network sees the
    joints in the video, in pixels (the centre of the first one at (0, 0); NaN if it finds none), `times (T,)` seconds.
    Also `intrinsics (3, 3)`, and whether they were known, `camera_known`.

    And what the reader `arrays` of `tfrecords_tools` and `MotionLibrary.load` take as motion capture: `positions (N,
    joints, 3)` of the N frames with a pose, metres, root-relative, z up as if the camera were level; `offsets`,
    `lengths`, `names`, `subjects`, `actions` and `sources`, one sequence for each unbroken stretch of frames;
    `joint_names` and `fps`.

    Args:
        path: The file.
        found: The `VideoPoses`.
        roots: `(T, 3)` root positions.
        name: Name of the video.
        skeleton: The skeleton of the poses.
    """
    stretches = found.stretches
    lengths = np.array([stop - start for start, stop in stretches])
    nothing = np.full(len(stretches), "")
    # The axes of a level camera, as those of a world with z up.
    positions = found.poses[found.seen][..., [0, 2, 1]] * np.array([1, 1, -1], "float32")
    np.savez_compressed(
        path,
        positions=positions.astype("float32"),
        offsets=np.concatenate([[0], np.cumsum(lengths)]),
        lengths=lengths,
        names=np.array([name if len(stretches) == 1 else f"{name} from frame {start}" for start, _ in stretches]),
        subjects=nothing,
        actions=nothing,
        sources=np.full(len(stretches), "posealign"),
        joint_names=np.array(skeleton.joint_names),
        fps=np.float64(found.fps),
        poses=found.poses,
        root_positions=roots.astype("float32"),
        confidence=found.confidence,
        plausibility=found.plausibility,
        latents=found.latents,
        boxes=found.boxes.astype("float32"),
        keypoints=found.keypoints,
        times=found.times,
        intrinsics=found.intrinsics,
        camera_known=np.bool_(found.camera_known),
    )


def save_json(path: Path, found, roots, name: str, skeleton) -> None:
    """Write the poses of a video as JSON, one line for each frame.

    `frames` has for each frame `time`, `box`, `root_position`, `pose` (`[[x, y, z], …]` in the order of `joint_names`),
    `keypoints`, `confidence` and `plausibility`, as in `save_npz`; `null` where there is none.

    Args:
        path: The file.
        found: The `VideoPoses`.
        roots: `(T, 3)` root positions.
        name: Name of the video.
        skeleton: The skeleton of the poses.
    """
    head = {
        "format": "posealign poses 1",
        "video": name,
        "fps": found.fps,
        "num_frames": len(found.times),
        "unit": "metre",
        "coordinate_frame": "camera: x right, y down, z forward",
        "root_joint": skeleton.joint_names[0],
        "joint_names": list(skeleton.joint_names),
        "parents": list(skeleton.parents),
        "camera": {"intrinsics": np.round(found.intrinsics, 3).tolist(), "known": bool(found.camera_known)},
    }
    seen = found.seen
    with open(path, "w", encoding="utf-8") as file:
        file.write(json.dumps(head, indent=1)[:-2] + ',\n "frames": [')
        for index, time in enumerate(found.times.tolist()):
            frame = {
                "time": round(time, 6),
                "box": _numbers(found.boxes[index], seen[index], 2),
                "root_position": _numbers(roots[index], seen[index]),
                "pose": _numbers(found.poses[index], seen[index]),
                "keypoints": _numbers(found.keypoints[index], np.isfinite(found.keypoints[index]).all(), 2),
                "confidence": _numbers(found.confidence[index], np.isfinite(found.confidence[index])),
                "plausibility": _numbers(found.plausibility[index], seen[index]),
            }
            file.write(("," if index else "") + "\n  " + json.dumps(frame, allow_nan=False, separators=(",", ":")))
        file.write("\n ]\n}\n")


def _numbers(values, known, decimals=_DECIMALS):
    return np.round(np.asarray(values, float), decimals).tolist() if known else None
