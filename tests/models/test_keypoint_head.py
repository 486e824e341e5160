"""An image encoder that finds the joints in the image first."""

import keras
import numpy as np
import pytest
from keras import ops

from posealign_keras.models import ImageEncoder
from posealign_keras.models.keypoint_head import KeypointHead


def encoder(**arguments):
    keras.utils.set_random_seed(0)
    return ImageEncoder("small_resnet", 32, 4, head_filters=(8, 8), head_widths=(16,), keypoints=17, **arguments)


def images(count=3):
    return np.random.default_rng(0).integers(0, 256, (count, 32, 32, 3)).astype("uint8")


def found(model, pictures):
    return {name: ops.convert_to_numpy(value) for name, value in model.find_keypoints(pictures).items()}


def test_what_is_found():
    model = encoder()
    result = found(model, images())
    shapes = {name: value.shape for name, value in result.items()}
    assert shapes == {"heat_maps": (3, 4, 4, 17), "keypoints": (3, 17, 2), "depths": (3, 17), "latents": (3, 4)}
    assert np.abs(result["keypoints"]).max() <= 0.5
    np.testing.assert_allclose(ops.convert_to_numpy(model(images())), result["latents"], atol=1e-6)


def test_latents_depend_on_the_layout_and_not_on_its_place():
    model = encoder()
    # Heat maps of single cells: pictures of the features, so to say.
    heat = np.full((1, 4, 4, 17), -50.0, "float32")
    rng = np.random.default_rng(0)
    for joint, (row, column) in enumerate(rng.integers(0, 2, (17, 2))):
        heat[0, row, column, joint] = 50
    maps = np.concatenate([heat, np.zeros_like(heat)], axis=-1)
    moved = np.roll(maps, (1, 2), (1, 2))
    first, second = (found_by(model, value) for value in (maps, moved))
    np.testing.assert_allclose(second["keypoints"] - first["keypoints"], np.broadcast_to([0.5, 0.25], (1, 17, 2)))
    np.testing.assert_allclose(second["latents"], first["latents"], atol=1e-5)


def found_by(model, maps):
    return {name: ops.convert_to_numpy(value) for name, value in model.head.read(maps).items()}


@pytest.mark.parametrize("sharpness", [0.5, 1.0, 3.0])
def test_sharper_reading_is_nearer_to_the_likeliest_place(sharpness):
    likely = np.array([0.7, 0.3])
    heat = np.full((1, 4, 4, 17), -50.0, "float32")
    heat[0, 2, [0, 3]] = np.log(likely)[:, None]
    # As many metres deep as cells from the left.
    depths = np.broadcast_to(np.arange(4.0), (1, 17, 4, 4)).transpose(0, 2, 3, 1)
    result = found_by(encoder(sharpness=sharpness), np.concatenate([heat, depths], axis=-1).astype("float32"))
    left, right = likely**sharpness / np.sum(likely**sharpness)
    np.testing.assert_allclose(result["keypoints"][0, :, 0], -0.375 * left + 0.375 * right, atol=1e-5)
    np.testing.assert_allclose(result["keypoints"][0, :, 1], 0.125, atol=1e-5)
    np.testing.assert_allclose(result["depths"], 3 * right, atol=1e-4)
    np.testing.assert_array_equal(result["heat_maps"], heat)


@pytest.mark.parametrize("sharpness", [0, -1.0, float("nan"), float("inf"), "2", None])
def test_a_sharpness_that_is_no_positive_number(sharpness):
    with pytest.raises(ValueError, match=r"`sharpness` must be a positive number\. Received: sharpness="):
        encoder(sharpness=sharpness)


def test_nothing_is_read_sharply_where_there_are_no_heat_maps():
    plain = ImageEncoder("small_resnet", 32, 4, head_filters=(), head_widths=(8,))
    with pytest.raises(ValueError, match=r"`sharpness` must be 1 for an encoder without keypoints\. Received: .*2.0"):
        ImageEncoder.from_config({**plain.get_config(), "sharpness": 2.0})


def test_an_encoder_of_before_there_was_a_sharpness_reads_means():
    config = encoder().get_config()
    del config["sharpness"]
    assert ImageEncoder.from_config(config).sharpness == 1.0


def test_it_is_saved_and_goes_to_presets(tmp_path):
    model = encoder(sharpness=2.0)
    expected = model.predict(images(), verbose=0)
    model.save(tmp_path / "encoder.keras")
    loaded = keras.saving.load_model(tmp_path / "encoder.keras")
    np.testing.assert_array_equal(loaded.predict(images(), verbose=0), expected)
    assert (loaded.keypoints, loaded.sharpness) == (17, 2.0)
    model.save_to_preset(tmp_path / "preset")
    stored = ImageEncoder.from_preset(tmp_path / "preset")
    np.testing.assert_allclose(stored.predict(images(), verbose=0), expected, atol=5e-3)  # stored in half precision


def test_the_paper_s_stage_adapts_without_the_head():
    model = encoder()
    model.train_only(("conv3_",))
    assert not model.head.trainable_variables
    assert len(model.trainable_variables) == 5


