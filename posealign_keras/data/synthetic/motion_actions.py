"""Families of generated motion that stay about where they are: everyday actions, sports, dance, floor exercises."""

import numpy as np

from posealign_keras.data.synthetic.motion_curves import random_moments, rhythm, through_keys
from posealign_keras.data.synthetic.motion_sketch import MotionSketch


def _crouch(sketch: MotionSketch, depth: np.ndarray, stance: float, lean: float, apart: float = 0.0) -> None:
    """Replace the legs by a squat: `depth` 0 upright to 1 deep, feet `stance` metres outside the hips."""
    tilt = lean * depth
    for side, forward in (("r", apart), ("l", -apart)):
        sketch.legs(side, 0.04 + 0.16 * depth + forward, stance, 0.86 - 0.5 * depth, tilt)
    sketch.add(tilt=tilt, neck_flex=-0.5 * tilt)


def idle(sketch: MotionSketch) -> None:
    """Standing, shifting the weight, looking around, arms in some resting pose."""
    uniform = sketch.rng.uniform
    sketch.stand()
    shift = sketch.level(0.8, 2.5) - sketch.level(0.8, 2.5)
    bend = uniform(5, 30)
    sketch.add(r_knee=bend * np.maximum(shift, 0), r_hip_flex=0.6 * bend * np.maximum(shift, 0))
    sketch.add(l_knee=bend * np.maximum(-shift, 0), l_hip_flex=0.6 * bend * np.maximum(-shift, 0))
    sketch.add(roll=uniform(2, 6) * shift, thorax_bend=-uniform(2, 6) * shift)
    sketch.arms_through_keys(1.2, 3.5, poses=("hanging", "hanging", "on_hip", "crossed", "to_face", "before_chest"))
    sketch.trunk_through_keys(0.8, 2.5, 0.7)
    sketch.turn(8)


def gesture(sketch: MotionSketch) -> None:
    """Talking with the hands."""
    sketch.stand()
    poses = (
        "before_chest",
        "carrying",
        "carrying",
        "forward",
        "to_face",
        "diagonal_up",
        "hanging",
        "across",
        "surrender",
    )
    sketch.arms_through_keys(0.4, 1.1, poses=poses)
    sketch.trunk_through_keys(0.7, 1.8, 0.6)
    sketch.add(tilt=sketch.noise(4))
    sketch.turn(12)


def wave(sketch: MotionSketch) -> None:
    """Waving with one arm or both, low or high."""
    uniform = sketch.rng.uniform
    sketch.stand()
    raised = sketch.level(0.9, 2.2, rest=0.6)
    phase = rhythm(sketch.rng, sketch.time, uniform(1.0, 2.2))
    height, width = uniform(60, 150), uniform(12, 38)
    both = sketch.chance(0.3)
    for side in ("r", "l") if both else ("r",):
        sketch.add(
            **{
                f"{side}_shoulder_abduct": height * raised + 0.25 * width * np.sin(phase),
                f"{side}_shoulder_flex": uniform(-10, 40) * raised,
                f"{side}_shoulder_twist": (-uniform(20, 60) + width * np.sin(phase)) * raised,
                f"{side}_elbow": (uniform(15, 70) + width * np.sin(phase + uniform(0, 6))) * raised,
                f"{side}_clavicle_raise": 0.1 * height * raised,
            }
        )
    sketch.trunk_through_keys(0.8, 2.0, 0.6)
    sketch.turn(10)


def reach(sketch: MotionSketch) -> None:
    """Reaching for something high, low, ahead or aside, with the trunk and the knees helping."""
    uniform = sketch.rng.uniform
    sketch.stand()
    depth = sketch.level(0.8, 2.0) * uniform(0, 0.6)
    _crouch(sketch, depth, uniform(0.02, 0.15), uniform(20, 80), uniform(-0.15, 0.15))
    sketch.arms_through_keys(
        0.6, 1.5, poses=("forward", "overhead", "diagonal_up", "across", "sideways", "hanging"), jitter=18
    )
    sketch.trunk_through_keys(0.6, 1.5, 1.1)
    sketch.turn(10)


