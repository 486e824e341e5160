"""Families of generated motion that go somewhere: walking, running, turning, stepping, jumping, crawling."""

import numpy as np

from posealign_keras.data.synthetic.motion_curves import ease, pulse, random_moments, rhythm
from posealign_keras.data.synthetic.motion_sketch import MotionSketch

_GRAVITY = 9.81


def _gait(
    sketch: MotionSketch, frequency: float, stride: float, swing_knee: float, arm_swing: float, backward: bool = False
) -> np.ndarray:
    """Add one cycle of steps after the other; `(frames,)` phase of the right leg, pi / 2 at heel strike."""
    phase = rhythm(sketch.rng, sketch.time, frequency)
    if backward:
        phase = -phase
    vigour = np.clip(1 + sketch.noise(0.12), 0.5, 1.4)
    if sketch.chance(0.25):
        # Setting off or coming to a stand within the sequence.
        start = sketch.rng.uniform(0.1, 0.9) * sketch.time[-1]
        begun = ease(sketch.time, start, start + sketch.rng.uniform(0.4, 0.9))
        vigour = vigour * (begun if sketch.chance(0.5) else 1 - begun)
    limp = sketch.rng.normal(0, 0.06)
    for side, shift, share in (("r", 0.0, 1 + limp), ("l", np.pi, 1 - limp)):
        leg = phase + shift
        extent = vigour * share
        # The knee must stay straight until the other heel strikes, or else the foot would leave the ground too early.
        knee = swing_knee * pulse(leg, -0.14 * np.pi, 3.2) + 9 * pulse(leg, 0.72 * np.pi, 4.0)
        sketch.add(**{f"{side}_hip_flex": stride * extent * (np.sin(leg) + 0.3), f"{side}_knee": knee * extent})
        sketch.add(**{f"{side}_shoulder_flex": -arm_swing * extent * np.sin(leg)})
        sketch.add(**{f"{side}_elbow": -0.4 * arm_swing * extent * np.sin(leg)})
    sway = sketch.rng.uniform(2, 6)
    sketch.add(heading=sway * vigour * np.sin(phase), thorax_twist=-1.8 * sway * vigour * np.sin(phase))
    sketch.add(roll=0.3 * sway * vigour * np.cos(phase), thorax_bend=-0.6 * sway * vigour * np.cos(phase))
    return phase


def walk(sketch: MotionSketch) -> None:
    """Walking at any pace, sometimes backward, crouched, marching, with the arms doing something else."""
    uniform = sketch.rng.uniform
    pace = uniform(0, 1)
    sketch.stand()
    if sketch.chance(0.35):
        sketch.arms_through_keys(0.8, 2.5)
    marching, crouching = sketch.chance(0.12), sketch.chance(0.12)
    stride, high_knee = 14 + 14 * pace, uniform(20, 60)
    swing_knee = uniform(48, 66)
    phase = _gait(
        sketch, 0.7 + 0.35 * pace, stride, swing_knee, uniform(3, 14) + 16 * pace, backward=sketch.chance(0.12)
    )
    if marching:
        # The thigh comes up in front while the shin hangs.
        for side, shift in (("r", 0.0), ("l", np.pi)):
            raised = pulse(phase + shift, 0.1 * np.pi, 2.0)
            sketch.add(**{f"{side}_hip_flex": high_knee * raised, f"{side}_knee": 0.9 * high_knee * raised})
    if crouching:
        depth = uniform(15, 35)
        sketch.add(hip_flex=1.6 * depth, knee=1.8 * depth, tilt=0.7 * depth, neck_flex=-0.4 * depth)
    lean = uniform(0, 6)
    sketch.add(tilt=lean, hip_flex=lean, lumbar_flex=uniform(-4, 6))
    sketch.turn(18)


