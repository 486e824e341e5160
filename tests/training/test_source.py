"""Stage 4: the image encoder learns poses through the frozen decoder."""

import keras
import numpy as np
import pytest
import tiny_networks as tiny
from keras import ops

from posealign_keras.models import ImageEncoder, PoseAutoencoder
from posealign_keras.ops import retarget
from posealign_keras.relations import PoseFlip
from posealign_keras.skeletons import BODY17
from posealign_keras.training import RandomAppearance, SourceTraining


def stage(**arguments):
    keras.utils.set_random_seed(0)
    model = SourceTraining(tiny.image_encoder(), tiny.pose_autoencoder(), **arguments)
    tiny.compile_quickly(model, keras.optimizers.Adam(0.01))
    return model


def data(count=8):
    """Poses that can be told from the pictures, and that the decoder can show."""
    decoder = stage().pose_autoencoder
    latents = np.random.default_rng(0).uniform(-1, 1, (count, tiny.POSE_LATENT)).astype("float32")
    return {"x": tiny.images(count), "y": ops.convert_to_numpy(decoder.decode(latents))}


def test_error_falls_and_the_decoder_stays():
    model = stage(mirror=False)
    before = tiny.arrays(model.pose_autoencoder), tiny.arrays(model.image_encoder)
    history = model.fit(**data(), batch_size=8, epochs=40, verbose=0).history
    assert set(history) == {"loss", "supervised"}
    assert history["supervised"][-1] < 0.75 * history["supervised"][0]
    assert tiny.arrays(model.pose_autoencoder) == before[0]
    # Everything in the image encoder is trained, normalisation and its statistics too.
    after = tiny.arrays(model.image_encoder)
    assert all(one != other for one, other in zip(before[1], after, strict=True))


def test_validation_is_the_mean_joint_error_without_mirrors_or_augmentation():
    model, batch = stage(augmentation=RandomAppearance(seed=0)), data()
    expected = np.linalg.norm(model.predict(batch["x"], verbose=0) - batch["y"], axis=-1).mean()
    for _ in range(2):
        result = model.evaluate(**batch, batch_size=4, verbose=0, return_dict=True)["supervised"]
        assert result == pytest.approx(expected, rel=1e-4)
    history = model.fit(**batch, batch_size=4, verbose=0, validation_data=tuple(batch.values())).history
    assert {"supervised", "val_supervised"} <= set(history)


def test_bone_lengths_of_the_labels_do_not_matter():
    model = stage()
    images, poses = tiny.images(4), tiny.poses(4)
    losses = [float(model.compute_objective("supervised", images, y, training=False)) for y in (poses, retarget(poses))]
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)


def test_joints_of_weight_zero_do_not_count_nor_those_that_hang_on_them():
    model, images, poses = stage(), tiny.images(4), tiny.poses(4)
    weights = np.ones((4, 17), "float32")
    weights[1, [1, 13]] = 0  # of one person the right hip, with knee and ankle, and the left wrist
    wrong = poses.copy()
    wrong[1, [1, 13]] = np.nan
    for training in (True, False):
        losses = [
            float(model.compute_objective("supervised", images, y, weights, training=training)) for y in (poses, wrong)
        ]
        assert losses[0] == losses[1]
    distances = np.linalg.norm(retarget(poses) - ops.convert_to_numpy(model(images)), axis=-1)
    counted = np.ones((4, 17), bool)
    counted[1, [1, 2, 3, 13]] = False
    assert losses[1] == pytest.approx(distances[counted].mean(), rel=1e-5)


def test_weights_are_mirrored_with_the_labels():
    images, poses, flip = tiny.images(2), tiny.poses(2), PoseFlip()
    weights = np.ones((2, 17), "float32")
    weights[0, 16] = 0
    mirrored = float(stage().compute_objective("supervised", images, poses, weights, training=True))
    by_hand = weights.copy()
    by_hand[0, [13, 16]] = 0, 1
    images = ops.concatenate([flip.transform_images(images[:1]), images[1:]])
    poses = ops.concatenate([flip.transform_poses(poses[:1]), poses[1:]])
    expected = stage(mirror=False).compute_objective("supervised", images, poses, by_hand)
    assert mirrored == pytest.approx(float(expected), rel=1e-5)


