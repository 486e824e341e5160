"""A body in a studio, in the 17 joints of the package, and videos that show where its left wrist is."""

import av
import cv2
import numpy as np

from posealign_keras.skeletons import BODY17

LEFT_WRIST = BODY17.index("l_wrist")
RED = (230, 20, 20)

# Standing at the origin of a world with z up, facing -y, so that its left is +x. Metres.
_STANDING = {
    "pelvis": (0, 0, 0.95),
    "r_hip": (-0.13, 0, 0.93),
    "r_knee": (-0.14, -0.03, 0.5),
    "r_ankle": (-0.14, 0.02, 0.08),
    "l_hip": (0.13, 0, 0.93),
    "l_knee": (0.14, -0.03, 0.5),
    "l_ankle": (0.14, 0.02, 0.08),
    "spine": (0, 0.02, 1.2),
    "thorax": (0, 0.02, 1.45),
    "neck_nose": (0, -0.08, 1.58),
    "head_top": (0, 0, 1.75),
    "l_shoulder": (0.18, 0.02, 1.42),
    "l_elbow": (0.42, 0, 1.3),
    "l_wrist": (0.62, -0.15, 1.25),
    "r_shoulder": (-0.18, 0.02, 1.42),
    "r_elbow": (-0.24, 0.02, 1.12),
    "r_wrist": (-0.22, -0.05, 0.85),
}


def moving_body(frames):
    """`(frames, 17, 3)` metres: walks towards -y, and lifts its left hand."""
    positions = np.array([_STANDING[name] for name in BODY17.joint_names], float)
    positions = np.repeat(positions[None], frames, axis=0)
    positions[:, :, 1] -= 0.02 * np.arange(frames)[:, None]
    positions[:, LEFT_WRIST, 2] += 0.01 * np.arange(frames)
    return positions


def is_right_handed(joints, up, forward):
    """Whether left is left."""
    across = joints[..., BODY17.index("l_shoulder"), :] - joints[..., BODY17.index("r_shoulder"), :]
    return bool((across @ np.cross(up, forward) > 0).all())


def pictures_of(pixels, width, height, radius=5):
    """One grey picture for each of `(T, 2)` pixels, with a red dot there."""
    pictures = np.full((len(pixels), height, width, 3), 90, "uint8")
    for picture, (x, y) in zip(pictures, pixels, strict=True):
        cv2.circle(picture, (round(x * 16), round(y * 16)), radius * 16, RED, -1, cv2.LINE_AA, 4)
    return pictures


def write_video(path, pictures, fps, codec="libx264"):
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=fps)
        stream.height, stream.width = pictures.shape[1:3]
        stream.pix_fmt = "yuv420p"
        if codec == "libx264":
            stream.options = {"crf": "12", "preset": "ultrafast"}
        else:
            stream.bit_rate = 20_000_000
        for picture in pictures:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())


def red_dot(image):
    """`(2,)` pixel of the middle of the red dot in a picture."""
    image = image.astype(int)
    rows, columns = np.nonzero(image[..., 0] - image[..., 1:].max(axis=-1) > 60)
    assert len(rows), "there is no red dot"
    return np.array([columns.mean(), rows.mean()])


def projected(record, joint=LEFT_WRIST):
    """`(2,)` pixel at which a labelled image says that a joint is."""
    point = record["intrinsics"] @ (record["joints"][joint] + record["root_position"])
    return point[:2] / point[2]


def records_of(arrays):
    """The records of `load_arrays`, one by one."""
    count = len(next(iter(arrays.values())))
    return [{key: value[index] for key, value in arrays.items()} for index in range(count)]