def run(sketch: MotionSketch) -> None:
    """Jogging to fast running, elbows bent, with phases of flight."""
    uniform = sketch.rng.uniform
    pace = uniform(0, 1)
    sketch.stand()
    sketch.add(elbow=uniform(45, 75), shoulder_flex=uniform(-15, 0), shoulder_twist=uniform(5, 30))
    phase = _gait(sketch, 1.2 + 0.3 * pace, 24 + 15 * pace, 75 + 30 * pace, 20 + 20 * pace)
    lean = uniform(4, 12) + 4 * pace
    sketch.add(tilt=lean, hip_flex=lean + 6, neck_flex=-0.6 * lean, knee=8)
    flight = np.maximum(-np.cos(2 * phase), 0) ** 2
    sketch.set("lift", (0.03 + 0.05 * pace) * flight)
    sketch.turn(15)


def turn(sketch: MotionSketch) -> None:
    """Turning around on the spot in small steps, or spinning, looking ahead into the turn."""
    uniform = sketch.rng.uniform
    sketch.stand()
    if sketch.chance(0.4):
        sketch.arms_through_keys(0.7, 2.0)
    _gait(sketch, uniform(0.8, 1.2), uniform(3, 12), uniform(30, 60), uniform(3, 12))
    speed = uniform(50, 170) * sketch.level(0.7, 1.8, rest=0.2) * (1 if sketch.chance(0.5) else -1)
    step = sketch.time[1] - sketch.time[0]
    sketch.add(heading=np.cumsum(speed) * step, thorax_twist=0.12 * speed, neck_twist=0.22 * speed)
    sketch.trunk_through_keys(0.8, 2.0, 0.4)


def side_step(sketch: MotionSketch) -> None:
    """Stepping sideways, upright or in a low defensive stance."""
    uniform = sketch.rng.uniform
    sketch.stand()
    crouch = uniform(0, 1) ** 2
    tilt = uniform(0, 6) + 25 * crouch
    phase = rhythm(sketch.rng, sketch.time, uniform(0.7, 1.6))
    width = np.clip(uniform(0.12, 0.3) * (1 + sketch.noise(0.2)), 0.05, 0.4)
    spread = width * (0.5 - 0.5 * np.cos(phase)) + 0.02 + 0.12 * crouch
    down = 0.85 - 0.16 * crouch - 0.6 * np.square(spread)
    lift = uniform(0.06, 0.14)
    for side, direction in (("r", 1), ("l", -1)):
        raised = lift * np.maximum(direction * np.sin(phase), 0)
        sketch.legs(side, 0.03 + 0.1 * crouch, spread, down - raised, tilt)
    sketch.add(tilt=tilt, neck_flex=-0.5 * tilt, roll=uniform(0, 4) * np.sin(phase))
    if sketch.chance(0.6):
        sketch.arms_through_keys(0.7, 2.0, poses=("guard", "forward", "sideways", "hanging", "diagonal_up", "carrying"))
    sketch.add(shoulder_abduct=uniform(0, 18) * np.sin(phase - 0.5))
    sketch.turn(12)


