"""Generated human motion, so that everything can be tried, taught and tested without any data set.

Each family of motion draws the joint angles of one kind of movement with a style of its own for every call. The
angles are kept within the limits of human joints, a random body turns them into positions, and that body is carried
along by the feet that touch the floor.
"""

from collections.abc import Sequence

import numpy as np

from posealign_keras.data.motion_library import MotionLibrary
from posealign_keras.data.synthetic import motion_actions, motion_locomotion
from posealign_keras.data.synthetic.motion_curves import smooth, smooth_noise
from posealign_keras.data.synthetic.motion_kinematics import (
    CHANNELS,
    INDEX,
    forward_kinematics,
    limit_channels,
    mirror_channels,
    place_on_ground,
    random_body,
)
from posealign_keras.data.synthetic.motion_sketch import MotionSketch

_FAMILIES = {
    family.__name__: family
    for family in (
        motion_locomotion.walk,
        motion_locomotion.run,
        motion_locomotion.turn,
        motion_locomotion.side_step,
        motion_locomotion.jump,
        motion_locomotion.hop,
        motion_locomotion.crawl,
        motion_actions.idle,
        motion_actions.gesture,
        motion_actions.wave,
        motion_actions.reach,
        motion_actions.stretch,
        motion_actions.dance,
        motion_actions.squat,
        motion_actions.lunge,
        motion_actions.lift,
        motion_actions.kick,
        motion_actions.punch,
        motion_actions.throw,
        motion_actions.swing,
        motion_actions.balance,
        motion_actions.sit,
        motion_actions.kneel,
        motion_actions.lie,
    )
}

MOTION_FAMILIES: tuple[str, ...] = tuple(_FAMILIES)
"""Names of the kinds of motion that can be generated.

Example:
    >>> sorted(MOTION_FAMILIES)[:3]
    ['balance', 'crawl', 'dance']
"""

_FPS = 30.0
_TOP_SPEED = 11.0
# Frames drawn beyond each end, so that smoothing sees no beginning and no end.
_MARGIN = 6
_MUSCLE_SECONDS = 0.05
# Degrees by which every joint angle wanders around what the family asks for.
_UNREST = 2.0


def generate_motion(family: str, frames: int, rng: np.random.Generator) -> np.ndarray:
    """Draw one motion of a random body.

    Args:
        family: One of `MOTION_FAMILIES`.
        frames: Number of frames at 30 fps, at least 1.
        rng: Source of randomness; its state alone decides the motion.

    Returns:
        `(frames, 17, 3)` float32 joints in `BODY17` order, metres, world frame: z up, right-handed, z = 0 the floor.
        Bones keep their lengths, knees and elbows bend one way only, and no joint is faster than 12 m/s.

    Raises:
        ValueError: If there is no such family or `frames` is not a positive integer.

    Example:
        >>> generate_motion("walk", 90, np.random.default_rng(0)).shape
        (90, 17, 3)
    """
    return _generate(family, frames, rng, random_body(rng))


def generate_motion_library(
    sequences: int, frames: int, seed: int, families: Sequence[str] | None = None
) -> MotionLibrary:
    """Draw a library of motions, every sequence with a new body and style.

    Args:
        sequences: Number of sequences; the families take turns.
        frames: Frames per sequence, at 30 fps.
        seed: Decides everything; the same seed gives the same library.
        families: Names out of `MOTION_FAMILIES`; all if None.

    Returns:
        `MotionLibrary` with the family as `actions`, the body as `subjects` and `"synthetic"` as `sources`.

    Raises:
        ValueError: If there is no such family, or a number is not a positive integer.

    Example:
        >>> library = generate_motion_library(sequences=4, frames=60, seed=0)
        >>> len(library), library[0].shape, library.fps
        (4, (60, 17, 3), 30.0)
    """
    _check_positive("sequences", sequences)
    families = MOTION_FAMILIES if families is None else tuple(families)
    if not families:
        raise ValueError("`families` must name at least one family. Received: families=()")
    chosen = [families[index % len(families)] for index in range(sequences)]
    # A generator of its own for each sequence, so that a sequence does not depend on how many there are.
    streams = np.random.SeedSequence(seed).spawn(sequences)
    clips = [
        generate_motion(family, frames, np.random.default_rng(stream))
        for family, stream in zip(chosen, streams, strict=True)
    ]
    numbers = range(sequences)
    return MotionLibrary(
        positions=np.concatenate(clips),
        offsets=frames * np.arange(sequences + 1),
        names=np.array([f"{family}_{number:05d}" for family, number in zip(chosen, numbers, strict=True)]),
        subjects=np.array([f"body_{number:05d}" for number in numbers]),
        actions=np.array(chosen),
        sources=np.full(sequences, "synthetic"),
        fps=_FPS,
    )


