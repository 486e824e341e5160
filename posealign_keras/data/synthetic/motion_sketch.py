"""The `MotionSketch`: the joint angles of one motion while a family is drawing it."""

import numpy as np

from posealign_keras.data.synthetic.motion_curves import ease, random_moments, smooth_noise, through_keys
from posealign_keras.data.synthetic.motion_kinematics import CHANNELS, INDEX

_LEG = 0.44  # thigh and shin of the canonical body, metres

# Arms as (shoulder_flex, shoulder_abduct, shoulder_twist, elbow) in degrees.
ARM_POSES = {
    "hanging": (0, 8, 0, 15),
    "forward": (85, 5, 0, 15),
    "sideways": (10, 85, -10, 15),
    "overhead": (165, 20, 0, 15),
    "diagonal_up": (110, 60, 0, 20),
    "behind": (-35, 15, 10, 15),
    "on_hip": (-20, 42, 50, 100),
    "before_chest": (35, 15, 55, 115),
    "crossed": (45, -15, 60, 85),
    "behind_head": (75, 110, -25, 135),
    "to_face": (50, 15, 30, 135),
    "guard": (45, 5, 20, 125),
    "carrying": (25, 5, 10, 85),
    "across": (75, -35, 20, 30),
    "surrender": (20, 85, -75, 90),
}


