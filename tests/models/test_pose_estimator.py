"""The estimator: images of any size, plausibility, both ways of looking, what its file tells."""

import json
import zipfile

import keras
import numpy as np
import pytest
from keras import ops

from posealign_keras.models import ImageEncoder, PoseAutoencoder, PoseEstimator
from posealign_keras.models.agreement import combine_both_ways
from posealign_keras.ops import retarget
from posealign_keras.relations import PoseFlip
from posealign_keras.skeletons import BODY17

rng = np.random.default_rng(0)


@pytest.fixture(scope="module")
def estimator():
    keras.utils.set_random_seed(0)
    encoder = ImageEncoder("small_resnet", 32, latent_dim=6, head_filters=(), head_widths=(12,))
    model = PoseEstimator(encoder, PoseAutoencoder(latent_dim=6, width=16, depth=2))
    for variable in model.weights:  # untrained networks answer almost alike to all images
        variable.assign(2 * variable)
    return model


def images(count=3, height=32, width=32, rng=rng):
    return rng.integers(0, 256, (count, height, width, 3)).astype("uint8")


def numpy_of(values):
    return {name: ops.convert_to_numpy(value) for name, value in values.items()}


@pytest.mark.parametrize(("height", "width"), [(32, 32), (20, 20), (90, 40), (240, 320)])
@pytest.mark.parametrize("dtype", ["uint8", "float32", "int32"])
def test_images_of_any_size_and_type(estimator, height, width, dtype):
    values = images(2, height, width)
    found = numpy_of(estimator(values.astype(dtype)))
    assert {name: value.shape for name, value in found.items()} == {
        "pose_3d": (2, 17, 3),
        "latent": (2, 6),
        "plausibility": (2,),
    }
    np.testing.assert_allclose(found["pose_3d"], numpy_of(estimator(values))["pose_3d"], atol=1e-4)
    if (height, width) == (32, 32):
        np.testing.assert_array_equal(found["latent"], ops.convert_to_numpy(estimator.image_encoder(values)))


@pytest.fixture(scope="module")
def finder():
    """An estimator that finds keypoints."""
    keras.utils.set_random_seed(1)
    encoder = ImageEncoder("small_resnet", 32, latent_dim=6, head_filters=(8,), head_widths=(12,), keypoints=17)
    model = PoseEstimator(encoder, PoseAutoencoder(latent_dim=6, width=16, depth=2))
    for variable in encoder.head.maps.weights:
        variable.assign(4 * variable)
    return model


def test_where_joints_are_in_a_picture_that_is_not_square(finder):
    values = images(2, 40, 32, np.random.default_rng(1))
    values[:, :, :4], values[:, :, -4:] = 0, 0  # antialiasing does not mix these with what is beyond
    found = numpy_of(finder(values))
    squares = np.zeros((2, 40, 40, 3), "uint8")
    squares[:, :, 4:36] = values
    assert found["keypoints"].shape == (2, 17, 2)
    assert found["keypoints"].std() > 0.01
    np.testing.assert_allclose(found["keypoints"], numpy_of(finder(squares))["keypoints"], atol=1e-4)
    latents = ops.convert_to_numpy(finder.image_encoder(values[:, 4:36]))
    np.testing.assert_allclose(numpy_of(finder(values[:, 4:36]))["latent"], latents, atol=1e-5)


def test_an_encoder_of_other_joints_is_refused():
    encoder = ImageEncoder("small_resnet", 32, latent_dim=6, head_filters=(), head_widths=(), keypoints=5)
    with pytest.raises(ValueError, match="must find the joints of `pose_autoencoder`, 17"):
        PoseEstimator(encoder, PoseAutoencoder(latent_dim=6, width=16, depth=2))