def _check_positive(name: str, value: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        raise ValueError(f"`{name}` must be a positive integer. Received: {name}={value!r}")


def _generate(family: str, frames: int, rng: np.random.Generator, body: np.ndarray) -> np.ndarray:
    if family not in _FAMILIES:
        raise ValueError(f"`family` must be one of {', '.join(MOTION_FAMILIES)}. Received: family={family!r}")
    _check_positive("frames", frames)
    channels = _draw_channels(family, frames + 2 * _MARGIN, rng)
    positions = _positions(channels, body)
    for _ in range(4):
        fastest = np.linalg.norm(np.diff(positions, axis=0), axis=-1).max() * _FPS
        if fastest <= _TOP_SPEED:
            break
        # Too hasty for a human body: the same movement, slower.
        channels = _slow_down(channels, 0.98 * _TOP_SPEED / fastest)
        positions = _positions(channels, body)
    positions = positions[_MARGIN : _MARGIN + frames]
    positions[..., :2] -= positions[:1, :1, :2]
    return positions.astype(np.float32)


def _draw_channels(family: str, frames: int, rng: np.random.Generator) -> np.ndarray:
    sketch = MotionSketch(frames, _FPS, rng)
    _FAMILIES[family](sketch)
    channels = sketch.channels
    angles = [column for column, name in enumerate(CHANNELS) if name != "lift" and not name.startswith("drift")]
    channels[:, angles] += np.deg2rad(_UNREST) * smooth_noise(rng, sketch.time, len(angles))
    _raise_shoulders(channels)
    channels[:, INDEX["heading"]] += rng.uniform(-np.pi, np.pi)
    if rng.random() < 0.5:
        channels = mirror_channels(channels)
    lift = np.maximum(channels[:, INDEX["lift"]], 0)
    channels = smooth(limit_channels(channels), _MUSCLE_SECONDS * _FPS)
    # A flight is a parabola already, with a sharp take-off: smoothing it would let the feet leave too early.
    channels[:, INDEX["lift"]] = smooth(lift, 0.5)
    return channels


def _raise_shoulders(channels: np.ndarray) -> None:
    """Lift the shoulder girdle along with the arm: about a third of a raised arm's way is the shoulder blade's."""
    for side in ("r", "l"):
        flex, abduct = (channels[:, INDEX[f"{side}_shoulder_{name}"]] for name in ("flex", "abduct"))
        raised = np.maximum(np.hypot(flex, abduct) - np.deg2rad(40), 0)
        channels[:, INDEX[f"{side}_clavicle_raise"]] += 0.2 * raised
        channels[:, INDEX[f"{side}_clavicle_forward"]] += 0.1 * np.clip(flex, -1.0, 1.6)


def _positions(channels: np.ndarray, body: np.ndarray) -> np.ndarray:
    return place_on_ground(forward_kinematics(channels, body), channels, _FPS)


def _slow_down(channels: np.ndarray, rate: float) -> np.ndarray:
    frames = np.arange(len(channels))
    slower = np.stack([np.interp(frames * rate, frames, column) for column in channels.T], axis=1)
    drifts = [INDEX["drift_forward"], INDEX["drift_side"]]
    slower[:, drifts] *= rate
    return slower
