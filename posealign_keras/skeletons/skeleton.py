"""The `Skeleton`: the tree of joints that every pose, decoder and picture of the package agrees on."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np


@dataclass(frozen=True)
class Skeleton:
    """A tree of named joints with mirror pairs and canonical bone lengths.

    A *bone* is named after the joint at its far end, so there are `num_joints - 1` bones, in the order of the
    joints without the root. Parents come before their children, so a loop over joints is a forward pass
    through the tree.

    Args:
        name: Name under which the skeleton is registered.
        joint_names: One name per joint, root first.
        parents: Index of each joint's parent; -1 for the root.
        mirror: Permutation that swaps left with right: joint `i` of a mirrored body is joint `mirror[i]`
            of the body.
        bone_lengths: Length in metres of the bone that ends at each joint; 0 for the root.
        aliases: Other names that data sets use for a joint: `{alias: joint name}`.

    Raises:
        ValueError: If the arguments do not describe one tree with a mirror symmetry.

    Example:
        >>> BODY17.num_joints, BODY17.index("l_wrist"), BODY17.sides[13]
        (17, 13, 'left')
        >>> arm = Skeleton(
        ...     name="arm",
        ...     joint_names=("shoulder", "elbow", "wrist"),
        ...     parents=(-1, 0, 1),
        ...     mirror=(0, 1, 2),
        ...     bone_lengths=(0, 0.28, 0.25),
        ... )
        >>> arm.edges
        ((0, 1), (1, 2))
        >>> print(arm.order_from(["hand", "wrist", "shoulder", "elbow"]))
        [2 3 1]
    """

    name: str
    joint_names: tuple[str, ...]
    parents: tuple[int, ...]
    mirror: tuple[int, ...]
    bone_lengths: tuple[float, ...]
    aliases: dict[str, str] = field(default_factory=dict, hash=False)

    def __post_init__(self):
        count = len(self.joint_names)
        for argument in ("parents", "mirror", "bone_lengths"):
            if len(getattr(self, argument)) != count:
                raise ValueError(
                    f"`{argument}` must have one entry per joint ({count}). "
                    f"Received: {argument}={getattr(self, argument)}"
                )
        if len(set(self.joint_names)) != count:
            raise ValueError(f"`joint_names` must be unique. Received: joint_names={self.joint_names}")
        if self.parents[0] != -1 or any(not 0 <= p < i for i, p in enumerate(self.parents) if i):
            raise ValueError(
                "`parents` must start with -1 (the root) and name an earlier joint for every other joint. "
                f"Received: parents={self.parents}"
            )
        if any(not 0 <= m < count or self.mirror[m] != i for i, m in enumerate(self.mirror)):
            raise ValueError(f"`mirror` must be a permutation that undoes itself. Received: mirror={self.mirror}")
        if any(self.parents[self.mirror[i]] != self.mirror[self.parents[i]] for i in range(1, count)):
            raise ValueError(f"`mirror` must map the tree onto itself. Received: mirror={self.mirror}")
        if self.bone_lengths[0] != 0 or any(not length > 0 for length in self.bone_lengths[1:]):
            raise ValueError(
                "`bone_lengths` must be 0 for the root and positive metres elsewhere. "
                f"Received: bone_lengths={self.bone_lengths}"
            )
        unknown = set(self.aliases.values()) - set(self.joint_names)
        if unknown:
            raise ValueError(f"`aliases` name joints that do not exist: {sorted(unknown)}")

    @property
    def num_joints(self) -> int:
        """Number of joints, the root included."""
        return len(self.joint_names)

    @property
    def num_bones(self) -> int:
        """Number of bones: one per joint that has a parent."""
        return self.num_joints - 1

    @property
    def edges(self) -> tuple[tuple[int, int], ...]:
        """(parent, child) index pairs, one per bone."""
        return tuple((parent, child) for child, parent in enumerate(self.parents) if child)

    @cached_property
    def paths(self) -> np.ndarray:
        """`(num_joints, num_bones)`: 1 where a bone lies on the path from the root to a joint, else 0.

        A matrix product with it chains the vectors of the bones into the positions of the joints.
        """
        paths = np.zeros((self.num_joints, self.num_bones), "float32")
        for parent, child in self.edges:
            paths[child] = paths[parent]
            paths[child, child - 1] = 1
        paths.setflags(write=False)  # One array serves every caller.
        return paths

    @property
    def sides(self) -> tuple[str, ...]:
        """`"left"`, `"right"` or `"centre"` per joint, from the prefixes `l_` and `r_` of the names."""
        prefixes = {"l_": "left", "r_": "right"}
        return tuple(prefixes.get(name[:2], "centre") for name in self.joint_names)

    def index(self, name: str) -> int:
        """Index of the joint called `name` (an alias counts).

        Raises:
            ValueError: If there is no such joint.
        """
        canonical = self.aliases.get(name, name)
        if canonical not in self.joint_names:
            raise ValueError(f"Skeleton {self.name!r} has no joint {name!r}. Its joints: {', '.join(self.joint_names)}")
        return self.joint_names.index(canonical)

    def indices(self, joints=None) -> tuple[int, ...]:
        """Indices of several joints.

        Args:
            joints: Names (aliases count), indices or a mixture; one of these alone; `None` for all joints.

        Raises:
            ValueError: If there is no such joint, or none is given.
        """
        if joints is None:
            return tuple(range(self.num_joints))
        if isinstance(joints, str | int):
            joints = (joints,)
        indices = tuple(self.index(joint) if isinstance(joint, str) else int(joint) for joint in joints)
        if not indices or not all(0 <= index < self.num_joints for index in indices):
            raise ValueError(
                f"`joints` must be names or indices from 0 to {self.num_joints - 1}. Received: joints={joints}"
            )
        return indices

    def order_from(self, names) -> np.ndarray:
        """Indices that put joints listed as `names` into this skeleton's order.

        Args:
            names: Joint names of some data set, in its order; more joints than this skeleton's are allowed.

        Returns:
            `(num_joints,)` integer array `order`, so that `positions[..., order, :]` is in skeleton order.

        Raises:
            ValueError: If a joint of this skeleton is missing or listed twice.
        """
        canonical = [self.aliases.get(str(name), str(name)) for name in names]
        missing = [name for name in self.joint_names if canonical.count(name) != 1]
        if missing:
            raise ValueError(
                f"`names` must list each joint of skeleton {self.name!r} once; missing or repeated: "
                f"{', '.join(missing)}. Received: names={[str(name) for name in names]}"
            )
        return np.array([canonical.index(name) for name in self.joint_names])


def _body17() -> Skeleton:
    names_parents_lengths = [
        ("pelvis", -1, 0.0),
        ("r_hip", 0, 0.12),
        ("r_knee", 1, 0.44),
        ("r_ankle", 2, 0.44),
        ("l_hip", 0, 0.12),
        ("l_knee", 4, 0.44),
        ("l_ankle", 5, 0.44),
        ("spine", 0, 0.24),
        ("thorax", 7, 0.25),
        ("neck_nose", 8, 0.11),
        ("head_top", 9, 0.12),
        ("l_shoulder", 8, 0.15),
        ("l_elbow", 11, 0.28),
        ("l_wrist", 12, 0.25),
        ("r_shoulder", 8, 0.15),
        ("r_elbow", 14, 0.28),
        ("r_wrist", 15, 0.25),
    ]
    names, parents, lengths = zip(*names_parents_lengths, strict=True)
    swap = {"l_": "r_", "r_": "l_"}
    mirror = tuple(names.index(swap.get(name[:2], name[:2]) + name[2:]) for name in names)
    return Skeleton("body17", names, parents, mirror, lengths, aliases={"head": "head_top", "neck": "neck_nose"})


BODY17 = _body17()
"""The 17 joints of Human3.6M in their usual order, right side first, with the limb lengths of an adult of 1.75 m.

Example:
    >>> BODY17.joint_names[:4]
    ('pelvis', 'r_hip', 'r_knee', 'r_ankle')
    >>> BODY17.indices(["l_hip", "r_hip"])
    (4, 1)
"""
