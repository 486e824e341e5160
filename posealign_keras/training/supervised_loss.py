"""The loss of labelled images: that of the source, and of its replay."""

from keras import ops

from posealign_keras.losses import heat_map_loss, joint_distance
from posealign_keras.ops import retarget_labels
from posealign_keras.ops.weights import joint_weights, weighted_mean

HEAT_MAP_WEIGHT = 0.06
"""Weight of a nat of the heat maps beside a metre of joint distance."""

_DEPTH_WEIGHT = 0.5


def supervised_loss(image_encoder, pose_autoencoder, images, poses, weights=None, keypoints=None, training=False):
    """Mean joint distance of labelled images; and how well keypoints are found, if they are given and looked for.

    Args:
        image_encoder: The `ImageEncoder`.
        pose_autoencoder: The `PoseAutoencoder` that decodes its latents.
        images: `(batch, image_size, image_size, 3)`, RGB, values 0 to 255.
        poses: `(batch, joints, 3)`, root-relative, camera frame, metres.
        weights: For `poses`, as in `joint_distance`.
        keypoints: `(batch, joints, 2)` in image widths from the middle; `None` for none.
        training: Whether the encoder's normalisation learns its statistics.

    Returns:
        Scalar loss, in metres; and a dictionary of its terms `"distance"` (metres), `"heat_maps"` (nats) and `"depths"`
        (metres), empty if it has one only.
    """
    weights = joint_weights(weights, poses)
    labels, known = retarget_labels(poses, weights, pose_autoencoder.skeleton)
    if keypoints is None or not image_encoder.keypoints:
        latents = image_encoder(images, training=training)
        return joint_distance(labels, pose_autoencoder.decode(latents), known), {}
    found = image_encoder.find_keypoints(images, training=training)
    errors = ops.abs(found["depths"] - ops.where(known > 0, labels[..., 2], 0))
    terms = {
        "distance": joint_distance(labels, pose_autoencoder.decode(found["latents"]), known),
        # Where a joint is seen does not hang on its parent, as its retargeted position does.
        "heat_maps": heat_map_loss(keypoints, found["heat_maps"], weights),
        "depths": weighted_mean(errors, known),
    }
    return terms["distance"] + HEAT_MAP_WEIGHT * terms["heat_maps"] + _DEPTH_WEIGHT * terms["depths"], terms
