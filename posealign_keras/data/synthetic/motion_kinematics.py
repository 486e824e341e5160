"""Joint angles to joint positions: the body that every generated motion moves.

The body's own frame at rest is x right, y forward, z up. A pose is a row of named angle *channels* (`CHANNELS`,
radians, metres); the same named angle means the same thing to either side, so a motion is mirrored by exchanging
sides and by changing the sign of what turns the trunk. Ball joints are a swing (flexion forward, abduction outward,
as one rotation vector) after a twist about the limb (inward is positive); knees and elbows are hinges.
"""

import numpy as np

from posealign_keras.data.synthetic.motion_curves import smooth
from posealign_keras.skeletons import BODY17

TRUNK_CHANNELS = (
    "heading",
    "tilt",
    "roll",
    "lumbar_flex",
    "lumbar_bend",
    "lumbar_twist",
    "thorax_flex",
    "thorax_bend",
    "thorax_twist",
    "neck_flex",
    "neck_bend",
    "neck_twist",
    "lift",
    "drift_forward",
    "drift_side",
)
LIMB_CHANNELS = (
    "hip_flex",
    "hip_abduct",
    "hip_twist",
    "knee",
    "clavicle_raise",
    "clavicle_forward",
    "shoulder_flex",
    "shoulder_abduct",
    "shoulder_twist",
    "elbow",
)
CHANNELS = (*TRUNK_CHANNELS, *(f"{side}_{name}" for side in ("r", "l") for name in LIMB_CHANNELS))
"""Names of the channels, in the order of the columns of a channel array."""

INDEX = {name: column for column, name in enumerate(CHANNELS)}

# Limits of healthy joints in degrees. Flexion of the trunk is shared by pelvis, lumbar spine and thorax.
_LIMITS = {
    "tilt": (-95, 100),
    "roll": (-40, 40),
    "lumbar_flex": (-25, 50),
    "lumbar_bend": (-25, 25),
    "lumbar_twist": (-25, 25),
    "thorax_flex": (-20, 35),
    "thorax_bend": (-25, 25),
    "thorax_twist": (-40, 40),
    "neck_flex": (-45, 50),
    "neck_bend": (-35, 35),
    "neck_twist": (-70, 70),
    "hip_flex": (-35, 130),
    "hip_abduct": (-25, 70),
    "hip_twist": (-45, 45),
    "knee": (3, 145),
    "clavicle_raise": (-8, 35),
    "clavicle_forward": (-20, 25),
    "shoulder_flex": (-60, 178),
    "shoulder_abduct": (-50, 178),
    "shoulder_twist": (-75, 80),
    "elbow": (4, 145),
}
_UNLIMITED = (-np.inf, np.inf)


def _limits() -> np.ndarray:
    names = [name.split("_", 1)[1] if name[:2] in ("r_", "l_") else name for name in CHANNELS]
    return np.deg2rad(np.array([_LIMITS.get(name, _UNLIMITED) for name in names]).T)


def _mirror() -> tuple[np.ndarray, np.ndarray]:
    swap = {"r_": "l_", "l_": "r_"}
    order = [INDEX[swap.get(name[:2], name[:2]) + name[2:]] for name in CHANNELS]
    turned = {"heading", "roll", "drift_side"}
    trunk = [name in turned or (name in TRUNK_CHANNELS and name.endswith(("_bend", "_twist"))) for name in CHANNELS]
    return np.array(order), np.where(trunk, -1.0, 1.0)


_LOWER, _UPPER = _limits()
_MIRROR_ORDER, _MIRROR_SIGN = _mirror()

# Directions at rest (standing, arms hanging), x right, y forward, z up; the left side is the mirror image. The
# neck_nose joint lies in front of the line of the neck, as in Human3.6M.
_REST_DIRECTIONS = {
    "r_hip": (1.0, 0.0, 0.0),
    "r_knee": (0.0, 0.0, -1.0),
    "r_ankle": (0.0, 0.0, -1.0),
    "spine": (0.0, 0.07, 1.0),
    "thorax": (0.0, -0.08, 1.0),
    "neck_nose": (0.0, 0.32, 0.95),
    "head_top": (0.0, 0.0, 1.0),
    "r_shoulder": (0.95, -0.05, -0.25),
    "r_elbow": (0.0, 0.0, -1.0),
    "r_wrist": (0.0, 0.0, -1.0),
}

# Joints that can bear the body, with the height of the joint above the ground while they do, for 1.75 m of height.
_CONTACTS = {
    "pelvis": 0.11,
    "r_knee": 0.055,
    "l_knee": 0.055,
    "r_ankle": 0.08,
    "l_ankle": 0.08,
    "thorax": 0.11,
    "r_elbow": 0.05,
    "l_elbow": 0.05,
    "r_wrist": 0.05,
    "l_wrist": 0.05,
    "head_top": 0.07,
}
_CONTACT_JOINTS = np.array([BODY17.index(name) for name in _CONTACTS])
_CLEARANCES = np.array(list(_CONTACTS.values()))
# Over this height, in metres, one contact hands over to another; a hard minimum would make the body jerk.
_CONTACT_SOFTNESS = 0.01
# A foot lifted this high, in metres, no longer pushes the body along.
_AIRBORNE_HEIGHT = 0.02
# Seconds over which the body in the air keeps the speed that it had on the ground, and over which speed is evened out.
_MOMENTUM_SECONDS = 0.12
_INERTIA_SECONDS = 0.05


