"""How much of everything the benchmark of adaptation takes."""

from dataclasses import dataclass

from posealign_keras.experiments import TrainingPlan


@dataclass(frozen=True)
class Amounts:
    """Amounts of data and lengths of training.

    Args:
        source_images: Labelled training images of each source.
        target_clips: Unlabelled clips of each target, 60 frames each.
        test_clips: Labelled test clips of each target, 30 frames each.
        plan: Lengths of training; the methods replace the recipe in it.
    """

    source_images: int
    target_clips: int
    test_clips: int
    plan: TrainingPlan


SHORT = Amounts(
    source_images=5000,
    target_clips=240,
    test_clips=96,
    plan=TrainingPlan(
        pose_steps=2000,
        motion_steps=300,
        windows=8000,
        relation_steps=600,
        source_steps=1600,
        source_rate=1e-3,
        normalization_frames=1024,
        adaptation_steps=120,
        clips_per_batch=2,
        images_per_batch=32,
        replay_per_batch=32,
        adaptation_rate=1e-3,
        augmentation=None,
        cache=True,
    ),
)
"""For two cores and an hour."""

LONG = Amounts(
    source_images=16000,
    target_clips=480,
    test_clips=192,
    plan=TrainingPlan(
        pose_steps=4000,
        motion_steps=1500,
        windows=30000,
        relation_steps=2000,
        source_steps=5000,
        source_rate=1e-3,
        normalization_frames=2048,
        adaptation_steps=600,
        clips_per_batch=4,
        adaptation_rate=1e-3,
        augmentation=None,
        cache=True,
    ),
)
"""For a night."""