def stretch(sketch: MotionSketch) -> None:
    """Slow stretching: side bends, toe touches, arms behind the head or up, wide stances."""
    uniform = sketch.rng.uniform
    sketch.stand()
    for side in ("r", "l"):
        sketch.legs(side, sketch.noise(0.03), uniform(0.0, 0.3), 0.84 - uniform(0, 0.06), 0.0)
    bow = sketch.level(1.0, 2.5) * uniform(10, 95) * sketch.chance(0.6)
    sketch.add(tilt=0.6 * bow, lumbar_flex=0.35 * bow, thorax_flex=0.2 * bow, hip_flex=0.6 * bow)
    sketch.arms_through_keys(0.9, 2.2, jitter=16)
    sketch.trunk_through_keys(0.9, 2.2, 1.3)
    sketch.turn(6)


def dance(sketch: MotionSketch) -> None:
    """Random figures of the whole body to a beat: steps, raised legs, lunges, turns, sweeping arms."""
    uniform = sketch.rng.uniform
    sketch.stand()
    beat = uniform(0.35, 0.8)
    moments = random_moments(sketch.rng, sketch.time, 0.8 * beat, 1.4 * beat)
    keys = np.array([_dance_legs(sketch.rng) for _ in moments])
    curve = through_keys(sketch.time, moments, keys, uniform(0, 0.2, len(moments) - 1))
    names = ("hip_flex", "hip_abduct", "hip_twist", "knee")
    sketch.add(
        **{
            f"{side}_{name}": curve[:, 4 * row + column]
            for row, side in enumerate("rl")
            for column, name in enumerate(names)
        }
    )
    sketch.add(tilt=curve[:, 8], roll=curve[:, 9])
    sketch.arms_through_keys(beat, 2 * beat, jitter=20)
    sketch.trunk_through_keys(beat, 2 * beat, 1.1)
    spin = sketch.level(0.6, 1.5) * uniform(0, 260) * (1 if sketch.chance(0.5) else -1)
    sketch.add(heading=np.cumsum(spin) * (sketch.time[1] - sketch.time[0]))
    phase = rhythm(sketch.rng, sketch.time, 1 / beat)
    sketch.add(knee=uniform(2, 12) * (1 + np.sin(phase)), hip_flex=uniform(1, 6) * (1 + np.sin(phase)))
    sketch.turn(25)


def _dance_legs(rng: np.random.Generator) -> np.ndarray:
    """A figure: both legs as (hip_flex, hip_abduct, hip_twist, knee), then tilt and roll, all in degrees."""
    uniform = rng.uniform
    figure = rng.integers(7)
    legs = np.zeros((2, 4))
    tilt, roll = uniform(-4, 8), uniform(-4, 4)
    free = rng.integers(2)
    outward = -1 if free == 0 else 1  # leaning away from the free leg: right is +
    if figure == 0:  # knee raised
        legs[free] = uniform(40, 95), uniform(0, 25), uniform(-25, 5), uniform(50, 110)
    elif figure == 1:  # straight leg to the front
        legs[free] = uniform(20, 80), uniform(0, 20), uniform(-25, 0), uniform(0, 15)
        tilt = -uniform(0, 12)
    elif figure == 2:  # leg to the side
        legs[free] = uniform(0, 25), uniform(20, 55), uniform(-35, 0), uniform(0, 30)
        roll = outward * uniform(0, 20)
    elif figure == 3:  # arabesque: leg behind, trunk forward
        tilt = uniform(10, 45)
        legs[free] = uniform(-30, -15), uniform(0, 12), uniform(-20, 0), uniform(0, 45)
        legs[1 - free, 0] = tilt
    elif figure == 4:  # lunge
        depth = uniform(20, 60)
        legs[free] = 1.2 * depth, 3, -5, 1.15 * depth
        legs[1 - free] = -0.4 * depth, 3, -10, 0.6 * depth
    elif figure == 5:  # plié
        depth = uniform(15, 60)
        legs[:] = depth, uniform(5, 25), -uniform(10, 35), 1.9 * depth
    else:  # crossed in front or behind
        legs[free] = uniform(-15, 20), -uniform(5, 18), uniform(-15, 5), uniform(0, 35)
    return np.concatenate([legs.ravel(), [tilt, roll]])


def squat(sketch: MotionSketch) -> None:
    """Knee bends, shallow to deep, with any arms."""
    uniform = sketch.rng.uniform
    sketch.stand()
    depth = sketch.level(0.6, 1.5, rest=0.3) * uniform(0.5, 1.0)
    _crouch(sketch, depth, uniform(0.02, 0.22), uniform(20, 55), uniform(-0.06, 0.06))
    sketch.add(hip_twist=-uniform(0, 20))
    if sketch.chance(0.5):
        sketch.arms_through_keys(0.8, 2.0)
    else:
        sketch.add(shoulder_flex=uniform(20, 100) * depth, elbow=uniform(0, 40) * depth)
    sketch.trunk_through_keys(1.0, 2.5, 0.4)
    sketch.turn(6)