def mirror_channels(channels: np.ndarray) -> np.ndarray:
    """The same motion done by the other hand: left and right exchanged in a `(T, len(CHANNELS))` array."""
    return channels[:, _MIRROR_ORDER] * _MIRROR_SIGN


def limit_channels(channels: np.ndarray) -> np.ndarray:
    """Bring all angles of a `(T, len(CHANNELS))` array into the range of healthy joints."""
    return np.clip(channels, _LOWER, _UPPER)


def random_body(rng: np.random.Generator) -> np.ndarray:
    """Draw a body: `(17, 3)` offset of each joint from its parent at rest, in metres.

    Height varies from about 1.45 to 2.0 m, and on top of it the proportions of limbs, trunk, hips and shoulders;
    left and right are alike.
    """
    height = np.clip(rng.normal(1.0, 0.055), 0.88, 1.14)
    leg, arm, trunk = rng.normal(1.0, 0.03, 3)
    groups = {"knee": leg, "ankle": leg, "elbow": arm, "wrist": arm, "spine": trunk, "thorax": trunk}
    spread = {"hip": 0.1, "shoulder": 0.1, "neck_nose": 0.1, "head_top": 0.1}
    factors = {
        name.removeprefix("r_"): height
        * groups.get(name.removeprefix("r_"), 1.0)
        * np.clip(rng.normal(1.0, spread.get(name.removeprefix("r_"), 0.035)), 0.75, 1.25)
        for name in _REST_DIRECTIONS
    }
    offsets = np.zeros((BODY17.num_joints, 3))
    for joint, name in enumerate(BODY17.joint_names[1:], start=1):
        part = name[2:] if name[:2] in ("r_", "l_") else name
        direction = np.array(_REST_DIRECTIONS[f"r_{part}" if name[:2] in ("r_", "l_") else part])
        if name.startswith("l_"):
            direction[0] = -direction[0]
        offsets[joint] = direction / np.linalg.norm(direction) * BODY17.bone_lengths[joint] * factors[part]
    return offsets


def _rotation_x(angle: np.ndarray) -> np.ndarray:
    return _axis_rotation(angle, 1, 2)


def _rotation_z(angle: np.ndarray) -> np.ndarray:
    return _axis_rotation(angle, 0, 1)


def _axis_rotation(angle: np.ndarray, first: int, second: int) -> np.ndarray:
    """`(..., 3, 3)` rotations that turn coordinate axis `first` towards axis `second`."""
    matrix = np.zeros((*angle.shape, 3, 3))
    matrix[..., range(3), range(3)] = 1.0
    cosine, sine = np.cos(angle), np.sin(angle)
    matrix[..., first, first] = cosine
    matrix[..., second, second] = cosine
    matrix[..., first, second] = -sine
    matrix[..., second, first] = sine
    return matrix


def _swing(about_x: np.ndarray, about_y: np.ndarray) -> np.ndarray:
    """`(..., 3, 3)` rotations by the rotation vectors (about_x, about_y, 0): Rodrigues' formula without a z axis."""
    angle = np.sqrt(about_x**2 + about_y**2)
    scale = 1.0 / np.maximum(angle, 1e-9)
    x, y = about_x * scale, about_y * scale
    cosine, sine = np.cos(angle), np.sin(angle)
    rest = 1.0 - cosine
    matrix = np.empty((*angle.shape, 3, 3))
    matrix[..., 0, 0] = cosine + x * x * rest
    matrix[..., 0, 1] = matrix[..., 1, 0] = x * y * rest
    matrix[..., 1, 1] = cosine + y * y * rest
    matrix[..., 0, 2], matrix[..., 2, 0] = y * sine, -y * sine
    matrix[..., 1, 2], matrix[..., 2, 1] = -x * sine, x * sine
    matrix[..., 2, 2] = cosine
    return matrix


