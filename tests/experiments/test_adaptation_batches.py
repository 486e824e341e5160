"""What batches of an adaptation hold of the source."""

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest

from posealign_keras.experiments import TrainingPlan
from posealign_keras.experiments.image_stages import adaptation_batches

data = pytest.importorskip("posealign_keras.data")
pytest.importorskip("tensorflow")

PLAN = TrainingPlan(images_per_batch=2, replay_per_batch=3, augmentation=None)
POSES = {"source_images", "source_poses", "source_weights"}
CLIPS = np.zeros((2, 4, 16, 16, 3), "uint8")


def source_of_batches(source, keypoints=0, **changes):
    model = SimpleNamespace(needs_clips=False, image_encoder=SimpleNamespace(keypoints=keypoints))
    plan = dataclasses.replace(PLAN, **changes)
    (x,) = next(iter(adaptation_batches(model, plan, CLIPS, source, seed=0)))
    return set(x) - {"images"}


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    from posealign_keras.data.synthetic import STUDIO, generate_motion_library, record_images

    motion, directory = generate_motion_library(2, 10, 0), tmp_path_factory.mktemp("records")
    for masks in (True, False):
        record_images(motion, STUDIO, directory / str(masks), "train", count=4, size=16, masks=masks)
    return directory


def test_masks_come_along_where_there_are_some_and_the_plan_wants_them(records):
    assert source_of_batches(records / "True") == POSES | {"source_masks"}
    assert source_of_batches(records / "False") == POSES
    assert source_of_batches(records / "True", replay_in_target_places=False) == POSES
    arrays = np.zeros((4, 16, 16, 3), "uint8"), np.zeros((4, 17, 3), "float32")
    assert source_of_batches(arrays, keypoints=17) == POSES
    assert source_of_batches(None) == set()


def test_keypoints_come_along_for_an_encoder_that_finds_some(records):
    assert source_of_batches(records / "True", keypoints=17) == POSES | {"source_masks", "source_keypoints"}
    assert source_of_batches(records / "False", keypoints=17) == POSES | {"source_keypoints"}


def test_they_are_augmented_as_the_plan_says():
    model = SimpleNamespace(needs_clips=False, image_encoder=SimpleNamespace(keypoints=0))
    grey = CLIPS + np.uint8(128)
    source = grey[:, 0], np.zeros((2, 17, 3), "float32")
    for augmentation in (None, data.ImageAugmentation(brightness=0.5)):
        plan = dataclasses.replace(PLAN, augmentation=augmentation)
        (x,) = next(iter(adaptation_batches(model, plan, grey, source, seed=0)))
        changed = [bool((np.asarray(x[name]) != 128).any()) for name in ("images", "source_images")]
        assert changed == [augmentation is not None] * 2
