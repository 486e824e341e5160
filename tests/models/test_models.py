"""The networks: shapes, bounds, exact skeletons, round trips, error messages."""

import re

import keras
import numpy as np
import pytest
from keras import ops

from posealign_keras.models import (
    Discriminator,
    ImageEncoder,
    MotionAutoencoder,
    PoseAutoencoder,
    PoseEstimator,
    RelationNetwork,
)
from posealign_keras.relations import InPlaneRotation, SlowBackward
from posealign_keras.skeletons import BODY17

rng = np.random.default_rng(0)


@pytest.fixture(autouse=True)
def seeded():
    keras.utils.set_random_seed(0)


def pose_autoencoder(**arguments):
    return PoseAutoencoder(**{"latent_dim": 6, "width": 16, "depth": 2, **arguments})


def image_encoder(**arguments):
    sizes = {"backbone": "small_resnet", "image_size": 32, "latent_dim": 6, "head_filters": (8,), "head_widths": (12,)}
    return ImageEncoder(**{**sizes, **arguments})


def motion_autoencoder():
    return MotionAutoencoder(frames=5, pose_latent_dim=6, latent_dim=7, units=4, depth=2)


def estimator():
    return PoseEstimator(image_encoder(), pose_autoencoder())


def poses(*leading):
    return rng.normal(0, 0.4, (*leading, 17, 3)).astype("float32")


def images(count=2, size=32):
    return rng.integers(0, 256, (count, size, size, 3)).astype("uint8")


def latents(*shape):
    return rng.uniform(-1, 1, shape).astype("float32")


def lengths(joints):
    """Bone lengths of `(..., 17, 3)`."""
    parents, children = np.array(BODY17.edges).T
    return np.linalg.norm(joints[..., children, :] - joints[..., parents, :], axis=-1)


def numpy_of(values):
    return keras.tree.map_structure(ops.convert_to_numpy, values)


MODELS = {
    "pose_autoencoder": (pose_autoencoder, lambda: poses(3)),
    "motion_autoencoder": (motion_autoencoder, lambda: latents(3, 5, 6)),
    "discriminator": (lambda: Discriminator(6, width=8, depth=3), lambda: latents(3, 6)),
    "relation_network": (lambda: RelationNetwork("slow_backward", 7, (8, 9)), lambda: latents(3, 7)),
    "image_encoder": (image_encoder, images),
    "pose_estimator": (estimator, images),
}


@pytest.mark.parametrize("name", MODELS)
def test_saved_models_are_the_same_models(name, tmp_path):
    create, inputs = MODELS[name]
    model, values = create(), inputs()
    for variable in model.weights:  # statistics of normalisation and biases too, which are all alike at first
        variable.assign(ops.abs(variable + rng.normal(0, 0.1, variable.shape)))
    expected = numpy_of(model(values))
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert type(loaded) is type(model)
    assert loaded.name == model.name
    keras.tree.map_structure(np.testing.assert_array_equal, numpy_of(loaded(values)), expected)
    copy = type(model).from_config(model.get_config())
    assert [v.shape for v in copy.weights] == [v.shape for v in model.weights]


# Poses.


def test_pose_latents_and_poses_have_the_documented_shapes():
    model = pose_autoencoder()
    for leading in [(3,), (2, 5), (2, 3, 4)]:
        z = model.encode(poses(*leading))
        assert tuple(z.shape) == (*leading, 6)
        assert tuple(model.decode(z).shape) == (*leading, 17, 3)
    assert tuple(model(poses(3)).shape) == (3, 17, 3)


@pytest.mark.parametrize("scale", [1, 50])
def test_every_latent_is_a_skeleton_with_canonical_bones(scale):
    # Outside of the cube too.
    joints = numpy_of(pose_autoencoder().decode(scale * latents(200, 6)))
    np.testing.assert_allclose(lengths(joints), np.tile(BODY17.bone_lengths[1:], (200, 1)), atol=1e-5)
    np.testing.assert_array_equal(joints[:, 0], 0)


def test_short_directions_give_exact_bones_too():
    model = pose_autoencoder()
    for variable in model.decoder.layers[-1].weights:
        variable.assign(variable * 0.05)
    np.testing.assert_allclose(
        lengths(numpy_of(model.decode(latents(50, 6)))), np.tile(BODY17.bone_lengths[1:], (50, 1)), atol=1e-5
    )


def test_encoder_does_not_see_bone_lengths_nor_place():
    model, joints = pose_autoencoder(), poses(4).astype("float64")
    longer = joints.copy()
    for parent, child in BODY17.edges:
        longer[:, child] = longer[:, parent] + rng.uniform(0.5, 2) * (joints[:, child] - joints[:, parent])
    expected = numpy_of(model.encode(joints.astype("float32")))
    np.testing.assert_allclose(numpy_of(model.encode((longer + 3).astype("float32"))), expected, atol=1e-5)
    assert abs(numpy_of(model.encode(poses(4))) - expected).max() > 1e-2