def lunge(sketch: MotionSketch) -> None:
    """Long steps forward into a deep lunge and back, as in fencing or gymnastics."""
    uniform = sketch.rng.uniform
    sketch.stand()
    depth = sketch.level(0.6, 1.5, rest=0.2)
    length, drop, tilt = uniform(0.25, 0.5) * depth, uniform(0.12, 0.34) * depth, uniform(0, 30) * depth
    sketch.legs("r", 0.04 + length, uniform(0, 0.08), 0.86 - drop, tilt)
    sketch.legs("l", 0.02 - 1.05 * length, uniform(0, 0.08), 0.86 - drop, tilt)
    sketch.add(tilt=tilt, l_hip_twist=-uniform(0, 25))
    sketch.arms_through_keys(0.7, 1.8, jitter=16)
    sketch.trunk_through_keys(0.8, 2.0, 0.7)
    sketch.turn(8)


def lift(sketch: MotionSketch) -> None:
    """Bending down for a load, from the knees or from the back, and carrying it up."""
    uniform = sketch.rng.uniform
    sketch.stand()
    depth = sketch.level(0.8, 1.8)
    knees = uniform(0.15, 0.9)
    _crouch(sketch, depth * knees, uniform(0.03, 0.15), uniform(20, 50), uniform(-0.08, 0.08))
    bow = (1.1 - knees) * uniform(40, 75) * depth
    sketch.add(tilt=bow, hip_flex=bow, lumbar_flex=uniform(5, 35) * depth, thorax_flex=uniform(0, 20) * depth)
    high = uniform(20, 150) if sketch.chance(0.4) else 15.0
    carried = np.maximum(1 - 1.6 * depth, 0)
    sketch.add(shoulder_flex=uniform(55, 90) * depth + high * carried, shoulder_twist=uniform(0, 25))
    sketch.add(elbow=uniform(15, 50) + uniform(20, 60) * carried)
    sketch.add(lumbar_twist=sketch.noise(8), thorax_twist=sketch.noise(12))
    sketch.turn(15)


def kick(sketch: MotionSketch) -> None:
    """Kicks: straight ahead, round from the side, or as with a football."""
    uniform = sketch.rng.uniform
    sketch.stand()
    high, round_kick = uniform(35, 100), uniform(0, 1) ** 2
    sketch.strikes(
        {
            "r_hip_flex": (-18 + 55 * round_kick, high * (1 - 0.3 * round_kick)),
            "r_hip_abduct": (6 + 20 * round_kick, 55 * round_kick),
            "r_hip_twist": (0, 20 * round_kick),
            "r_knee": (uniform(60, 105), uniform(0, 12)),
            "l_knee": (14, 16),
            "l_hip_flex": (8, 8 - 12 * (1 - round_kick)),
            "tilt": (8, -16 * (1 - round_kick) + 6),
            "roll": (0, -28 * round_kick),
            "heading": (-8 - 12 * round_kick, 12 + 45 * round_kick),
            "thorax_twist": (10, -22),
            "l_shoulder_flex": (-20, 45),
            "r_shoulder_flex": (25, -35),
            "shoulder_abduct": (15, uniform(10, 45)),
        },
        (1.0, 2.0),
        0.35,
        0.24,
        0.6,
    )
    if sketch.chance(0.5):
        sketch.add(elbow=uniform(50, 100), shoulder_flex=uniform(20, 40), shoulder_twist=uniform(0, 30))
    sketch.trunk_through_keys(0.8, 2.0, 0.3)
    sketch.turn(15)