def test_keypoints_both_ways_are_put_together_as_poses_are(finder):
    values = images(40, rng=np.random.default_rng(2))
    flip = PoseFlip(BODY17)
    one, mirrored = (numpy_of(finder(way)) for way in (values, values[:, :, ::-1]))
    other = ops.convert_to_numpy(flip.transform_keypoints(mirrored["keypoints"]))
    both = finder.estimate_both_ways(values)
    mean = (one["keypoints"] + other) / 2
    turned = ops.convert_to_numpy(flip.transform_poses(mirrored["pose_3d"]))
    surer = one["plausibility"] >= mirrored["plausibility"]
    for index, found in enumerate(both["keypoints"]):
        is_mean = np.abs(found - mean[index]).max() < 1e-4
        if not is_mean:
            np.testing.assert_allclose(found, one["keypoints"][index] if surer[index] else other[index], atol=1e-4)
            pose = one["pose_3d"][index] if surer[index] else turned[index]
            np.testing.assert_allclose(both["pose_3d"][index], pose, atol=1e-4)


def test_plausibility_falls_with_what_the_auto_encoder_changes(estimator):
    found = numpy_of(estimator(images(40)))
    again = ops.convert_to_numpy(estimator.pose_autoencoder(found["pose_3d"]))
    distance = np.linalg.norm(again - found["pose_3d"], axis=-1).mean(axis=1)
    assert distance.std() > 1e-3
    np.testing.assert_allclose(found["plausibility"], np.exp(-distance / 0.05), rtol=1e-3)


def both_poses(estimator, values):
    """Poses in images, and the mirrored poses in their mirror images."""
    one, mirrored = estimator.predict_poses(values), estimator.predict_poses(values[:, :, ::-1])
    return one, mirrored[:, list(BODY17.mirror)] * [-1, 1, 1]


def test_looking_both_ways_gives_the_pose_between_the_two(estimator):
    values = images(5)
    found = estimator.estimate_both_ways(values)
    straight, mirrored = (estimator.predict(way, verbose=0) for way in (values, values[:, :, ::-1]))
    expected = combine_both_ways(estimator.pose_autoencoder, PoseFlip(BODY17), straight, mirrored)
    np.testing.assert_allclose(found["pose_3d"], expected["pose_3d"], atol=1e-4)
    latents = estimator.pose_autoencoder.encode(found["pose_3d"])
    np.testing.assert_allclose(found["latent"], ops.convert_to_numpy(latents), atol=1e-4)


def test_of_two_poses_that_face_alike_the_mean_is_taken_with_canonical_bones(estimator):
    one = ops.convert_to_numpy(retarget(rng.normal(size=(6, 17, 3)).astype("float32")))
    other = ops.convert_to_numpy(retarget(one + rng.normal(0, 0.05, one.shape).astype("float32")))
    seen_in_mirror = (other[:, list(BODY17.mirror)] * [-1, 1, 1]).astype("float32")
    sure = np.ones(6, "float32")
    estimates = ({"pose_3d": poses, "plausibility": sure} for poses in (one, seen_in_mirror))
    found = combine_both_ways(estimator.pose_autoencoder, PoseFlip(BODY17), *estimates)
    mean = ops.convert_to_numpy(retarget((one + other) / 2))
    np.testing.assert_allclose(found["pose_3d"], mean, atol=1e-5)
    np.testing.assert_allclose(found["disagreement"], np.linalg.norm(one - other, axis=-1).mean(axis=1), rtol=1e-4)


@pytest.mark.parametrize("surer", [0, 1])
def test_of_two_poses_that_face_contrary_ways_the_more_plausible_one_is_taken(estimator, surer):
    one = retarget(np.random.default_rng(0).normal(size=(4, 17, 3)).astype("float32"))
    one = ops.convert_to_numpy(one)
    other = one * [-1, 1, -1]  # turned by 180 degrees
    other[2:] = one[2:] + 0.01
    seen_in_mirror = other[:, list(BODY17.mirror)] * np.array([-1, 1, 1])
    plausibility = np.array([0.9, 0.1], "float32")
    found = combine_both_ways(
        estimator.pose_autoencoder,
        PoseFlip(BODY17),
        {"pose_3d": one, "plausibility": np.full(4, plausibility[surer])},
        {"pose_3d": seen_in_mirror.astype("float32"), "plausibility": np.full(4, plausibility[1 - surer])},
    )
    np.testing.assert_allclose(found["pose_3d"][:2], (one if surer == 0 else other)[:2], atol=1e-5)
    np.testing.assert_allclose(found["pose_3d"][2:], one[2:], atol=0.02)
    np.testing.assert_allclose(found["plausibility"], 0.1)


