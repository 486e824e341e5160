"""The `Relation`: one semantic rule between two images, two poses, two clips or two latents."""

import re

import numpy as np
from keras import ops

from posealign_keras.skeletons import get_skeleton


class Relation:
    """One rule that ties an *anchor* to its *counterpart*, with all its faces in one object.

    A relation is a transform of each frame (of its image, and of its pose) together with a rule that says which
    frames of a clip are the anchor and which, in which order, are the counterpart. From these parts follow the
    faces of a relation:

    | face | method |
    |---|---|
    | on images | `transform_images` |
    | on poses | `transform_poses` |
    | pairs of images or clips | `image_pair` |
    | pairs of poses or sequences | `pose_pair` |
    | in the latent space | learned: `models.RelationNetwork` |

    A relation of *lower order* speaks of single images and their poses, one of *higher order* of clips and their
    motion. To add a relation, subclass, override what differs, and decorate with `register_relation`.

    Args:
        frames: Length of the anchor and of the counterpart in frames at the motion embedding's rate; `None` for a
            relation of lower order.
        skeleton: The skeleton of the poses, or its name.

    Example:
        >>> class Later(Relation):
        ...     order = "higher"
        ...
        ...     def counterpart_frames(self):
        ...         return self.anchor_frames() + 2
        >>> relation = Later(frames=4)
        >>> relation.name, relation.window
        ('later', 6)
        >>> anchor, counterpart = relation.pose_pair(np.zeros((5, 6, 17, 3)))
        >>> tuple(counterpart.shape)
        (5, 4, 17, 3)

    Reference:
        Kundu et al., Non-Local Latent Relation Distillation for Self-Adaptive 3D Human Pose Estimation, NeurIPS
        2021, section 3.
    """

    order = "lower"
    """`"lower"` (images and poses) or `"higher"` (clips and motion)."""

    def __init__(self, frames: int | None = None, skeleton="body17"):
        if (self.order == "higher") != (frames is not None):
            raise ValueError(
                f"`frames` must be given for a relation of higher order, and for no other. Received: frames={frames} "
                f"for {type(self).__name__} of {self.order} order"
            )
        if frames is not None and (int(frames) != frames or frames < 2):
            raise ValueError(f"`frames` must be an integer of at least 2. Received: frames={frames}")
        self.frames = frames if frames is None else int(frames)
        self.skeleton = get_skeleton(skeleton)

    @property
    def name(self) -> str:
        """The class's name in snake case, such as `"pose_flip"`."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", type(self).__name__).lower()

    def transform_images(self, images):
        """What the relation does to each image: `(..., H, W, C)` to the same shape and dtype. The identity here."""
        return images

    def transform_poses(self, poses):
        """What the relation does to each pose: `(..., joints, 3)`, root-relative, camera frame. The identity here."""
        return poses

    def anchor_frames(self) -> np.ndarray:
        """Indices into a window of the frames that are the anchor. Here: the first `frames` in their order."""
        return np.arange(self.frames or 1)

    def counterpart_frames(self) -> np.ndarray:
        """Indices into a window of the frames that become the counterpart, in its order. Here: the anchor's."""
        return self.anchor_frames()

    @property
    def window(self) -> int:
        """Number of consecutive frames that a clip must have for one pair to be cut from it; 1 for lower order."""
        return 1 + int(max(self.anchor_frames().max(), self.counterpart_frames().max()))

    def image_pair(self, images):
        """Cut the anchor and its counterpart from images or clips.

        Args:
            images: Lower order: `(batch, H, W, C)`. Higher order: `(batch, T, H, W, C)` with `T` of at least
                `window`; the middle `window` frames are used. Any dtype; square where the relation rotates.

        Returns:
            The pair `(anchor, counterpart)`; for clips each `(batch, frames, H, W, C)`.

        Raises:
            ValueError: If the rank is wrong or the clips are too short.
        """
        return self._pair(images, self.transform_images, rank=4, what="images")

    def pose_pair(self, poses):
        """Cut the anchor and its counterpart from poses or sequences.

        Args:
            poses: Lower order: `(batch, joints, 3)`. Higher order: `(batch, T, joints, 3)` with `T` of at least
                `window`; the middle `window` frames are used. Root-relative joints in the camera frame, metres.

        Returns:
            The pair `(anchor, counterpart)`; for sequences each `(batch, frames, joints, 3)`.

        Raises:
            ValueError: If the rank is wrong or the sequences are too short.
        """
        return self._pair(poses, self.transform_poses, rank=3, what="poses")

    def _pair(self, values, transform, rank, what):
        if self.order == "higher":
            rank += 1
        if len(values.shape) != rank:
            raise ValueError(
                f"`{what}` must have {rank} dimensions for the {self.order}-order relation {self.name!r}. "
                f"Received: shape {tuple(values.shape)}"
            )
        if self.order == "lower":
            return values, transform(values)
        length, window = values.shape[1], self.window
        if length is None or length < window:
            raise ValueError(
                f"`{what}` must have at least {window} frames on axis 1 for the relation {self.name!r}. "
                f"Received: shape {tuple(values.shape)}"
            )
        start = (length - window) // 2
        anchor = ops.take(values, start + self.anchor_frames(), axis=1)
        counterpart = ops.take(values, start + self.counterpart_frames(), axis=1)
        return anchor, transform(counterpart)

    def get_config(self) -> dict:
        """Arguments that build this relation again."""
        config = {"skeleton": self.skeleton.name}
        return {"frames": self.frames, **config} if self.order == "higher" else config

    @classmethod
    def from_config(cls, config):
        """Build the relation that `get_config` described."""
        return cls(**config)

    def __repr__(self):
        arguments = ", ".join(f"{name}={value!r}" for name, value in self.get_config().items())
        return f"{type(self).__name__}({arguments})"