@pytest.mark.parametrize("count", [5, 1])
def test_half_of_a_batch_is_mirrored_with_its_labels(count):
    images, poses, flip = tiny.images(count), tiny.poses(count), PoseFlip()
    half = count // 2
    by_hand = (
        ops.concatenate([flip.transform_images(images[:half]), images[half:]]),
        ops.concatenate([flip.transform_poses(poses[:half]), poses[half:]]),
    )
    mirrored = float(stage().compute_objective("supervised", images, poses, training=True))
    assert mirrored == pytest.approx(float(stage(mirror=False).compute_objective("supervised", *by_hand)), rel=1e-5)


def test_augmentation_changes_what_is_trained_on():
    losses = {
        float(stage(augmentation=layer).compute_objective("supervised", tiny.images(4), tiny.poses(4)))
        for layer in (None, RandomAppearance(seed=1), RandomAppearance(seed=2))
    }
    assert len(losses) == 3


def test_a_half_trained_stage_goes_on(tmp_path):
    model = stage(augmentation=RandomAppearance(brightness=0.1, seed=3))
    loaded = tiny.assert_training_goes_on(model, tmp_path / "stage.keras", **data())
    assert loaded.augmentation.brightness == 0.1
    assert not loaded.pose_autoencoder.trainable_variables
    assert tiny.arrays(loaded.pose_autoencoder) == tiny.arrays(model.pose_autoencoder)


def test_latents_of_another_size_are_refused():
    with pytest.raises(ValueError, match=r"`pose_autoencoder` must .*`latent_dim=4`. Received: latent_dim=3"):
        SourceTraining(tiny.image_encoder(), PoseAutoencoder(3, width=4, depth=1))


def keypoint_stage(**arguments):
    keras.utils.set_random_seed(0)
    encoder = ImageEncoder("small_resnet", 32, tiny.POSE_LATENT, head_filters=(8,), head_widths=(8,), keypoints=17)
    model = SourceTraining(encoder, tiny.pose_autoencoder(), **arguments)
    tiny.compile_quickly(model, keras.optimizers.Adam(0.01))
    return model


def keypoint_data(count=8):
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 256, (count, 32, 32, 3)).astype("uint8")
    return pictures, {
        "joints": tiny.poses(count),
        "keypoints": rng.uniform(-0.4, 0.4, (count, 17, 2)).astype("float32"),
    }


def test_keypoints_are_learnt_beside_the_pose():
    model = keypoint_stage(mirror=False)
    history = model.fit(*keypoint_data(4), batch_size=4, epochs=60, verbose=0).history
    terms = [f"supervised_{name}" for name in ("distance", "heat_maps", "depths")]
    assert set(history) == {"loss", "supervised", *terms}
    for name in terms:
        assert history[name][-1] < 0.985 * history[name][0]
    total = np.dot([history[name][-1] for name in terms], [1, 0.06, 0.5])
    assert history["supervised"][-1] == pytest.approx(total, rel=1e-4)


def test_keypoints_are_mirrored_with_their_picture():
    (pictures, labels), flip = keypoint_data(2), PoseFlip()
    weights = np.ones((2, 17), "float32")
    weights[0, 16] = 0
    mirrored, _ = keypoint_stage().compute_objective("supervised", pictures, labels, weights, training=True)
    by_hand = weights.copy()
    by_hand[0, [13, 16]] = 0, 1
    pictures = np.stack([pictures[0, :, ::-1], pictures[1]])
    places = labels["keypoints"].copy()
    places[0] = places[0][list(BODY17.mirror)] * [-1, 1]
    joints = ops.concatenate([flip.transform_poses(labels["joints"][:1]), labels["joints"][1:]])
    labels = {"joints": joints, "keypoints": places}
    expected, _ = keypoint_stage(mirror=False).compute_objective("supervised", pictures, labels, by_hand)
    assert float(mirrored) == pytest.approx(float(expected), rel=1e-5)


def test_poses_without_keypoints_do_for_an_encoder_that_finds_some():
    model, (pictures, labels) = keypoint_stage(), keypoint_data()
    expected, terms = model.compute_objective("supervised", pictures, labels, training=False)
    plain = model.compute_objective("supervised", pictures, labels["joints"], training=False)
    assert float(plain) == pytest.approx(float(terms["distance"]), rel=1e-5)
    assert float(plain) < float(expected)


def test_other_joints_are_refused():
    encoder = ImageEncoder("small_resnet", 32, tiny.POSE_LATENT, head_filters=(8,), head_widths=(8,), keypoints=5)
    with pytest.raises(ValueError, match=r"`image_encoder` must find the joints of .*, 17. Received: keypoints=5"):
        SourceTraining(encoder, tiny.pose_autoencoder())