def _limb_rotations(channels: np.ndarray) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Local rotations of ball joints and hinges, by joint name."""

    def columns(template: str) -> np.ndarray:
        return np.stack([channels[:, INDEX[template.format(side)]] for side in ("r", "l")])

    outward = np.array([[-1.0], [1.0]])  # abduction turns the right limb by -y, the left one by +y
    balls, hinges = {}, {}
    for ball, hinge, sign in (("hip", "knee", -1.0), ("shoulder", "elbow", 1.0)):
        swing = _swing(columns("{}_" + ball + "_flex"), outward * columns("{}_" + ball + "_abduct"))
        turned = swing @ _rotation_z(-outward * columns("{}_" + ball + "_twist"))
        bent = _rotation_x(sign * columns("{}_" + hinge))
        for side, name in enumerate(("r", "l")):
            balls[f"{name}_{ball}"] = turned[side]
            hinges[f"{name}_{hinge}"] = bent[side]
    raised = _axis_rotation(-outward * columns("{}_clavicle_raise"), 0, 2)
    moved = _rotation_z(-outward * columns("{}_clavicle_forward"))
    for side, name in enumerate(("r", "l")):
        balls[f"{name}_clavicle"] = moved[side] @ raised[side]
    return balls, hinges


def _trunk_rotations(channels: np.ndarray) -> np.ndarray:
    """`(4, T, 3, 3)` local rotations of pelvis, lumbar spine, thorax and neck."""
    twist = channels[:, [INDEX[name] for name in ("heading", "lumbar_twist", "thorax_twist", "neck_twist")]].T
    flex = channels[:, [INDEX[name] for name in ("tilt", "lumbar_flex", "thorax_flex", "neck_flex")]].T
    bend = channels[:, [INDEX[name] for name in ("roll", "lumbar_bend", "thorax_bend", "neck_bend")]].T
    return _rotation_z(twist) @ _swing(-flex, bend)


def forward_kinematics(channels: np.ndarray, body: np.ndarray) -> np.ndarray:
    """Joint positions for joint angles, the pelvis staying at the origin.

    Args:
        channels: `(T, len(CHANNELS))` angles in radians, within limits.
        body: `(17, 3)` output of `random_body`.

    Returns:
        `(T, 17, 3)` metres, x right, y forward and z up for heading 0; `BODY17` order.
    """
    pelvis, lumbar, thorax, neck = _trunk_rotations(channels)
    balls, hinges = _limb_rotations(channels)
    lower = pelvis @ lumbar
    upper = lower @ thorax
    # The rotation that carries the bone ending at a joint, for each joint.
    carried = {"spine": lower, "thorax": upper, "neck_nose": upper @ neck, "head_top": upper @ neck}
    for side in ("r", "l"):
        thigh = pelvis @ balls[f"{side}_hip"]
        girdle = upper @ balls[f"{side}_clavicle"]
        upper_arm = upper @ balls[f"{side}_shoulder"]
        carried |= {
            f"{side}_hip": pelvis,
            f"{side}_knee": thigh,
            f"{side}_ankle": thigh @ hinges[f"{side}_knee"],
            f"{side}_shoulder": girdle,
            f"{side}_elbow": upper_arm,
            f"{side}_wrist": upper_arm @ hinges[f"{side}_elbow"],
        }
    positions = np.zeros((len(channels), BODY17.num_joints, 3))
    for joint, name in enumerate(BODY17.joint_names[1:], start=1):
        positions[:, joint] = positions[:, BODY17.parents[joint]] + carried[name] @ body[joint]
    return positions


def place_on_ground(positions: np.ndarray, channels: np.ndarray, fps: float) -> np.ndarray:
    """Let the body stand on the floor and be carried along by whatever touches it.

    The lowest contact (a foot, as a rule; a knee, hand or the seat where they are lower) is put on the floor z = 0,
    raised by the channel `lift`. It stays where it is while the rest moves, so legs that make steps carry the body
    forward, without the feet sliding. In the air the body keeps moving by the drift channels.

    Args:
        positions: `(T, 17, 3)` output of `forward_kinematics`.
        channels: `(T, len(CHANNELS))`; `lift` and `drift_*` in metres and metres per second.
        fps: Frames per second.

    Returns:
        `(T, 17, 3)` metres, z = 0 the floor.
    """
    contacts = positions[:, _CONTACT_JOINTS]
    heights = contacts[..., 2] - _CLEARANCES
    weights = np.exp((heights.min(axis=1, keepdims=True) - heights) / _CONTACT_SOFTNESS)
    weights /= weights.sum(axis=1, keepdims=True)
    lift = channels[:, INDEX["lift"]]
    root = np.empty((len(positions), 3))
    root[:, 2] = lift - (weights * heights).sum(axis=1)
    steps = np.diff(contacts[..., :2], axis=0)
    grounded = 1.0 / (1.0 + (np.maximum(lift, 0) / _AIRBORNE_HEIGHT) ** 2)
    middle = 0.5 * (weights[1:] + weights[:-1])
    pushed = -np.einsum("tc,tci->ti", middle, steps)
    contact = grounded[1:, None]
    momentum = smooth(pushed * contact, _MOMENTUM_SECONDS * fps) / np.maximum(
        smooth(contact, _MOMENTUM_SECONDS * fps), 0.05
    )
    heading = channels[1:, INDEX["heading"]]
    forward, side = (channels[1:, INDEX[f"drift_{way}"]] / fps for way in ("forward", "side"))
    momentum[:, 0] += np.cos(heading) * side - np.sin(heading) * forward
    momentum[:, 1] += np.sin(heading) * side + np.cos(heading) * forward
    velocity = smooth(contact * pushed + (1 - contact) * momentum, _INERTIA_SECONDS * fps)
    root[:, :2] = np.concatenate([np.zeros((1, 2)), np.cumsum(velocity, axis=0)])
    return positions + root[:, None]
