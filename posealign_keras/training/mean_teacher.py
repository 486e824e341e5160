"""The `MeanTeacher`: a running average of the image encoder, which sees an image and its mirror image."""

import keras
from keras import ops

from posealign_keras.models import ImageEncoder
from posealign_keras.relations import PoseFlip


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
        images = ops.cast(images, "float32")
        latents = self.image_encoder(ops.concatenate([images, self.pose_flip.transform_images(images)]))
        seen, seen_in_mirror = ops.split(decode(latents), 2)
        return ops.stop_gradient((seen + self.pose_flip.transform_poses(seen_in_mirror)) / 2)