def jump(sketch: MotionSketch) -> None:
    """Jumps on the spot, forward, sideways or turning: crouch, take-off with the arms, flight, landing."""
    uniform, time = sketch.rng.uniform, sketch.time
    sketch.stand()
    tuck, straddle, arms = uniform(0, 55), uniform(0, 1) ** 3 * 45, uniform(50, 160)
    forward = uniform(0.3, 2.0) if sketch.chance(0.5) else 0.0
    side, spin = sketch.rng.normal(0, 0.4), sketch.rng.normal(0, 60)
    lift, drift = np.zeros_like(time), np.zeros_like(time)
    crouch, air = np.zeros_like(time), np.zeros_like(time)
    for moment in random_moments(sketch.rng, time, 1.2, 2.4):
        flight = uniform(0.32, 0.6)
        since = time - moment
        aloft = (since > 0) & (since < flight)
        lift += np.where(aloft, 0.5 * _GRAVITY * since * (flight - since), 0.0)
        drift += np.where(aloft, 1.0, 0.0)
        depth, landing = uniform(0.5, 1.0), uniform(0.3, 0.9)
        crouch += depth * (ease(since, -0.65, -0.25) - ease(since, -0.22, 0.02))
        crouch += landing * (ease(since, flight - 0.02, flight + 0.2) - ease(since, flight + 0.22, flight + 0.7))
        air += ease(since, -0.2, 0.15) - ease(since, flight - 0.12, flight + 0.15)
        sketch.add(heading=spin * ease(since, -0.1, flight + 0.1))
    sketch.set("lift", lift)
    sketch.set("drift_forward", forward * drift)
    sketch.set("drift_side", side * drift)
    sketch.add(hip_flex=85 * crouch + tuck * air, knee=95 * crouch + 1.4 * tuck * air, tilt=35 * crouch)
    sketch.add(hip_abduct=straddle * air, lumbar_flex=8 * crouch + 0.15 * tuck * air, neck_flex=-18 * crouch)
    sketch.add(shoulder_flex=arms * air - 40 * crouch, shoulder_abduct=uniform(0, 50) * air, elbow=uniform(0, 40) * air)
    sketch.turn(6)


def hop(sketch: MotionSketch) -> None:
    """Hopping on one leg, on both, or as in jumping jacks."""
    uniform = sketch.rng.uniform
    sketch.stand()
    phase = rhythm(sketch.rng, sketch.time, uniform(1.3, 2.0), 0.04)
    bounce = np.maximum(np.sin(phase), 0)
    crouch = np.maximum(-np.sin(phase), 0) * uniform(0.5, 1.0)
    sketch.set("lift", uniform(0.05, 0.13) * bounce * np.clip(1 + sketch.noise(0.2), 0.3, 1.5))
    sketch.add(hip_flex=18 * crouch, knee=32 * crouch, tilt=6 * crouch)
    style = sketch.rng.integers(3)
    if style == 0:
        sketch.add(l_hip_flex=uniform(0, 70) + sketch.noise(8), l_knee=uniform(60, 100) + sketch.noise(8))
        sketch.add(shoulder_abduct=uniform(5, 60), elbow=uniform(0, 50))
    elif style == 1:
        apart = 0.5 - 0.5 * np.cos(phase / 2)
        sketch.add(hip_abduct=uniform(14, 30) * apart, shoulder_abduct=uniform(90, 155) * apart, elbow=-4)
    else:
        sketch.arms_through_keys(0.7, 2.0)
    sketch.set("drift_forward", sketch.noise(0.5) * bounce)
    sketch.turn(20)


def crawl(sketch: MotionSketch) -> None:
    """On hands and knees, moving or still."""
    uniform = sketch.rng.uniform
    phase = rhythm(sketch.rng, sketch.time, uniform(0.5, 0.9))
    reach = uniform(4, 22)
    sketch.add(
        tilt=uniform(72, 86), neck_flex=-uniform(5, 40), lumbar_flex=uniform(-8, 12), shoulder_twist=uniform(-10, 15)
    )
    for side, shift in (("r", 0.0), ("l", np.pi)):
        # The hand goes with the knee of the other side.
        knee_swing, hand_swing = np.sin(phase + shift), np.sin(phase + shift + np.pi)
        lifted = np.maximum(np.cos(phase + shift), 0)
        hand_lifted = np.maximum(-np.cos(phase + shift), 0)
        sketch.add(
            **{f"{side}_hip_flex": 78 + reach * knee_swing, f"{side}_knee": 88 + reach * knee_swing + 14 * lifted}
        )
        sketch.add(**{f"{side}_shoulder_flex": 80 + reach * hand_swing, f"{side}_elbow": 12 + 40 * hand_lifted})
    sketch.add(hip_abduct=uniform(2, 10), shoulder_abduct=uniform(4, 14), lumbar_bend=0.4 * reach * np.sin(phase))
    sketch.turn(15)