def punch(sketch: MotionSketch) -> None:
    """Boxing: jabs, crosses and hooks from a guard, on light feet."""
    uniform = sketch.rng.uniform
    sketch.stand()
    lead = uniform(0.08, 0.2)
    bounce = 0.02 * np.sin(rhythm(sketch.rng, sketch.time, uniform(1.2, 2.2)))
    crouch = uniform(0.0, 0.14)
    tilt = uniform(2, 16)
    sketch.legs("l", lead, 0.05, 0.82 - crouch + bounce, tilt)
    sketch.legs("r", -lead, 0.08, 0.82 - crouch + bounce, tilt)
    sketch.add(tilt=tilt, heading=-uniform(10, 35))
    sketch.add(shoulder_flex=uniform(25, 45), elbow=uniform(85, 115), shoulder_twist=uniform(10, 35))
    for side, turn, interval in (("l", -20, (0.7, 1.6)), ("r", 42, (0.9, 2.2))):
        hook = uniform(0, 1) ** 2
        sketch.strikes(
            {
                f"{side}_shoulder_flex": (-18, uniform(30, 55)),
                f"{side}_shoulder_abduct": (8 * hook, 60 * hook),
                f"{side}_elbow": (10, -uniform(75, 95) * (1 - 0.75 * hook)),
                f"{side}_shoulder_twist": (0, 25 * hook),
                "thorax_twist": (-0.4 * turn, turn),
                "heading": (-0.15 * turn, 0.5 * turn),
                "lumbar_flex": (0, 6),
            },
            interval,
            0.18,
            0.16,
            0.4,
        )
    sketch.trunk_through_keys(0.6, 1.5, 0.4)
    sketch.turn(20)


def throw(sketch: MotionSketch) -> None:
    """Throwing overarm with a step and a turning trunk."""
    uniform = sketch.rng.uniform
    sketch.stand()
    side_arm = uniform(0, 1)
    sketch.strikes(
        {
            "r_shoulder_abduct": (uniform(75, 100), 45 * side_arm),
            "r_shoulder_flex": (-10, uniform(60, 100)),
            "r_shoulder_twist": (-70, 25),
            "r_elbow": (uniform(60, 95), 5),
            "l_shoulder_flex": (uniform(30, 80), -15),
            "l_shoulder_abduct": (uniform(10, 40), 10),
            "thorax_twist": (-30, 28),
            "lumbar_twist": (-14, 12),
            "heading": (-28, 14),
            "lumbar_flex": (-8, 18),
            "tilt": (-6, 20),
            "r_hip_flex": (8, -6),
            "l_hip_flex": (uniform(5, 60), 32),
            "l_knee": (uniform(10, 70), 18),
            "r_knee": (18, 28),
        },
        (1.3, 2.6),
        0.6,
        0.26,
        0.7,
    )
    sketch.turn(15)


def swing(sketch: MotionSketch) -> None:
    """Both hands swing a bat, a club or an axe."""
    uniform = sketch.rng.uniform
    sketch.stand()
    plane = uniform(0, 1)  # 0 from above, as with an axe; 1 level, as with a bat
    _crouch(sketch, np.full_like(sketch.time, uniform(0.05, 0.25)), uniform(0.05, 0.2), uniform(15, 45))
    sketch.add(shoulder_flex=uniform(45, 65), shoulder_abduct=-20, elbow=uniform(20, 45), shoulder_twist=25)
    sketch.strikes(
        {
            "shoulder_flex": (90 * (1 - plane) + 15, -15 * (1 - plane) + 10 * plane),
            "r_elbow": (50, -15),
            "l_elbow": (20, -10),
            "thorax_twist": (-36 * plane, 38 * plane),
            "lumbar_twist": (-18 * plane, 20 * plane),
            "heading": (-25 * plane, 35 * plane),
            "r_shoulder_abduct": (30 * plane, -22 * plane),
            "l_shoulder_abduct": (-28 * plane, 30 * plane),
            "lumbar_flex": (-12 * (1 - plane), 26 * (1 - plane)),
            "tilt": (-6, 22 * (1 - plane)),
            "neck_twist": (40 * plane, -30 * plane),
            "r_knee": (8, 25 * plane),
            "l_knee": (15, 0),
        },
        (1.2, 2.5),
        0.6,
        0.3,
        0.8,
    )
    sketch.turn(12)


def balance(sketch: MotionSketch) -> None:
    """Standing on one leg, the other one somewhere, arms out."""
    uniform = sketch.rng.uniform
    sketch.stand()
    moments = random_moments(sketch.rng, sketch.time, 0.9, 2.2)
    away = uniform(0, 1) < 0.5
    keys = np.column_stack(
        [
            uniform(-30, 100, len(moments)),
            uniform(-5, 50, len(moments)),
            uniform(-35, 10, len(moments)),
            uniform(0, 120, len(moments)),
        ]
    )
    keys *= np.where(np.arange(len(moments)) % 4 == 0, 0.1, 1.0)[:, None]
    curve = through_keys(sketch.time, moments, keys, uniform(0, 0.5, len(moments) - 1))
    names = ("hip_flex", "hip_abduct", "hip_twist", "knee")
    sketch.add(**{f"l_{name}": curve[:, column] for column, name in enumerate(names)})
    lean = np.maximum(-curve[:, 0], 0) * uniform(0.3, 1.6) if away else np.zeros_like(sketch.time)
    sketch.add(tilt=lean, r_hip_flex=lean, roll=0.3 * curve[:, 1], r_hip_abduct=-0.2 * curve[:, 1])
    sketch.arms_through_keys(0.9, 2.2, poses=("sideways", "sideways", "overhead", "forward", "on_hip", "diagonal_up"))
    sketch.trunk_through_keys(0.8, 2.0, 0.5)
    sketch.turn(8)