def test_latents_by_keypoints_learn_beside_a_stage_if_wanted():
    model = encoder()
    model.train_only(("conv3_",), fully_connected=True)
    assert len(model.head.lifting.trainable_variables) == len(model.head.lifting.variables) > 0
    assert not model.head.maps.trainable_variables
    assert len(model.backbone.trainable_variables) == 5


def test_convolutions_to_the_maps_adapt_as_one_more_stage():
    model = encoder()
    model.train_only(("conv6_",))
    assert [variable.path.split("/")[-2] for variable in model.trainable_variables] == [
        *("conv6_0", "conv6_1", "conv6_maps", "conv6_maps")
    ]
    model.train_only(("conv",))
    backbone = [v for v in model.backbone.trainable_variables if v.path.endswith("kernel")]
    assert len(model.trainable_variables) == len(backbone) + 4
    assert not model.head.lifting.trainable_variables
    model.train_only(("conv3_",))  # and back
    assert len(model.trainable_variables) == 5


def test_normalisation_of_the_maps_takes_the_statistics_of_other_images():
    model = encoder()
    before = {variable.path: ops.convert_to_numpy(variable) for variable in model.head.variables}
    model.adapt_normalization(images(8), batch_size=4)
    for variable in model.head.variables:
        changed = not np.array_equal(before[variable.path], ops.convert_to_numpy(variable))
        assert changed == ("moving_" in variable.path), variable.path


def test_an_encoder_without_keypoints_finds_none():
    plain = ImageEncoder("small_resnet", 32, 4, head_filters=(), head_widths=(8,))
    with pytest.raises(ValueError, match=r"`find_keypoints` needs .*keypoints=0"):
        plain.find_keypoints(images())


def test_joints_in_one_place_give_no_infinite_gradient(gradient):
    head = KeypointHead([(2, 2, 8)], 17, 4, (4,), (4,))
    maps = np.zeros((2, 4, 4, 34), "float32")  # each joint may be anywhere: in the middle on average
    maps[..., 17:] = np.random.default_rng(0).normal(size=17)
    slope = gradient(lambda maps: ops.sum(head.read(maps)["latents"]), maps)
    assert np.isfinite(slope).all()
    assert np.abs(slope[..., 17:]).max() > 0  # by the depths


def pyramid(**arguments):
    keras.utils.set_random_seed(0)
    given = {"head_filters": (8, 8, 8), "finer_maps": 2, **arguments}
    return ImageEncoder("efficientnet_lite0", 64, 4, head_widths=(16,), keypoints=17, **given)


def test_finer_maps_of_the_backbone_make_finer_heat_maps(tmp_path):
    pictures = np.random.default_rng(0).integers(0, 256, (2, 64, 64, 3)).astype("uint8")
    for finer, size in ((0, 4), (1, 4), (2, 8), (3, 16)):
        model = pyramid(head_filters=(8, 8, 8, 8), finer_maps=finer)
        assert found(model, pictures)["heat_maps"].shape == (2, size, size, 17)
        assert len(model.backbone.outputs) == 1 + finer
    model = pyramid()
    expected = found(model, pictures)
    # Each of the maps has its say.
    rng = np.random.default_rng(0)
    maps = [rng.normal(size=(2, *output.shape[1:])).astype("float32") for output in model.backbone.outputs]
    seen = ops.convert_to_numpy(model.head.find(maps)["heat_maps"])
    for index, one in enumerate(maps):
        without = [*maps[:index], np.zeros_like(one), *maps[index + 1 :]]
        assert np.abs(ops.convert_to_numpy(model.head.find(without)["heat_maps"]) - seen).max() > 1e-3
    model.save(tmp_path / "encoder.keras")
    loaded = keras.saving.load_model(tmp_path / "encoder.keras")
    assert loaded.finer_maps == 2
    np.testing.assert_array_equal(found(loaded, pictures)["heat_maps"], expected["heat_maps"])
    model.train_only(("conv6_",))
    names = {variable.path.split("/")[-2] for variable in model.trainable_variables}
    assert names == {"conv6_0", "conv6_0_finer", "conv6_1", "conv6_1_finer", "conv6_2", "conv6_maps"}


def test_finer_maps_need_a_backbone_that_has_them():
    for arguments in ({"backbone": "small_resnet", "finer_maps": 1}, {"keypoints": 0}, {"finer_maps": 4}):
        given = {"backbone": "efficientnet_lite0", "keypoints": 17, "finer_maps": 2, **arguments}
        with pytest.raises(ValueError, match="`finer_maps` must be 0, or up to 3 for an 'efficientnet_lite0'"):
            ImageEncoder(image_size=64, latent_dim=4, head_filters=(8,) * 4, head_widths=(8,), **given)
    with pytest.raises(ValueError, match=r"`filters` must be one for each of the 3 maps.*filters=\(8,\)"):
        pyramid(head_filters=(8,))
    with pytest.raises(ValueError, match="`feature_shapes` must each be twice as large"):
        KeypointHead([(2, 2, 8), (6, 6, 8)], 17, 4, (4, 4), (4,))
