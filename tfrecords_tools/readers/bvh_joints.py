"""`find_joints`: which joints of a BVH file are those of `BODY17`, told by the names that programs give them."""

import re

import numpy as np

from posealign_keras.skeletons import BODY17
from tfrecords_tools.formats.bvh_file import BVHFile
from tfrecords_tools.joint_map import JointMap

# What programs put before all their names.
_PREFIX = re.compile(
    r"^(.*[:|]|mixamorig\d*_?|(cc_base|bip\d+|biped\d*|valvebiped|j_bip|character\d*|m_avg|b|jnt)[_ .-]+)"
)
# Hip, knee and ankle, each named after the bone that begins there or after the joint itself. A limb must be there as
# a whole, since one name means different joints: a LeftShoulder is a collar bone beside a LeftArm, but not beside a
# LeftElbow.
_LEGS = (
    ("upleg", "leg", "foot"),  # MotionBuilder, Mixamo, Perception Neuron, cgspeed
    ("hip", "knee", "ankle"),  # Xsens, 3ds Max and cgspeed for it, Poser's older ones, SMPL
    ("thigh", "shin", "foot"),  # Daz, Poser, Rokoko
    ("thigh", "calf", "foot"),  # Biped, iClone (CC_Base), Unreal
    ("thighbend", "shin", "foot"),  # Daz Genesis
    ("upperleg", "lowerleg", "foot"),  # VRM, MakeHuman
    ("upleg", "lowleg", "foot"),
)
_ARMS = (
    ("arm", "forearm", "hand"),  # MotionBuilder, Mixamo, Perception Neuron, cgspeed, Rokoko
    ("shoulder", "elbow", "wrist"),  # Xsens, 3ds Max and cgspeed for it, Poser's older ones, SMPL
    ("shldr", "forearm", "hand"),  # Daz, Poser
    ("shldrbend", "forearmbend", "hand"),  # Daz Genesis
    ("upperarm", "forearm", "hand"),  # Biped, iClone (CC_Base)
    ("upperarm", "lowerarm", "hand"),  # Unreal, VRM, MakeHuman
    ("uparm", "lowarm", "hand"),
)
# The lowest joint of the neck, and the head.
_NECKS = ("neck", "necktwist01", "neck01", "necklower", "lowerneck", "neck1")
_HEAD = "head"
# Joints at the top of the head; `headend` is what End Sites of the head are called here.
_CROWNS = ("headtopend", "headtop", "headnub", "headend")
_SIDES = {"l": "left", "r": "right"}
# The spine of BODY17 is halfway up; a joint of the back serves if it is within these shares of the way to the neck.
_BACK = (0.3, 0.7)
# The crown is so far from the joint of the head, as a share of a leg; an End Site that is nearer is none.
_CROWN, _LEAST_CROWN = 0.2, 0.05


def find_joints(motion: BVHFile, given: JointMap | None = None) -> tuple[BVHFile, JointMap]:
    """Find the joints of `BODY17` by name; upper and lower case, prefixes and separators do not matter.

    The pelvis is the midpoint of the hips, the thorax the lowest joint of the neck, `neck_nose` the joint of the head,
    and `head_top` the End Site of the head. Where the neck has no joint, the thorax is the midpoint of the shoulders.
    The spine is the joint of the back that is nearest to the middle between pelvis and thorax, or that middle.
    Where the head has no End Site, or one that is not its top, one is made: the axis of the head's joint that points
    along the torso, on average, is taken to point to the crown, at a distance of 0.2 of a leg.

    Args:
        motion: The file.
        given: Joints that are known; only the others are searched.

    Returns:
        The file, with an End Site more if one had to be made; and its joints.

    Raises:
        ValueError: If joints cannot be found; the message names them and the joints of the file, and says how to give
            them.
    """
    known = {joint: tuple(names) for joint, names in given.sources.items()} if given is not None else {}
    strange = sorted({name for names in known.values() for name in names} - set(motion.names))
    if strange:
        raise ValueError(f"{motion.path} has no joint {', '.join(strange)}, which `joints` names. {_listed(motion)}")
    keys = _keys(motion.names)
    sources = {**_named(keys), **known}
    rough = {"spine", "neck_nose"}
    if {"l_hip", "r_hip"} <= set(sources):
        sources.setdefault("pelvis", sources["l_hip"] + sources["r_hip"])
    if "thorax" not in sources and {"l_shoulder", "r_shoulder"} <= set(sources):
        sources["thorax"] = sources["l_shoulder"] + sources["r_shoulder"]
        rough.add("thorax")
    if "spine" not in sources and {"pelvis", "thorax"} <= set(sources):
        sources["spine"] = _spine(motion, sources)
    missing = [joint for joint in BODY17.joint_names if joint not in sources]
    if missing == ["head_top"]:
        head = motion.names.index(keys.get(_HEAD, sources["neck_nose"][0]))
        crown = _crown(motion, sources, head)
        if crown is None:
            motion, crown = _with_crown(motion, sources, head)
            rough.add("head_top")
        sources["head_top"] = (crown,)
    elif missing:
        raise ValueError(
            f"{motion.path}: cannot tell which joints are {', '.join(missing)}. {_listed(motion)} Say it in a JSON "
            'file, and give that as `joints`: {"head_top": "name in the file", "pelvis": ["name", "name"], …}, where '
            "several names stand for their midpoint. Only what is not found need be there."
        )
    if _is_short(motion, sources["thorax"]):
        rough.add("thorax")
    return motion, JointMap(sources, frozenset(rough - set(known)))


