"""Films poses, with a camera that follows the person or one that stands still."""

from dataclasses import dataclass

import numpy as np

from posealign_keras.data.synthetic.compositing import compose
from posealign_keras.data.synthetic.people import People, get_people
from posealign_keras.data.synthetic.scene import Scene
from posealign_keras.skeletons import BODY17

# Seconds over which the tracking camera evens out the steps of the person.
_TRACKING_TIME = 0.25
_NEAREST = 0.5


@dataclass(frozen=True)
class Film:
    """Pictures of people and where the people are.

    Args:
        images: `(..., T, size, size, 3)` uint8 RGB.
        joints: `(..., T, 17, 3)` float32 BODY17 joints in metres, absolute, in the camera frame.
        intrinsics: `(..., 3, 3)` float32 camera matrices in pixels; the centre of the first pixel is at 0.
        masks: `(..., T, size, size)` float32 in [0, 1], how much of each pixel the person covers, occluders aside.

    Example:
        >>> from posealign_keras.data.synthetic import STUDIO, generate_motion
        >>> from posealign_keras.ops import project
        >>> rng = np.random.default_rng(0)
        >>> filmed = film(generate_motion("walk", 2, rng), STUDIO.sample_scene(rng), size=32)
        >>> pixels = np.asarray(project(filmed.joints, filmed.intrinsics))
        >>> bool((pixels > -0.5).all() and (pixels < 31.5).all())  # all joints are in the picture
        True
    """

    images: np.ndarray
    joints: np.ndarray
    intrinsics: np.ndarray
    masks: np.ndarray

    @property
    def poses(self) -> np.ndarray:
        """`(..., T, 17, 3)` float32 joints relative to the pelvis: what networks estimate."""
        return self.joints - self.joints[..., :1, :]


def film(
    sequences,
    scenes,
    size=64,
    rng=None,
    fps=30,
    people: str | People = "cones",
    tracking: bool = True,
    threads: int | None = None,
):
    """Film one sequence of poses in one scene, or many in a scene each.

    The camera keeps its orientation and its distance, the one from which the whole clip fits into `camera.fill` of the
    picture. It follows the smoothed path of the pelvis, or stands still. A single picture is a sequence of one pose:
    `film(poses[:, None], scenes).images[:, 0]`.

    Args:
        sequences: `(T, 17, 3)` BODY17 joints in metres, in a right-handed world with z up; or `(N, T, 17, 3)`.
        scenes: One `Scene`; or `N` of them for `N` sequences.
        size: Width and height of the pictures in pixels.
        rng: `numpy.random.Generator` of the sensor noise; `None` for no noise.
        fps: Poses per second.
        people: Who is filmed: "cones", the built-in people around the joints of the sequences; "mesh", people with
            bodies of flesh, whose joints are their own (see `MeshPeople`); or another `People`.
        tracking: Whether the camera follows the person, as in clips of one person, or stands still, as on a tripod.
        threads: How many threads paint; `None` for one on each core.

    Returns:
        `Film`, with a leading axis `N` where `sequences` has one.

    Raises:
        ValueError: If a shape, a number of scenes, `size`, `fps` or `people` is wrong or a joint is not finite.
        ImportError: If the `people` need an extra that is not installed.

    Example:
        >>> from posealign_keras.data.synthetic import STUDIO, generate_motion
        >>> rng = np.random.default_rng(0)
        >>> filmed = film(generate_motion("walk", 4, rng), STUDIO.sample_scene(rng), size=32, rng=rng)
        >>> filmed.images.shape, filmed.joints.shape, filmed.masks.shape
        ((4, 32, 32, 3), (4, 17, 3), (4, 32, 32))
    """
    sequences = np.asarray(sequences, "float64")
    single = isinstance(scenes, Scene)
    if sequences.ndim != (3 if single else 4) or sequences.shape[-2:] != (BODY17.num_joints, 3) or not sequences.size:
        wanted = f"(T, {BODY17.num_joints}, 3)" if single else f"(N, T, {BODY17.num_joints}, 3)"
        raise ValueError(
            f"`sequences` must have shape {wanted} for {'one scene' if single else 'several scenes'}. "
            f"Received: sequences.shape={sequences.shape}"
        )
    if not np.isfinite(sequences).all():
        raise ValueError("`sequences` must be finite. Received: sequences with NaN or infinite joints")
    if not fps > 0:
        raise ValueError(f"`fps` must be positive. Received: fps={fps}")
    if single:
        sequences, scenes = sequences[None], [scenes]
    scenes = list(scenes)
    if len(scenes) != len(sequences):
        raise ValueError(f"`scenes` must be one per sequence ({len(sequences)}). Received: {len(scenes)} scenes")

    people = get_people(people)
    bodies = people.pose(sequences, scenes)
    joints = np.stack(
        [
            _seen(poses, scene.camera, _TRACKING_TIME * fps if tracking else None, bodies.flesh)
            for poses, scene in zip(bodies.joints, scenes, strict=True)
        ]
    )
    poses = joints.reshape(-1, *joints.shape[2:])
    per_pose = [scene for scene in scenes for _ in range(joints.shape[1])]
    images, masks = compose(
        lambda piece: bodies.paint(piece, poses[piece], per_pose[piece], size), per_pose, size, rng, threads
    )
    images, masks = (pictures.reshape(*joints.shape[:2], *pictures.shape[1:]) for pictures in (images, masks))
    intrinsics = np.stack([scene.camera.intrinsics(size) for scene in scenes]).astype("float32")
    joints = joints.astype("float32")
    if single:
        return Film(images[0], joints[0], intrinsics[0], masks[0])
    return Film(images, joints, intrinsics, masks)


def _seen(poses, camera, tracking_frames, flesh):
    """Joints `(T, 17, 3)` in the frame of the camera; the flesh around them must fit in too.

    A camera that tracks evens out the path of the pelvis over so many frames; `None` for one that stands still.
    """
    joints = poses @ camera.rotation.T
    offsets = joints if tracking_frames is None else joints - _smooth(joints[:, :1], tracking_frames)
    # Aim at the middle of everything the person does in the clip.
    offsets = offsets - 0.5 * (offsets.min(axis=(0, 1)) + offsets.max(axis=(0, 1)))
    # A joint at (x, z) is seen at focal_length * x / (z + distance): the distance at which the last one fits.
    sideways = abs(offsets[..., :2]).max(axis=-1) + flesh
    distance = (2 * camera.focal_length / camera.fill * sideways - offsets[..., 2]).max()
    distance = max(distance, _NEAREST - offsets[..., 2].min())
    shift = np.append(camera.shift, 0) * distance / camera.focal_length
    return offsets + shift + [0.0, 0.0, distance]


def _smooth(path, sigma):
    """Gaussian mean along the first axis, of the path as if it stood still before and after."""
    radius = int(np.ceil(3 * sigma))
    weights = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2)
    padded = np.pad(path, [(radius, radius), (0, 0), (0, 0)], "edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * radius + 1, axis=0)
    return windows @ (weights / weights.sum())