class MotionSketch:
    """Collects the angle curves of one motion, written for a right-handed body.

    Args:
        frames: Number of frames, at least 2.
        fps: Frames per second.
        rng: Source of all the variation.

    Attributes:
        time: `(frames,)` seconds.
        channels: `(frames, len(CHANNELS))` radians (and metres, for `lift` and the drifts).
    """

    def __init__(self, frames: int, fps: float, rng: np.random.Generator):
        self.rng = rng
        self.time = np.arange(frames) / fps
        self.channels = np.zeros((frames, len(CHANNELS)))

    def add(self, **degrees) -> None:
        """Add curves or constants, in degrees, to channels; a name without a side means both sides."""
        for name, value in degrees.items():
            for channel in (name,) if name in INDEX else (f"r_{name}", f"l_{name}"):
                self.channels[:, INDEX[channel]] += np.deg2rad(value)

    def set(self, name: str, values) -> None:
        """Replace the channel `name` by values in radians, metres or metres per second."""
        self.channels[:, INDEX[name]] = values

    def noise(self, amplitude: float, slowest: float = 0.08, fastest: float = 0.9) -> np.ndarray:
        """`(frames,)` smooth curve around 0 with standard deviation `amplitude`."""
        return amplitude * smooth_noise(self.rng, self.time, 1, slowest, fastest)[:, 0]

    def chance(self, probability: float) -> bool:
        """True with that probability."""
        return bool(self.rng.random() < probability)

    def stand(self) -> None:
        """A relaxed upright body: feet about hip-wide, toes out, arms hanging, each body in its own way."""
        uniform = self.rng.uniform
        knee = uniform(4, 14)
        self.add(hip_flex=knee / 2, knee=knee, hip_abduct=uniform(0, 7), hip_twist=-uniform(0, 14))
        self.add(shoulder_abduct=uniform(4, 14), shoulder_flex=uniform(-8, 8), elbow=uniform(6, 35))
        self.add(thorax_flex=uniform(-4, 12), neck_flex=uniform(-8, 12), clavicle_forward=uniform(-5, 8))

    def legs(self, side: str, forward, outward, down, tilt=0.0) -> None:
        """Bend one leg such that its ankle is at a place relative to its hip, in the canonical body's metres.

        Args:
            side: "r" or "l".
            forward: Metres in front of the hip, a number or a curve.
            outward: Metres to the outside.
            down: Metres below the hip.
            tilt: Forward lean of the pelvis in degrees, which the hip makes up for.
        """
        distance = np.sqrt(np.square(forward) + np.square(outward) + np.square(down))
        knee = 2 * np.arccos(np.clip(distance / (2 * _LEG), 0.2, 0.999))
        sideways = np.hypot(forward, outward)
        swing = np.arctan2(sideways, down) / np.maximum(sideways, 1e-6)
        for name, value in (
            ("hip_flex", swing * forward + knee / 2 + np.deg2rad(tilt)),
            ("hip_abduct", swing * outward),
            ("knee", knee),
        ):
            self.set(f"{side}_{name}", value)

    def random_arm_keys(self, count: int, poses: tuple[str, ...] = tuple(ARM_POSES), jitter: float = 12) -> np.ndarray:
        """`(count, 2, 4)` degrees: random arm poses, right and left, alike on both sides in half of the keys."""
        known = np.array([ARM_POSES[name] for name in poses], float)
        choice = self.rng.integers(len(known), size=(count, 2))
        choice[:, 1] = np.where(self.rng.random(count) < 0.5, choice[:, 0], choice[:, 1])
        return known[choice] + self.rng.normal(0, jitter, (count, 2, 4)) * [1.0, 1.0, 1.0, 1.2]

    def arms_through_keys(self, shortest: float, longest: float, **options) -> None:
        """Replace both arms by a passage through random poses at intervals between two lengths, in seconds."""
        moments = random_moments(self.rng, self.time, shortest, longest)
        keys = self.random_arm_keys(len(moments), **options).reshape(len(moments), 8)
        holds = self.rng.uniform(0, 0.5, len(moments) - 1)
        curve = np.deg2rad(through_keys(self.time, moments, keys, holds))
        names = ("shoulder_flex", "shoulder_abduct", "shoulder_twist", "elbow")
        columns = [INDEX[f"{side}_{name}"] for side in ("r", "l") for name in names]
        self.channels[:, columns] = curve

    def trunk_through_keys(self, shortest: float, longest: float, extent: float = 1.0) -> None:
        """Add a passage through random bends and twists of spine and neck."""
        moments = random_moments(self.rng, self.time, shortest, longest)
        names = ("flex", "bend", "twist")
        spread = {"lumbar": (14, 10, 10), "thorax": (12, 10, 16), "neck": (14, 12, 26)}
        for part, degrees in spread.items():
            keys = self.rng.normal(0, 1, (len(moments), 3)) * degrees * extent
            curve = through_keys(self.time, moments, keys, np.zeros(len(moments) - 1))
            self.add(**{f"{part}_{name}": curve[:, column] for column, name in enumerate(names)})

    def level(self, shortest: float, longest: float, rest: float = 0.0) -> np.ndarray:
        """`(frames,)` curve that goes up to a random height (at most 1) and back to about `rest`, again and again.

        Args:
            shortest: Shortest time in seconds between two turning points.
            longest: Longest time in seconds.
            rest: Where the low turning points are, from 0 to 1.
        """
        moments = random_moments(self.rng, self.time, shortest, longest)
        high = (np.arange(len(moments)) + self.rng.integers(2)) % 2 == 1
        keys = np.where(high, self.rng.uniform(0.55, 1.0, len(moments)), rest * self.rng.uniform(0, 1, len(moments)))
        return through_keys(self.time, moments, keys[:, None], self.rng.uniform(0, 0.4, len(moments) - 1))[:, 0]

    def strikes(self, actions: dict[str, tuple[float, float]], interval, wind_up: float, hit: float, back: float):
        """Add swift actions at random moments: a slow wind-up, the hit, the way back.

        Args:
            actions: `{channel: (degrees at the end of the wind-up, degrees at the hit)}`.
            interval: Shortest and longest time in seconds between two hits.
            wind_up: Seconds of the wind-up.
            hit: Seconds from the wind-up to the hit.
            back: Seconds from the hit back to rest.
        """
        moments = random_moments(self.rng, self.time, *interval)
        wound, reached = np.zeros_like(self.time), np.zeros_like(self.time)
        for moment in moments:
            strength, pace = self.rng.uniform(0.6, 1.05), self.rng.uniform(0.9, 1.3)
            rise = ease(self.time, moment - hit * pace, moment)
            wound += strength * (ease(self.time, moment - (wind_up + hit) * pace, moment - hit * pace) - rise)
            reached += strength * (rise - ease(self.time, moment + 0.06, moment + back * pace))
        self.add(**{name: before * wound + after * reached for name, (before, after) in actions.items()})

    def turn(self, degrees_per_second: float) -> None:
        """Let the heading wander at a rate that changes slowly, with this standard deviation."""
        step = self.time[1] - self.time[0]
        self.add(heading=np.cumsum(self.noise(degrees_per_second, 0.05, 0.4)) * step)