def test_confidence_is_the_lower_plausibility_and_falls_with_the_distance_of_both_poses(estimator):
    values = images(20)
    found, mirrored = estimator.estimate_both_ways(values), estimator.estimate_both_ways(values[:, :, ::-1])
    one, other = both_poses(estimator, values)
    plausibility = [numpy_of(estimator(way))["plausibility"] for way in (values, values[:, :, ::-1])]
    distance = np.linalg.norm(one - other, axis=-1).mean(axis=1)
    np.testing.assert_allclose(found["plausibility"], np.min(plausibility, axis=0), rtol=1e-3)
    np.testing.assert_allclose(found["confidence"], np.min(plausibility, axis=0) * np.exp(-distance / 0.1), rtol=1e-2)
    np.testing.assert_allclose(mirrored["confidence"], found["confidence"], rtol=1e-2)


def test_its_file_says_what_the_poses_are(estimator, tmp_path):
    estimator.save(tmp_path / "estimator.keras")
    with zipfile.ZipFile(tmp_path / "estimator.keras") as archive:
        config = json.loads(archive.read("config.json"))["config"]
    assert config["joint_names"] == list(BODY17.joint_names)
    assert config["unit"] == "metre"
    assert config["root_joint"] == "pelvis"
    values = images()
    loaded = keras.saving.load_model(tmp_path / "estimator.keras")
    np.testing.assert_array_equal(loaded.predict_poses(values), estimator.predict_poses(values))


def test_files_that_do_not_say_it_yet_can_be_loaded(estimator):
    config = estimator.get_config()
    for name in ("joint_names", "unit", "coordinate_frame", "root_joint"):
        del config[name]
    assert PoseEstimator.from_config(config).skeleton is BODY17


def test_no_images_have_no_poses(estimator):
    assert estimator.predict_poses(np.zeros((0, 20, 30, 3), "uint8")).shape == (0, 17, 3)
    assert estimator.estimate_both_ways(np.zeros((0, 20, 30, 3), "uint8"))["confidence"].shape == (0,)


@pytest.mark.parametrize("dtype", ["uint8", "int32", "float16", "float64"])
def test_images_of_any_numbers_from_0_to_255(estimator, dtype):
    values = images(2)
    given = list(values.astype(dtype)) if dtype == "int32" else values.astype(dtype)
    np.testing.assert_allclose(estimator.predict_poses(given), estimator.predict_poses(values), atol=1e-4)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (np.zeros((32, 32, 3), "uint8"), r"must have shape \(N, height, width, 3\).*Received: \(32, 32, 3\)"),
        (np.zeros((2, 32, 32, 1), "uint8"), "must have shape"),
        (np.zeros((2, 32, 32, 4), "uint8"), "must have shape"),
        (np.zeros((2, 3, 32, 32), "uint8"), "must have shape"),
        (np.zeros((1, 5, 32, 32, 3), "uint8"), "must have shape"),
        (np.zeros((2, 32, 0, 3), "uint8"), "must have shape"),
        ([], "must have shape"),
        ([np.zeros((32, 32, 3)), np.zeros((30, 32, 3))], "must be of one size"),
        (np.full((2, 32, 32, 3), 0.5, "float32"), "and not from 0 to 1"),
        (np.full((2, 32, 32, 3), np.nan, "float32"), "values from 0 to 255"),
        (np.full((2, 32, 32, 3), 4000, "uint16"), "values from 0 to 255"),
        (np.full((2, 32, 32, 3), -1), "values from 0 to 255"),
        (np.ones((2, 32, 32, 3), bool), "must be numbers"),
    ],
)
def test_what_are_no_images_is_told(estimator, wrong, message):
    for function in (estimator.predict_poses, estimator.estimate_both_ways):
        with pytest.raises(ValueError, match=message):
            function(wrong)


def test_a_saved_model_is_no_preset(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"loaded by `keras\.saving\.load_model`"):
        PoseEstimator.from_preset(tmp_path / "adapted.keras")