def test_latents_are_bounded():
    loud = 100.0
    for model, values in ((pose_autoencoder(), poses(20)), (motion_autoencoder(), loud * latents(20, 5, 6))):
        for variable in model.weights:
            variable.assign(loud * variable)
        assert abs(numpy_of(model.encode(values))).max() <= 1
    motion = motion_autoencoder()
    assert abs(numpy_of(motion.decode(loud * latents(20, 7)))).max() <= 1
    assert abs(numpy_of(RelationNetwork("pose_flip", 6, (8,))(loud * latents(20, 6)))).max() <= 1
    assert abs(numpy_of(image_encoder()(images()))).max() <= 1


def test_wrong_poses_are_refused():
    with pytest.raises(ValueError, match="`joints` must have shape"):
        pose_autoencoder().encode(np.zeros((2, 16, 3)))
    with pytest.raises(ValueError, match="octopus"):
        PoseAutoencoder(skeleton="octopus")


# Motion.


def test_motion_shapes_and_order_of_time():
    model, sequence = motion_autoencoder(), latents(3, 5, 6)
    v = model.encode(sequence)
    assert tuple(v.shape) == (3, 7)
    assert tuple(model.decode(v).shape) == tuple(model(sequence).shape) == (3, 5, 6)
    assert abs(numpy_of(model.encode(sequence[:, ::-1])) - numpy_of(v)).max() > 1e-3


# Relations.


def test_relation_network_takes_its_size_from_the_order():
    assert RelationNetwork("pose_flip").latent_dim == 32
    assert RelationNetwork("flip_backward").latent_dim == 128
    network = RelationNetwork(InPlaneRotation(12), 6, (8,))
    assert network.name == "in_plane_rotation"
    assert network.relation.degrees == 12
    assert tuple(network(latents(3, 6)).shape) == (3, 6)


def test_relation_network_keeps_the_relations_arguments(tmp_path):
    RelationNetwork(SlowBackward(8), 6, (8,)).save(tmp_path / "network.keras")
    relation = keras.saving.load_model(tmp_path / "network.keras").relation
    assert isinstance(relation, SlowBackward)
    assert relation.window == 16


def test_unknown_relations_are_refused():
    with pytest.raises(ValueError, match="`relation` must be one of"):
        RelationNetwork("somersault")


# Discriminator.


def test_discriminator_gives_one_logit():
    logits = numpy_of(Discriminator(6, width=8)(50 * latents(30, 6)))
    assert logits.shape == (30, 1)
    assert logits.min() < 0 or logits.max() > 1  # no sigmoid


# Images.


def test_image_types_do_not_matter():
    model, values = image_encoder(), images()
    expected = numpy_of(model(values))
    assert expected.shape == (2, 6)
    np.testing.assert_allclose(numpy_of(model(values.astype("float32"))), expected, atol=1e-6)
    np.testing.assert_allclose(numpy_of(model(values.astype("int32"))), expected, atol=1e-6)


def test_image_encoder_is_in_inference_mode_unless_told():
    model, values = image_encoder(), images()
    before = [numpy_of(v) for v in model.weights]
    model(values)
    assert all(np.array_equal(b, numpy_of(v)) for b, v in zip(before, model.weights, strict=True))
    model(values, training=True)
    assert not all(np.array_equal(b, numpy_of(v)) for b, v in zip(before, model.weights, strict=True))


def test_stages_of_the_small_backbone_halve_the_size():
    encoder = image_encoder()
    sizes = {layer.name: layer.output.shape[1:] for layer in encoder.backbone.layers}
    assert sizes["conv1_relu"] == (16, 16, 16)
    assert sizes["conv2_block2_out"] == (8, 8, 32)
    assert sizes["conv3_block2_out"] == (4, 4, 64)
    assert sizes["conv4_block2_out"] == encoder.backbone.output_shape[1:] == (2, 2, 128)


def test_train_only_res3():
    encoder = image_encoder()
    encoder.train_only(("conv3_",))
    # Two blocks of two convolutions without biases, and one to change the size; no normalisation.
    assert len(encoder.trainable_variables) == 5
    assert all("conv3_" in v.path and v.path.endswith("kernel") for v in encoder.trainable_variables)
    encoder.train_only(("conv3_", "conv4_"))
    assert len(encoder.trainable_variables) == 10
    encoder.train_only()
    assert len(encoder.trainable_variables) == 5
    with pytest.raises(ValueError, match=r"`prefixes` must be several texts.*Received: prefixes='conv3_'"):
        encoder.train_only("conv3_")
    with pytest.raises(ValueError, match=r"`prefixes` match no layer with weights. Received: prefixes=\('res3',\)"):
        encoder.train_only(("res3",))


