"""Labels without images, images of some records, and records of some people, against what was written."""

import numpy as np
import pytest

from posealign_keras.data import (
    LABELLED_CLIP,
    LABELLED_IMAGE,
    Pipeline,
    RecordWriter,
    load_adaptation,
    load_clips,
    load_labelled_images,
)
from posealign_keras.data.labels import read_images, read_labels

pytest.importorskip("tensorflow")

PEOPLE = ["S1", "S5", "S1", "S6", "S5", "S1"]


def images(*leading, size=16):
    """Of one grey each, which tells them apart."""
    count = int(np.prod(leading))
    greys = np.arange(count, dtype="uint8").reshape(*leading, 1, 1, 1) * (250 // count)
    return np.broadcast_to(greys, (*leading, size, size, 3)).copy()


def labels(index, *leading):
    joints = np.full((*leading, 17, 3), index / 10, "float32")
    joints[..., 0, :] = 0
    return {
        "joints": joints,
        "root_position": np.full((*leading, 3), 4, "float32"),
        "joint_validity": np.ones((*leading, 17), bool),
        "intrinsics": np.eye(3, dtype="float32"),
        **{"dataset": "fake", "subject": PEOPLE[index], "sequence": f"s{index}", "frame_index": index, "fps": 30.0},
    }


@pytest.fixture
def directory(tmp_path):
    with RecordWriter(tmp_path, LABELLED_IMAGE, "train", jpeg_quality=100, shard_size_mb=0.002) as writer:
        for index, image in enumerate(images(len(PEOPLE))):
            writer.write({"image": image, **labels(index)})
    return tmp_path


def test_labels_come_in_order_without_images(directory):
    found = read_labels(directory, "train", LABELLED_IMAGE)
    assert [record["subject"] for record in found] == PEOPLE
    assert [int(record["frame_index"]) for record in found] == list(range(6))
    assert not any("image" in record for record in found)
    np.testing.assert_array_equal(found[3]["joints"], labels(3)["joints"])


def test_images_of_some_records(directory):
    chosen = np.array([0, 1, 0, 1, 1, 0], bool)
    found = list(read_images(directory, "train", LABELLED_IMAGE, chosen))
    assert np.abs(np.stack(found).astype(int) - images(6)[chosen]).max() <= 2  # JPEG
    assert list(read_images(directory, "train", LABELLED_IMAGE, np.zeros(6, bool))) == []


def test_clips_of_different_lengths(tmp_path):
    lengths = (2, 3, 2)
    with RecordWriter(tmp_path, LABELLED_CLIP, "test", jpeg_quality=100) as writer:
        for index, length in enumerate(lengths):
            writer.write({"frames": images(length), **labels(index, length)})
    assert [len(record["joints"]) for record in read_labels(tmp_path, "test", LABELLED_CLIP)] == [2, 3, 2]
    (found,) = read_images(tmp_path, "test", LABELLED_CLIP, np.array([False, True, False]))
    assert np.abs(found.astype(int) - images(3)).max() <= 2


@pytest.mark.parametrize("cache", [False, True])
def test_records_of_some_people(directory, cache):
    dataset = load_labelled_images(directory, 2, training=False, subjects=("S1", "S6"), cache=cache)
    joints = np.concatenate([batch[1] for batch in dataset.as_numpy_iterator()])
    np.testing.assert_allclose(joints[:, 1, 0], [0, 0.2, 0.3, 0.5], atol=1e-6)
    training = load_labelled_images(directory, 4, subjects=("S5",), cache=cache).take(5)
    drawn = np.concatenate([batch[1] for batch in training.as_numpy_iterator()])[:, 1, 0]
    assert set(np.round(10 * drawn).astype(int)) == {1, 4}


def test_replay_of_some_people(directory):
    clips = np.zeros((2, 4, 16, 16, 3), "uint8")
    dataset = load_adaptation(clips, directory, batch_size=2, source_per_batch=8, source_subjects=("S1",))
    (batch,) = next(iter(dataset))
    assert set(np.round(10 * np.array(batch["source_poses"][:, 1, 0])).astype(int)) <= {0, 2, 5}


def test_people_who_are_not_there(directory):
    for wrong in (("S7",), ("S1", "S7"), ()):
        with pytest.raises(ValueError, match=r"`subjects` must be of those in the records: S1, S5, S6\. Received:"):
            load_labelled_images(directory, 2, subjects=wrong)
    with pytest.raises(ValueError, match="`subjects` must be None for arrays"):
        load_clips(np.zeros((2, 4, 16, 16, 3), "uint8"), 2, subjects=("S1",))
    assert Pipeline(subjects=["S1"]).subjects == ("S1",)
