"""The smallest networks that fit together, for tests."""

from posealign_keras.presets import Configuration

TINY = Configuration(
    name="tiny",
    image_size=16,
    backbone="small_resnet",
    head_filters=(),
    head_widths=(8,),
    pose_latent_dim=4,
    pose_width=8,
    pose_depth=1,
    motion_latent_dim=5,
    motion_frames=4,
    motion_units=4,
    relation_widths=(8,),
    discriminator_width=8,
)
