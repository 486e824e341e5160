"""Records of generated people, written and read back."""

import dataclasses

import numpy as np
import pytest

from posealign_keras.data import (
    LABELLED_CLIP,
    LABELLED_IMAGE,
    UNLABELLED_CLIP,
    Manifest,
    load_arrays,
)
from posealign_keras.data.synthetic import STUDIO, WILD, generate_motion_library, render
from posealign_keras.data.synthetic.recording import record_clips, record_images
from posealign_keras.skeletons import BODY17

SIZE = 32


@pytest.fixture(scope="module")
def library():
    return generate_motion_library(sequences=3, frames=20, seed=0)


def lengths(joints):
    parents, children = np.array(BODY17.edges).T
    return np.linalg.norm(joints[..., children, :] - joints[..., parents, :], axis=-1)


def images(library, folder, seed=0, domain=STUDIO, count=5):
    record_images(library, domain, folder, "train", count, SIZE, seed=seed)
    return load_arrays(folder, "train", LABELLED_IMAGE)


def test_images_round_trip(library, tmp_path):
    steps = []
    record_images(library, WILD, tmp_path, "train", 4, SIZE, progress=lambda *step: steps.append(step))
    assert steps[-1] == (4, 4)
    records = load_arrays(tmp_path, "train", LABELLED_IMAGE)
    assert records["image"].shape == (4, SIZE, SIZE, 3)
    assert records["image"].dtype == np.uint8
    assert records["image"].std() > 10
    assert records["joints"].shape == (4, 17, 3)
    np.testing.assert_array_equal(records["joints"][:, 0], 0)
    assert records["joint_validity"].all()
    assert set(records["camera"]) == {"wild"}
    assert set(records["sequence"]) <= set(library.names)
    assert records["frame_index"].max() < 20
    metadata = Manifest.load(tmp_path, "train").metadata
    assert metadata["domain"] == "wild"
    assert metadata["seed"] == 0


@pytest.mark.parametrize("labelled", [False, True])
def test_clips_round_trip(library, tmp_path, labelled):
    steps = []
    record_clips(library, STUDIO, tmp_path, "test", 2, 7, SIZE, labelled, progress=lambda *step: steps.append(step))
    assert steps == [(1, 2), (2, 2)]
    records = load_arrays(tmp_path, "test", LABELLED_CLIP if labelled else UNLABELLED_CLIP)
    assert records["frames"].shape == (2, 7, SIZE, SIZE, 3)
    assert ("joints" in records) == labelled
    assert records["frame_index"].max() <= 13
    if labelled:
        assert records["joints"].shape == (2, 7, 17, 3)
        assert records["intrinsics"].shape == (2, 3, 3)
        assert np.ptp(lengths(records["joints"]), axis=1).max() < 1e-4  # one person throughout


def test_labels_say_where_the_person_is(library, tmp_path):
    records = images(library, tmp_path)
    absolute = records["joints"] + records["root_position"][:, None]
    pixels = np.einsum("nij,nkj->nki", records["intrinsics"], absolute)
    pixels = pixels[..., :2] / pixels[..., 2:]
    assert (absolute[..., 2] > 0).all()
    assert pixels.min() > 0
    assert pixels.max() < SIZE - 1
    # The person is drawn there: a body in the labelled pose covers what differs from the backdrop.
    rng = np.random.default_rng(0)
    scene = STUDIO.sample_scene(rng)
    for joints, intrinsics, image in zip(absolute, records["intrinsics"], records["image"], strict=True):
        focal = float(intrinsics[0, 0]) / SIZE
        camera = dataclasses.replace(scene.camera, focal_length=focal)
        _, mask = render(joints[None], dataclasses.replace(scene, camera=camera), SIZE, return_mask=True)
        grey = image.astype(float).mean(axis=-1)
        inside, outside = grey[mask[0] > 0.9], grey[mask[0] == 0]
        assert inside.mean() < outside.mean() - 15  # clothes are darker than the walls of a studio


def test_the_seed_decides(library, tmp_path):
    first, again, other = (images(library, tmp_path / str(i), seed) for i, seed in enumerate((3, 3, 4)))
    for name in first:
        np.testing.assert_array_equal(first[name], again[name])
    assert not np.array_equal(first["joints"], other["joints"])


def test_limbs_vary_within_the_range_of_the_domain_left_and_right_alike(library, tmp_path):
    records = images(library, tmp_path, domain=WILD, count=30)
    windows = dict(zip(library.names, library.sequences, strict=True))
    before = np.stack(
        [windows[name][index] for name, index in zip(records["sequence"], records["frame_index"], strict=True)]
    )
    factors = lengths(records["joints"]) / lengths(before)
    low, high = WILD.limb_length
    assert low - 1e-3 <= factors.min() < low + 0.02
    assert high - 0.02 < factors.max() <= high + 1e-3
    mirrored = np.array(BODY17.mirror)[1:] - 1
    np.testing.assert_allclose(factors, factors[:, mirrored], atol=1e-3)
    assert factors.std(axis=0).min() > 0.02


def test_every_window_is_as_likely_as_any_other(tmp_path):
    library = generate_motion_library(sequences=2, frames=10, seed=1)
    record_clips(library, STUDIO, tmp_path, "train", 40, 9, 8)
    records = load_arrays(tmp_path, "train", UNLABELLED_CLIP)
    found = set(zip(records["sequence"], records["frame_index"], strict=True))
    assert found == {(name, start) for name in library.names for start in (0, 1)}


def test_motion_that_is_too_short_is_refused(library, tmp_path):
    with pytest.raises(ValueError, match=r"`library` must have a sequence of 21 frames. Longest: 20 frames"):
        record_clips(library, STUDIO, tmp_path, "train", 1, 21, SIZE)
