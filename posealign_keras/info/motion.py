"""What is said of poses, of motion capture, and of boxes."""

from pathlib import Path
from typing import Any

import numpy as np

from posealign_keras.info.readable import read_json, readable
from posealign_keras.video.needs_tools import needs_tools

_BOXES = "boxes_xyxy_px"


def of_arrays(path: Path) -> dict[str, Any]:
    """An `.npz` file of poses, of motion capture or of boxes."""
    with readable(path, "an .npz file of poses or boxes"), np.load(path, allow_pickle=False) as content:
        names = content.files
        if _BOXES not in names or "positions" in names:
            return _of_positions(content, names)
    return of_boxes(path)


def _of_positions(content, names):
    positions = content["positions"]
    if positions.ndim != 3:
        raise ValueError(f"`positions` must have shape (frames, joints, 3). Received: {positions.shape}")
    joints = [str(name) for name in content["joint_names"]] if "joint_names" in names else positions.shape[1]
    confidence = np.asarray(content["confidence"], float) if "confidence" in names else np.array([np.nan])
    known = confidence[np.isfinite(confidence)]
    return {
        "kind": "poses",
        "frames": len(content["poses"]) if "poses" in names else len(positions),
        "poses": len(positions),
        "sequences": len(content["offsets"]) - 1 if "offsets" in names else 1,
        "joints": joints,
        **({"fps": float(content["fps"])} if "fps" in names else {}),
        **({"median_confidence": round(float(np.median(known)), 3)} if len(known) else {}),
    }


def of_json(path: Path) -> dict[str, Any]:
    """A `.json` file of `predict`, or of boxes."""
    kind = "a .json file of poses or boxes"
    content = read_json(path, kind)
    if "joint_names" not in content:
        return of_boxes(path)
    with readable(path, kind):
        return {
            "kind": "poses",
            "frames": len(content["frames"]),
            "poses": sum(frame["pose"] is not None for frame in content["frames"]),
            "joints": list(content["joint_names"]),
            "fps": content["fps"],
        }


def of_boxes(path: Path) -> dict[str, Any]:
    """A file of boxes of persons."""
    with needs_tools():
        from tfrecords_tools.boxes import read_boxes
    clips = {}
    for clip, persons in read_boxes(path).items():
        for track, given in persons.items():
            name = " ".join(part for part in (clip or path.stem, f"track {track}" if track else "") if part)
            seen = np.isfinite(given.boxes).all(axis=1)
            clips[name] = {"boxes": int(seen.sum()), "last_frame": int(given.frames[-1]) if len(seen) else None}
    return {"kind": "boxes", "clips": clips}


def of_bvh(path: Path) -> dict[str, Any]:
    """A `.bvh` file."""
    with needs_tools():
        from tfrecords_tools.formats.bvh_file import BVHFile
    motion = BVHFile.read(path)
    return {
        "kind": "motion capture",
        "frames": len(motion.values),
        "fps": round(1 / motion.frame_time, 3) if motion.frame_time else None,
        "joints": list(motion.names),
    }