def sit(sketch: MotionSketch) -> None:
    """Sitting on a chair, sitting down and getting up, legs crossed or stretched, hands busy."""
    uniform = sketch.rng.uniform
    sketch.stand()
    seated = sketch.level(1.2, 3.0) if sketch.chance(0.6) else np.ones_like(sketch.time)
    rising = np.sin(np.pi * np.clip(seated, 0, 1))
    # Leaning forward brings the weight over the feet on the way down and up.
    tilt = uniform(20, 40) * rising + uniform(-18, 15) * seated
    height, forward = uniform(0.3, 0.5), uniform(0.3, 0.5)
    for side in ("r", "l"):
        outward = uniform(0.0, 0.14)
        sketch.legs(side, 0.03 + forward * seated, outward, 0.86 - (0.86 - height) * seated, tilt)
    sketch.add(tilt=tilt, lumbar_flex=uniform(0, 25) * seated)
    if sketch.chance(0.3):
        crossing = sketch.level(1.2, 3.0) * seated**2
        sketch.add(r_hip_flex=25 * crossing, r_hip_abduct=-18 * crossing, r_knee=-uniform(0, 20) * crossing)
    sketch.arms_through_keys(0.8, 2.5, poses=("carrying", "before_chest", "to_face", "crossed", "forward", "hanging"))
    sketch.trunk_through_keys(0.8, 2.2, 0.8)
    sketch.turn(2)


def kneel(sketch: MotionSketch) -> None:
    """Going down on one knee or both, and working there."""
    uniform = sketch.rng.uniform
    sketch.stand()
    down = sketch.level(1.2, 3.0) if sketch.chance(0.6) else np.ones_like(sketch.time)
    heels = uniform(0, 55) * sketch.chance(0.5)
    both = sketch.chance(0.4)
    tilt = uniform(-5, 35) * down
    # Halfway the knees lead: the trunk must not fall back while the shins go down.
    sketch.add(r_knee=(82 + heels) * down, r_hip_flex=(4 + heels) * down + tilt)
    if both:
        sketch.add(l_knee=(82 + heels) * down, l_hip_flex=(4 + heels) * down + tilt, hip_abduct=uniform(2, 12) * down)
    else:
        sketch.add(l_knee=(82 + 0.3 * heels) * down, l_hip_flex=(82 + 0.4 * heels) * down + tilt)
    sketch.add(tilt=tilt)
    sketch.arms_through_keys(0.7, 1.8, jitter=16)
    sketch.trunk_through_keys(0.8, 2.0, 0.8)
    sketch.turn(4)


def lie(sketch: MotionSketch) -> None:
    """On the back: resting, sit-ups, raised and cycling legs."""
    uniform = sketch.rng.uniform
    up = sketch.level(0.8, 1.8) * uniform(0, 1) * sketch.chance(0.6)
    tilt = -88 + 75 * up
    sketch.add(tilt=tilt, lumbar_flex=22 * up, thorax_flex=18 * up, neck_flex=uniform(5, 20) + 15 * up)
    phase = rhythm(sketch.rng, sketch.time, uniform(0.4, 0.9))
    raised = sketch.level(0.8, 2.2, rest=0.4) * uniform(0, 95)
    pedalling = uniform(10, 40) * sketch.chance(0.4)
    bent = uniform(0, 70)
    for side, shift in (("r", 0.0), ("l", np.pi)):
        cycle = pedalling * np.sin(phase + shift)
        flex = np.maximum(0.5 * bent + raised + cycle + pedalling, 0) + 75 * up
        sketch.add(**{f"{side}_hip_flex": flex, f"{side}_knee": bent + pedalling * (1 + np.sin(phase + shift + 1.2))})
    sketch.add(hip_abduct=uniform(0, 25))
    sketch.arms_through_keys(
        0.9, 2.5, poses=("hanging", "sideways", "overhead", "forward", "before_chest", "behind_head", "surrender")
    )
    sketch.turn(3)
