"""The `Configuration`: the sizes of all networks, which have to fit together."""

import dataclasses
from dataclasses import dataclass

from posealign_keras.models import (
    Discriminator,
    ImageEncoder,
    MotionAutoencoder,
    PoseAutoencoder,
    RelationNetwork,
)
from posealign_keras.models.preset import Preset
from posealign_keras.relations import get_relation


@dataclass(frozen=True)
class Configuration:
    """Sizes of the networks; each method builds one of them, new and untrained.

    Args:
        name: Name of the configuration.
        skeleton: Name of the skeleton.
        image_size: Height and width of the person crops in pixels.
        backbone: `"resnet50"`, `"efficientnet_lite0"` or `"small_resnet"`.
        head_filters: Convolutions of the image encoder after the backbone.
        head_widths: Fully connected layers of the image encoder.
        pose_latent_dim: Size of the pose latent z.
        pose_width: Units of each hidden layer of the pose auto-encoder.
        pose_depth: Hidden layers of its encoder, and of its decoder.
        motion_latent_dim: Size of the motion latent v.
        motion_frames: Frames T of a motion, at 30 per second.
        motion_units: Units of each LSTM and direction of the motion auto-encoder.
        relation_widths: Hidden layers of the relation networks.
        discriminator_width: Units of both hidden layers of the discriminators.
        frozen: Layers of the backbone that never learn, by what their names begin with.
        keypoints: Joints that the image encoder finds in the image; 0 for none.
        finer_maps: Finer maps of features that it finds them in, too.
        sharpness: How it reads their places out of heat maps, see `KeypointHead`.

    Example:
        >>> import dataclasses
        >>> narrow = dataclasses.replace(SMALL, name="narrow", pose_width=32)
        >>> narrow.pose_autoencoder().width
        32
    """

    name: str
    skeleton: str = "body17"
    image_size: int = 224
    backbone: str = "resnet50"
    head_filters: tuple[int, ...] = (512, 256, 128, 64)
    head_widths: tuple[int, ...] = (1024, 512, 256, 128)
    pose_latent_dim: int = 32
    pose_width: int = 1024
    pose_depth: int = 3
    motion_latent_dim: int = 128
    motion_frames: int = 30
    motion_units: int = 128
    relation_widths: tuple[int, ...] = (1024, 512)
    discriminator_width: int = 512
    frozen: tuple[str, ...] = ()
    keypoints: int = 0
    finer_maps: int = 0
    sharpness: float = 1.0

    def pose_autoencoder(self) -> PoseAutoencoder:
        """E_p and D_p."""
        return PoseAutoencoder(self.pose_latent_dim, self.pose_width, self.pose_depth, self.skeleton)

    def motion_autoencoder(self) -> MotionAutoencoder:
        """E_m and D_m."""
        return MotionAutoencoder(
            self.motion_frames, self.pose_latent_dim, self.motion_latent_dim, self.motion_units, name="motion"
        )

    def pose_discriminator(self) -> Discriminator:
        """The discriminator of pose latents."""
        return Discriminator(self.pose_latent_dim, self.discriminator_width)

    def motion_discriminator(self) -> Discriminator:
        """The discriminator of motion latents."""
        return Discriminator(self.motion_latent_dim, self.discriminator_width)

    def relation(self, name: str):
        """The relation called `name`, for motions of this configuration's length."""
        relation = get_relation(name)
        arguments = {"frames": self.motion_frames} if relation.order == "higher" else {}
        return get_relation(name, skeleton=self.skeleton, **arguments)

    def relation_network(self, name: str) -> RelationNetwork:
        """H_r of the relation called `name`."""
        relation = self.relation(name)
        latent_dim = self.pose_latent_dim if relation.order == "lower" else self.motion_latent_dim
        return RelationNetwork(relation, latent_dim, self.relation_widths)

    def save_to_preset(
        self, directory, description: str, relations=("pose_flip", "flip_backward", "slow_backward"), overwrite=False
    ) -> Preset:
        """Write a preset of these networks without weights; see `models.from_preset`.

        Args:
            directory: The preset.
            description: What it is, in a sentence or two.
            relations: Names of the relations whose networks it holds.
            overwrite: Whether to replace what it holds.

        Returns:
            The preset.

        Raises:
            FileExistsError: If it holds other networks, and `overwrite` is false.
        """
        networks = {
            network.entry(): (network.arguments_for_preset(), None)
            for network in (self.image_encoder(), self.pose_autoencoder(), self.motion_autoencoder())
        }
        for network in map(self.relation_network, relations):
            networks[network.entry(network.relation.name)] = (network.arguments_for_preset(), None)
        return Preset.write(directory, networks, description, overwrite)

    def image_encoder(self, weights=None) -> ImageEncoder:
        """G; see `ImageEncoder` for `weights`."""
        return ImageEncoder(
            backbone=self.backbone,
            image_size=self.image_size,
            latent_dim=self.pose_latent_dim,
            head_filters=self.head_filters,
            head_widths=self.head_widths,
            weights=weights,
            frozen=self.frozen,
            keypoints=self.keypoints,
            finer_maps=self.finer_maps,
            sharpness=self.sharpness,
        )


PAPER = Configuration(name="paper")
"""The paper's sizes: ResNet-50 to Res-4 on 224×224 images.

Example:
    >>> PAPER.backbone, PAPER.image_size
    ('resnet50', 224)
"""

SMALL = Configuration(
    name="small",
    image_size=64,
    backbone="small_resnet",
    head_filters=(),
    head_widths=(256,),
    pose_width=256,
    relation_widths=(512, 512),
    discriminator_width=128,
)
"""Sizes for CPUs: a small ResNet on 64×64 images.

Example:
    >>> SMALL.image_size, SMALL.pose_latent_dim
    (64, 32)
"""

BASE = dataclasses.replace(
    SMALL,
    name="base",
    image_size=160,
    backbone="efficientnet_lite0",
    head_filters=(192, 128, 64),
    head_widths=(512, 512, 512),
    frozen=("conv1_", "conv2_"),
    keypoints=17,
    finer_maps=2,
    sharpness=2.0,
)
"""Embeddings as large as those of `SMALL`, and an image encoder for real pictures: EfficientNet-Lite0 on 160×160
images. It finds the joints in the image first, in heat maps of 20×20 cells. Its first two stages never learn, so it is
of no use without the weights of ImageNet.

Example:
    >>> BASE.image_size, BASE.pose_latent_dim
    (160, 32)
"""

_CONFIGURATIONS = {configuration.name: configuration for configuration in (PAPER, SMALL, BASE)}


def get_configuration(name: str | Configuration) -> Configuration:
    """Return the configuration called `name`: "paper", "small" or "base".

    A `Configuration` is returned as it is.

    Raises:
        ValueError: If there is no such configuration.

    Example:
        >>> get_configuration("small").backbone
        'small_resnet'
    """
    if isinstance(name, Configuration):
        return name
    if name not in _CONFIGURATIONS:
        raise ValueError(f"`name` must be one of {sorted(_CONFIGURATIONS)}. Received: name={name!r}")
    return _CONFIGURATIONS[name]
