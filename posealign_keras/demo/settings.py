"""The `Settings` of the demonstration: how much of everything."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """Amounts of data and lengths of training.

    Args:
        sequences: Generated motion sequences, where no motion capture is given.
        sequence_frames: Frames of each of them.
        source_images: Labelled training images.
        source_test_images: Labelled test images of the source.
        target_clips: Unlabelled clips of the target, 60 frames each.
        target_test_clips: Labelled test clips of the target, 30 frames each.
        pose_steps: Training steps of the pose auto-encoder.
        motion_steps: Training steps of the motion auto-encoder.
        motion_views: Random views of each window of motion from which it learns.
        relation_steps: Training steps of each relation network.
        source_steps: Training steps of the image encoder on the source.
        adaptation_steps: Training steps of the adaptation, all energies together.
        compiled: Whether the adaptation is compiled, which takes half a minute for all energies.
    """

    sequences: int
    sequence_frames: int
    source_images: int
    source_test_images: int
    target_clips: int
    target_test_clips: int
    pose_steps: int
    motion_steps: int
    motion_views: int
    relation_steps: int
    source_steps: int
    adaptation_steps: int
    compiled: bool = True


FULL = Settings(
    sequences=360,
    sequence_frames=120,
    source_images=8000,
    source_test_images=1000,
    target_clips=96,
    target_test_clips=48,
    pose_steps=3000,
    motion_steps=400,
    motion_views=4,
    relation_steps=1200,
    source_steps=1500,
    adaptation_steps=132,
)
"""For the figures of the documentation: at most 20 minutes on two cores."""

QUICK = Settings(
    sequences=40,
    sequence_frames=120,
    source_images=500,
    source_test_images=100,
    target_clips=12,
    target_test_clips=4,
    pose_steps=150,
    motion_steps=10,
    motion_views=1,
    relation_steps=40,
    source_steps=40,
    adaptation_steps=6,
    compiled=False,
)
"""To see that everything runs, in three minutes; the results are poor."""