def _keys(names):
    """`{name without prefix, case and separators: name}`; of several, the first."""
    keys: dict[str, str] = {}
    for name in names:
        bare, before = name.lower(), ""
        while bare != before:
            bare, before = _PREFIX.sub("", bare), bare
        keys.setdefault(re.sub(r"[^a-z0-9]", "", bare), name)
    return keys


def _named(keys) -> dict[str, tuple[str, ...]]:
    """The joints that have a name of their own."""
    sources: dict[str, tuple[str, ...]] = {}
    for joints, table in ((("hip", "knee", "ankle"), _LEGS), (("shoulder", "elbow", "wrist"), _ARMS)):
        for stems in table:
            limbs = {
                f"{side}_{joint}": _with_side(keys, side, stem)
                for side in _SIDES
                for joint, stem in zip(joints, stems, strict=True)
            }
            if None not in limbs.values():
                sources |= {joint: (str(name),) for joint, name in limbs.items()}
                break
    neck = next((keys[name] for name in _NECKS if name in keys), None)
    if neck is not None:
        sources["thorax"] = (neck,)
    # In conversions of the CMU data base the joint called Head is at the top of the neck, and Neck1 halfway up.
    nose = "neck1" if {"lowerback", "neck", "neck1"} <= set(keys) else _HEAD
    if nose in keys:
        sources["neck_nose"] = (keys[nose],)
    return sources


def _with_side(keys, side, stem):
    spellings = (_SIDES[side] + stem, side + stem, stem + side, stem + _SIDES[side])
    return next((keys[spelling] for spelling in spellings if spelling in keys), None)


def _spine(motion, sources) -> tuple[str, ...]:
    """The joint halfway up the back, or the joints whose mean is that."""
    pelvis, thorax = sources["pelvis"], sources["thorax"]
    if len(thorax) == 1:
        path = motion.path_to(motion.names.index(thorax[0]))
        below = set(motion.path_to(motion.names.index(pelvis[0])))
        back = [joint for joint in path if joint not in below]
        height = np.cumsum(np.linalg.norm(motion.bones[back], axis=1))
        if len(back) > 1 and height[-1] > 0:
            share = height[:-1] / height[-1]
            nearest = int(np.argmin(abs(share - 0.5)))
            if _BACK[0] < share[nearest] < _BACK[1]:
                return (motion.names[back[nearest]],)
    return pelvis * len(thorax) + thorax * len(pelvis)


def _crown(motion, sources, head) -> str | None:
    """The End Site, or joint, at the top of the head."""
    keys = _keys(motion.names[child] for child, parent in enumerate(motion.parents) if parent == head)
    # End Sites are named after their parent, whatever that is called.
    keys.setdefault("headend", f"{motion.names[head]}_end")
    for name in (keys[key] for key in _CROWNS if key in keys):
        if name in motion.names:
            distance = np.linalg.norm(motion.bones[motion.names.index(name)])
            if distance > _LEAST_CROWN * _leg(motion, sources):
                return name
    return None


def _with_crown(motion, sources, head):
    """The file with an End Site at the top of the head, and its name."""
    names = [*sources["pelvis"], *sources["thorax"]]
    indices = [motion.names.index(name) for name in names]
    positions, rotations = motion.pose([*indices, head])
    count = len(sources["pelvis"])
    torso = positions[:, count:-1].mean(axis=1) - positions[:, :count].mean(axis=1)
    seen_by_head = np.einsum("tji,tj->i", rotations[:, -1], torso)
    axis = int(np.argmax(abs(seen_by_head)))
    offset = np.zeros(3)
    offset[axis] = np.sign(seen_by_head[axis]) * _CROWN * _leg(motion, sources)
    name = f"{motion.names[head]}_crown"
    return motion.with_end_site(name, head, offset), name


def _leg(motion, sources) -> float:
    """Length of a leg from hip to ankle, in units of the file."""
    joints = [motion.names.index(sources[f"l_{joint}"][0]) for joint in ("hip", "ankle")]
    above, path = (motion.path_to(joint) for joint in joints)
    below_hip = [joint for joint in path if joint not in above]
    return float(np.linalg.norm(motion.bones[below_hip], axis=1).sum())


def _is_short(motion, thorax):
    """Whether the joint of the neck is where its parent is, as the conversions of cgspeed have it, by mistake."""
    joint = motion.names.index(thorax[0])
    return motion.parents[joint] >= 0 and not motion.bones[joint].any()


def _listed(motion, most=300):
    names = [name[:60] for name in motion.names[:most]]
    more = f" and {len(motion.names) - most} more" if len(motion.names) > most else ""
    return f"Its joints: {', '.join(names)}{more}."
