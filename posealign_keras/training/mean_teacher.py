"""The `MeanTeacher`: a running average of the image encoder, which sees an image and its mirror image."""

import math

import keras
import numpy as np
from keras import ops

from posealign_keras.models import ImageEncoder
from posealign_keras.ops import length
from posealign_keras.relations import PoseFlip

# A keypoint is trusted where both looks at it are as near as this, in image widths, and where that much of both heat
# maps is in one cell: that is sharp for maps of 20x20 cells, and says little of those that have a few.
_MOST_APART = 0.1
_LEAST_PEAK = 0.1


class MeanTeacher(keras.layers.Layer):
    """A running average of an image encoder, whose poses are the means of those of an image and of its mirror image.

    It belongs to a stage, which makes it anew from its image encoder, and is never trained.

    Args:
        image_encoder: The `ImageEncoder` that it starts from.
        pose_flip: The relation between a pose and its mirror image.
        momentum: Share of the old average that each step keeps, from 0 to below 1.

    Raises:
        ValueError: If the momentum is out of range.

    Reference:
        Tarvainen and Valpola, "Mean teachers are better role models", NeurIPS 2017.
    """

    def __init__(self, image_encoder: ImageEncoder, pose_flip: PoseFlip, momentum: float = 0.99):
        super().__init__()
        if not 0 <= momentum < 1:
            raise ValueError(f"`teacher_momentum` must be in [0, 1). Received: teacher_momentum={momentum}")
        self.image_encoder = ImageEncoder.from_config(image_encoder.get_config())
        self.image_encoder.set_weights(image_encoder.get_weights())
        self.pose_flip = pose_flip
        self.momentum = momentum
        self.trainable = False
        self.built = True

    def follow(self, student: ImageEncoder) -> None:
        """Move the average towards the weights that the student adapts; all others stay equal."""
        for average, weight in zip(self.image_encoder.weights, student.weights, strict=True):
            if weight.trainable:
                difference = ops.stop_gradient(ops.convert_to_tensor(weight)) - average
                average.assign(average + (1.0 - self.momentum) * difference)

    def poses(self, images, decode):
        """What it sees in images.

        Args:
            images: `(batch, H, W, 3)`, RGB, values 0 to 255.
            decode: Function from latents to poses, D_p.

        Returns:
            `(batch, joints, 3)` poses without a gradient; root-relative, metres, camera frame.
        """
        return self._mean(decode(self.image_encoder(self._both(images))), self.pose_flip.transform_poses)

    def poses_and_keypoints(self, images, decode):
        """What it sees in images, if its encoder finds keypoints.

        Args:
            images: `(batch, H, W, 3)`, RGB, values 0 to 255.
            decode: Function from latents to poses, D_p.

        Returns:
            Poses as `poses` gives them; keypoints `(batch, joints, 2)`, the means of those in an image and in its
            mirror image, in image widths from the middle; and `(batch, joints)` 1 where these two are near each other
            and a tenth of both heat maps is in one cell, so that there is something to be learnt, else 0. All without a
            gradient.
        """
        found = self.image_encoder.find_keypoints(self._both(images))
        poses = self._mean(decode(found["latents"]), self.pose_flip.transform_poses)
        keypoints = self._mean(found["keypoints"], self.pose_flip.transform_keypoints)
        seen, seen_in_mirror = ops.split(found["keypoints"], 2)
        apart = length(seen - self.pose_flip.transform_keypoints(seen_in_mirror))
        heat_maps = found["heat_maps"]
        cells = math.prod(heat_maps.shape[1:3])
        shares = ops.softmax(ops.reshape(heat_maps, (-1, cells, heat_maps.shape[3])), axis=1)
        peak, peak_in_mirror = ops.split(ops.max(shares, axis=1), 2)
        peak = ops.minimum(peak, ops.take(peak_in_mirror, np.array(self.pose_flip.skeleton.mirror), axis=1))
        trusted = ops.logical_and(apart < _MOST_APART, peak > _LEAST_PEAK)
        return poses, keypoints, ops.stop_gradient(ops.cast(trusted, "float32"))

    def _both(self, images):
        images = ops.cast(images, "float32")
        return ops.concatenate([images, self.pose_flip.transform_images(images)])

    @staticmethod
    def _mean(values, mirrored):
        seen, seen_in_mirror = ops.split(values, 2)
        return ops.stop_gradient((seen + mirrored(seen_in_mirror)) / 2)