def test_train_only_and_what_is_fully_connected():
    encoder = image_encoder()
    encoder.train_only(("conv3_",), fully_connected=True)
    dense = [layer for layer in encoder.head.layers if isinstance(layer, keras.layers.Dense)]
    assert dense
    assert {id(v) for v in encoder.head.trainable_variables} == {id(v) for layer in dense for v in layer.variables}
    assert len(encoder.backbone.trainable_variables) == 5
    encoder.train_only(("conv3_",))
    assert not encoder.head.trainable_variables


def test_train_only_finds_layers_of_a_model_that_was_frozen():
    encoder = image_encoder()
    encoder.trainable = False
    encoder.train_only()
    assert len(encoder.trainable_variables) == 5


def test_adapt_normalization_takes_the_statistics_of_the_images():
    encoder, images = image_encoder(), np.random.default_rng(0).integers(0, 256, (9, 32, 32, 3)).astype("uint8")
    encoder.train_only()
    flags = [layer.trainable for layer in encoder.backbone.layers]
    weights = {v.path: np.array(v) for v in encoder.variables}
    encoder.adapt_normalization(images, batch_size=4)  # two batches; the ninth image is left out
    convolved = keras.Model(encoder.backbone.inputs, encoder.backbone.get_layer("conv1_conv").output)
    first, second = (ops.convert_to_numpy(convolved(images[i : i + 4].astype("float32"))) for i in (0, 4))
    layer = encoder.backbone.get_layer("conv1_bn")
    mean = (first.mean(axis=(0, 1, 2)) + second.mean(axis=(0, 1, 2))) / 2
    variance = (first.var(axis=(0, 1, 2)) + second.var(axis=(0, 1, 2))) / 2
    np.testing.assert_allclose(ops.convert_to_numpy(layer.moving_mean), mean, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(ops.convert_to_numpy(layer.moving_variance), variance, rtol=1e-3)
    for path, before in weights.items():
        changed = not np.array_equal(before, {v.path: np.array(v) for v in encoder.variables}[path])
        assert changed == ("moving_" in path), path
    assert [layer.trainable for layer in encoder.backbone.layers] == flags
    assert layer.momentum == 0.9


def test_adapt_normalization_needs_a_batch():
    for batch_size in (4, 0):
        with pytest.raises(ValueError, match=rf"Received: batch_size={batch_size} for 3 images"):
            image_encoder().adapt_normalization(np.zeros((3, 32, 32, 3)), batch_size)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"image_size": 40}, "`image_size` must be a multiple of 16. Received: image_size=40"),
        (
            {"backbone": "vgg"},
            "'efficientnet_lite0', 'small_resnet' or a `keras.Model`. Received: backbone='vgg'",
        ),
        ({"weights": "imagenet"}, "`weights` must be None for 'small_resnet'. Received: weights='imagenet'"),
    ],
)
def test_wrong_arguments_of_the_image_encoder(arguments, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        image_encoder(**arguments)


# The estimator.


def test_estimator_decodes_the_image_encoders_latents():
    model, values = estimator(), images(5)
    result = numpy_of(model(values))
    np.testing.assert_array_equal(result["latent"], numpy_of(model.image_encoder(values)))
    np.testing.assert_array_equal(result["pose_3d"], numpy_of(model.pose_autoencoder.decode(result["latent"])))
    predicted = model.predict_poses(values, batch_size=2)
    assert predicted.dtype == np.float32
    np.testing.assert_allclose(predicted, result["pose_3d"], atol=1e-5)
    assert model.skeleton is BODY17


def test_estimator_refuses_networks_that_do_not_fit():
    with pytest.raises(ValueError, match=r"must have the same `latent_dim`\. Received: 6 and 5"):
        PoseEstimator(image_encoder(), pose_autoencoder(latent_dim=5))


# Precision.


def test_latents_and_poses_stay_float32_under_mixed_precision():
    try:
        keras.mixed_precision.set_dtype_policy("mixed_bfloat16")
        pose, motion, encoder = pose_autoencoder(), motion_autoencoder(), image_encoder()
    finally:
        keras.mixed_precision.set_dtype_policy("float32")
    z = pose.encode(poses(3))
    joints = numpy_of(pose.decode(z))
    np.testing.assert_allclose(lengths(joints), np.tile(BODY17.bone_lengths[1:], (3, 1)), atol=1e-5)
    for values in (z, motion.encode(latents(3, 5, 6)), motion.decode(latents(3, 7)), encoder(images())):
        assert keras.backend.standardize_dtype(values.dtype) == "float32"


def test_motion_autoencoder_loads_alike_every_time(tmp_path):
    """Keras once took a new LSTM for a freed one at the same address, now and then."""
    model = MotionAutoencoder(frames=2, pose_latent_dim=2, latent_dim=2, units=2)
    model.save(tmp_path / "motion.keras")
    for _ in range(8):
        loaded = keras.saving.load_model(tmp_path / "motion.keras")
        assert len({id(weight) for weight in loaded.weights}) == len(model.weights)
        for one, other in zip(loaded.get_weights(), model.get_weights(), strict=True):
            np.testing.assert_array_equal(one, other)
