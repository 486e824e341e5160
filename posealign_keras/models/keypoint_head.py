"""The `KeypointHead`: finds the joints in the image, and the pose latent by where they are and how deep."""

import itertools
import math

import keras
from keras import layers, ops

from posealign_keras.models.networks import multilayer_perceptron
from posealign_keras.ops import length, mean_of_map, root_relative
from posealign_keras.ops.vectors import to_float

# Of a person in the image; below it, joints have no layout that could be brought to size 1.
_SMALLEST = 1e-3


class KeypointHead(keras.Model):
    """Maps of features to latents, by way of a heat map and a map of depths for each joint.

    Where a joint is in the image is what a network learns first, and what changes least from drawn people to real ones.
    The latent is found by places and depths alone: relative to the root, and brought to size 1.

    Args:
        feature_shapes: `(height, width, channels)` of each map of features, from the coarsest to the finest; each is
            twice as large as the one before.
        joints: Number of joints, the root first.
        latent_dim: Size of the latent.
        filters: Filters of the 3x3 convolutions. The first one works on the coarsest map. What it gives is enlarged to
            twice the size, put together with the next finer map, and so on; what is left of them, and all but the first
            if there is one map only, work on the last size.
        widths: Units of the fully connected layers from places and depths to the latent.
        sharpness: Exponent of what a heat map says of each place before the mean place and the mean depth are taken.
            With 1 that place lies between two hands where either may be the left one; with more it comes nearer to the
            likeliest one.

    Call arguments:
        features: The maps, `(batch, height, width, channels)` each, in a list; or the one map.

    Returns:
        Latents, `(batch, latent_dim)`, in (-1, 1).

    Raises:
        ValueError: If the maps are not each twice as large as the one before, or more than the filters, or the
            sharpness is no positive number.

    Reference:
        Sun et al., "Integral Human Pose Regression", ECCV 2018, for the places; Mehta et al., "VNect", SIGGRAPH 2017,
        for depths that are read where the joints are; Ronneberger et al., "U-Net", MICCAI 2015, for the finer maps.
    """

    def __init__(
        self, feature_shapes, joints: int, latent_dim: int, filters, widths, sharpness: float = 1.0, name=None
    ):
        super().__init__(name=name)
        if not isinstance(sharpness, int | float) or not 0 < sharpness < math.inf:
            raise ValueError(f"`sharpness` must be a positive number. Received: sharpness={sharpness!r}")
        self.joints = joints
        self.sharpness = sharpness
        self.maps = _maps(feature_shapes, filters, joints)
        self.lifting = multilayer_perceptron(3 * joints, widths, latent_dim, "tanh", "relu", name="lifting")
        self.built = True

    def call(self, features, training=False):
        """Latents of maps of features."""
        return self.find(features, training)["latents"]

    def find(self, features, training=False):
        """Everything on the way to the latents.

        Args:
            features: The maps, `(batch, height, width, channels)` each, in a list; or the one map.
            training: Whether normalisation learns its statistics.

        Returns:
            `"heat_maps"` `(batch, height, width, joints)`, whose softmax over the places is where a joint may be;
            `"keypoints"` `(batch, joints, 2)`, the mean of that, sharpened, in image widths from the middle, x right
            and y down;
            `"depths"` `(batch, joints)`, metres from the root away from the camera, on a body of canonical size;
            `"latents"` `(batch, latent_dim)`.
        """
        return self.read(self.maps(features, training=training))

    def read(self, maps):
        """What `find` returns, of `(batch, height, width, 2 * joints)` heat maps and maps of depths."""
        maps = to_float(maps)
        heat_maps, depth_maps = maps[..., : self.joints], maps[..., self.joints :]
        keypoints, depths = mean_of_map(self.sharpness * heat_maps, depth_maps)
        layout = root_relative(keypoints)
        layout = ops.reshape(layout, (-1, 2 * self.joints))
        size = length(layout)[:, None] / math.sqrt(self.joints)
        lifted = ops.concatenate([layout / (size + _SMALLEST), depths], axis=-1)
        return {
            "heat_maps": heat_maps,
            "keypoints": keypoints,
            "depths": depths,
            "latents": self.lifting(lifted),
        }


def _maps(feature_shapes, filters, joints):
    """The network from maps of features to heat maps and maps of depths."""
    sizes = [shape[:2] for shape in feature_shapes]
    if any(fine != (2 * coarse[0], 2 * coarse[1]) for coarse, fine in itertools.pairwise(sizes)):
        raise ValueError(f"`feature_shapes` must each be twice as large as the one before. Received: {feature_shapes}")
    if not len(feature_shapes) <= max(1, len(filters)):
        raise ValueError(
            f"`filters` must be one for each of the {len(feature_shapes)} maps of features, or more. "
            f"Received: filters={tuple(filters)}"
        )

    def convolution(inputs, number, kernel, name):
        # Named as one more stage of the backbone, for `ImageEncoder.train_only`.
        outputs = layers.Conv2D(number, kernel, padding="same", use_bias=False, name=f"conv6_{name}")(inputs)
        return layers.ReLU()(layers.BatchNormalization(name=f"conv6_{name}_bn")(outputs))

    features = [keras.Input(shape) for shape in feature_shapes]
    maps, finer = features[0], features[1:]
    for index, number in enumerate(filters):
        maps = convolution(maps, number, 3, index)
        if index < max(1, len(finer)):
            maps = layers.UpSampling2D()(maps)
        if index < len(finer):
            maps = layers.Concatenate()([maps, convolution(finer[index], filters[index + 1], 1, f"{index}_finer")])
    maps = layers.Conv2D(2 * joints, 1, dtype="float32", name="conv6_maps")(maps)
    return keras.Model(features, maps, name="maps")


def check_keypoints(image_encoder, pose_autoencoder) -> None:
    """Refuse an encoder that finds other joints than those of the poses.

    Raises:
        ValueError: If it does.
    """
    joints = pose_autoencoder.skeleton.num_joints
    if image_encoder.keypoints not in (0, joints):
        raise ValueError(
            f"`image_encoder` must find the joints of `pose_autoencoder`, {joints}. "
            f"Received: keypoints={image_encoder.keypoints}"
        )
