"""Stage 5: five energies in turn, over a few layers of the image encoder."""

import functools

import keras
import numpy as np
import pytest
import tiny_networks as tiny
from keras import ops

from posealign_keras.losses import heat_map_loss
from posealign_keras.models import ImageEncoder, PoseAutoencoder, RelationNetwork
from posealign_keras.ops import retarget
from posealign_keras.relations import FlipBackward, PoseFlip
from posealign_keras.training import Adaptation, RandomAppearance, RandomPlacement
from posealign_keras.training.colour_transfer import in_colours_of
from posealign_keras.training.mean_teacher import MeanTeacher
from posealign_keras.training.target_places import in_places_of

RELATIONS = ("pose_flip", "flip_backward", "slow_backward")
CONTRASTIVE = ("lower_order_contrastive", "higher_order_contrastive")
ALL_RELATIONS = (*RELATIONS, "in_plane_rotation")
ENERGIES = [*CONTRASTIVE, *RELATIONS]


def networks():
    return {
        "image_encoder": tiny.image_encoder(),
        "pose_autoencoder": tiny.pose_autoencoder(),
        "motion_autoencoder": tiny.motion_autoencoder(),
        "relation_networks": [tiny.relation_network(name) for name in RELATIONS],
    }


def stage(rate=0.005, compiled=True, **arguments):
    keras.utils.set_random_seed(0)
    model = Adaptation(**{**networks(), "images_per_clip": 2, "seed": 1, **arguments})
    if compiled:
        tiny.compile_quickly(model, keras.optimizers.Adam(rate))
    return model


def source(count=4):
    return {"source_images": tiny.images(count, seed=5), "source_poses": tiny.poses(count)}


def numpy_of(values):
    return ops.convert_to_numpy(values)


@pytest.fixture(scope="module")
def trained():
    """A stage after two rounds of all energies, what it was before, and the history."""
    model = stage()
    before = tiny.snapshot(model)
    history = model.fit({"clips": tiny.clips(20)}, batch_size=2, epochs=1, verbose=0).history
    return model, before, history


def test_all_energies_take_turns_with_their_own_optimizers(trained):
    model, _, history = trained
    assert model.energies == ENERGIES == model.optimizer.objectives
    assert set(history) == {"loss", *ENERGIES}
    assert np.isfinite([history[name][0] for name in ENERGIES]).all()
    assert [int(model.optimizer[name].iterations) for name in ENERGIES] == [2] * 5
    assert int(model.optimizer.iterations) == 10
    assert len({id(model.optimizer[name]) for name in ENERGIES}) == 5


def test_only_res3_and_the_projections_change_and_not_one_other_bit(trained):
    model, before, _ = trained
    changed = tiny.changed(model, before)
    adapted = {name for name in changed if "conv3_" in name}
    assert len(adapted) == 5
    assert all(name.endswith("_conv/kernel") for name in adapted)
    projections = {name for name in changed if "_projection" in name}
    assert len(projections) == 8
    assert changed == adapted | projections
    # The frozen networks one by one, so that a wrong name above could not hide them.
    fresh = stage(compiled=False)
    for name in ("pose_autoencoder", "motion_autoencoder"):
        assert tiny.arrays(getattr(model, name)) == tiny.arrays(getattr(fresh, name))
    for one, other in zip(model.relation_networks, fresh.relation_networks, strict=True):
        assert tiny.arrays(one) == tiny.arrays(other)
    assert tiny.arrays(model.image_encoder.head) == tiny.arrays(fresh.image_encoder.head)
    statistics = [v for v in model.image_encoder.variables if "moving_" in v.path]
    assert len(statistics) == 2 * 16
    assert all(np.array_equal(v, np.zeros(v.shape) if "mean" in v.path else np.ones(v.shape)) for v in statistics)


TEACHER_ALONE = {"contrastive": (), "relation_networks": (), "teacher_weight": 1.0}


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [{}, TEACHER_ALONE], ids=["energies", "teacher"])
def test_each_energy_alone_falls_by_the_adapted_layers(arguments):
    model, data = stage(rate=0.0, compiled=False, **arguments), {"clips": tiny.clips(4)}
    model.random_appearance = keras.layers.Rescaling(0.8)  # what is measured before and after is then the same
    model.random_appearance.build((None,))
    tiny.compile_quickly(model, keras.optimizers.Adam(0.0))
    first = tiny.snapshot(model)
    before = model.evaluate(data, batch_size=4, verbose=0, return_dict=True)
    assert set(before) == {"loss", *model.energies} == {"loss", *(["mean_teacher"] if arguments else ENERGIES)}
    # The same batch, eight times for each energy.
    again = {"clips": np.tile(data["clips"], (len(model.energies) * 8, 1, 1, 1, 1))}
    for energy in model.energies:
        for variable, value in zip(model.variables, first.values(), strict=True):
            variable.assign(value)
        model.optimizer[energy].learning_rate = 0.003
        model.fit(again, batch_size=4, epochs=1, shuffle=False, verbose=0)
        model.optimizer[energy].learning_rate = 0.0
        changed = tiny.changed(model, first)
        adapted = {name for name in changed if "conv3_" in name}
        assert len(adapted) == (2 * 5 if arguments else 5), energy  # the teacher follows
        assert all(f"{energy}_projection" in name for name in changed - adapted), energy
        after = model.evaluate(data, batch_size=4, verbose=0, return_dict=True)
        assert after[energy] < 0.98 * before[energy], energy


def test_the_teacher_sees_an_image_and_its_mirror_image():
    model, images = stage(compiled=False, **TEACHER_ALONE), tiny.images(3)
    model.random_appearance = keras.layers.Rescaling(0.8)
    for variable in model.image_encoder.trainable_variables:
        variable.assign(1.5 * variable)  # so that the teacher differs
    flip = PoseFlip(model.pose_autoencoder.skeleton)
    seen = numpy_of(model.pose_autoencoder.decode(model.teacher.image_encoder(images)))
    mirrored = numpy_of(
        flip.transform_poses(model.pose_autoencoder.decode(model.teacher.image_encoder(images[:, :, ::-1])))
    )
    poses = numpy_of(model(0.8 * images))  # the student sees them changed
    expected = np.linalg.norm(poses - (seen + mirrored) / 2, axis=-1).mean()
    data = {"clips": tiny.clips(2), "images": images}
    energy = model.compute_objective("mean_teacher", data, training=False)
    assert float(energy) == pytest.approx(expected, rel=1e-4)
    assert np.linalg.norm(poses - seen, axis=-1).mean() > 1e-3


def test_the_teacher_follows_the_student_and_nothing_else_of_it_changes():
    model = stage(compiled=False, teacher_momentum=0.75, **TEACHER_ALONE)
    assert model.energies == ["mean_teacher"]
    before = tiny.snapshot(model.teacher)
    student = [np.array(v) for v in model.image_encoder.trainable_variables]
    for variable in model.image_encoder.trainable_variables:
        variable.assign(variable + 1.0)
    tiny.compile_quickly(model, keras.optimizers.SGD(0.0))
    model.fit({"clips": tiny.clips(4)}, batch_size=2, verbose=0)
    changed = tiny.changed(model.teacher, before)
    assert len(changed) == 5
    assert all("conv3_" in name for name in changed)
    after = [np.array(v) for v in model.teacher.variables if any(v.path in name for name in changed)]
    for first, now in zip(student, after, strict=True):
        # Two steps, each of which goes a quarter of the way to the student.
        np.testing.assert_allclose(now, first + 1 - 0.75**2, rtol=1e-4, atol=1e-5)


def test_teacher_and_replay_are_added_to_each_energy_with_their_weights():
    weights = {"energy_weight": 0.5, "teacher_weight": 3.0, "replay_weight": 2.0}
    model = stage(compiled=False, **weights)
    model.random_appearance = keras.layers.Identity()
    data = {"clips": tiny.clips(2), **source()}
    for energy in ENERGIES:
        loss, terms = model.compute_objective(energy, data, training=False)
        assert set(terms) == {"energy", "teacher", "replay"}
        expected = sum(weights[f"{name}_weight"] * float(value) for name, value in terms.items())
        assert float(loss) == pytest.approx(expected, rel=1e-5), energy
    alone = stage(compiled=False, **TEACHER_ALONE)
    alone.random_appearance = keras.layers.Identity()
    assert float(alone.compute_objective("mean_teacher", data, training=False)) == pytest.approx(
        float(terms["teacher"]), rel=1e-4
    )


def test_images_of_the_data_take_the_place_of_frames_of_the_clips():
    model, clips, images = stage(compiled=False), tiny.clips(2), tiny.images(5, seed=9)
    expected = model.compute_objective("pose_flip", {"clips": tiny.clips(2, seed=4), "images": images})
    assert float(model.compute_objective("pose_flip", {"clips": clips, "images": images})) == float(expected)
    assert float(model.compute_objective("pose_flip", {"clips": clips})) != float(expected)


@pytest.mark.slow
@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="JAX always compiles, PyTorch never does here")
def test_all_energies_can_be_compiled_by_xla():
    networks = [tiny.relation_network(name) for name in ALL_RELATIONS]
    model = stage(compiled=False, relation_networks=networks, teacher_weight=1.0, measured_on="poses")
    model.compile(keras.optimizers.Adam(0.001), jit_compile=True)
    history = model.fit({"clips": tiny.clips(12)}, batch_size=2, verbose=0).history
    assert len(model.energies) == 6
    assert np.isfinite([history[name][0] for name in model.energies]).all()


def test_relation_energies_are_distances_between_latents():
    model, clips = stage(compiled=False), tiny.clips(2)
    encoder, motion = model.image_encoder, model.motion_autoencoder
    # Frames 2 and 6 are in the middle of the two halves of eight frames.
    anchors = clips[:, [2, 6]].reshape(-1, tiny.SIZE, tiny.SIZE, 3)
    z, counterpart = numpy_of(encoder(anchors)), numpy_of(encoder(anchors[:, :, ::-1]))
    predicted = numpy_of(model.relation_networks[0](z))
    expected = np.linalg.norm(predicted - counterpart, axis=-1).mean()
    assert float(model.compute_objective("pose_flip", {"clips": clips})) == pytest.approx(expected, rel=1e-4)

    def embed(clip):
        return motion.encode(ops.stack([encoder(frames) for frames in clip]))

    pairs = {
        "flip_backward": (clips[:, 2:6], clips[:, 5:1:-1, :, ::-1]),
        "slow_backward": (clips[:, 0:8:2], clips[:, 5:1:-1]),
    }
    for network in model.relation_networks[1:]:
        anchor, counterpart = (embed(end) for end in pairs[network.relation.name])
        expected = np.linalg.norm(numpy_of(network(anchor)) - numpy_of(counterpart), axis=-1).mean()
        energy = model.compute_objective(network.relation.name, {"clips": clips})
        assert float(energy) == pytest.approx(expected, rel=1e-4)


def test_relation_energies_can_be_distances_between_decoded_poses():
    model, clips = stage(compiled=False, measured_on="poses"), tiny.clips(2)
    encoder, pose, motion = model.image_encoder, model.pose_autoencoder, model.motion_autoencoder
    anchors = clips[:, [2, 6]].reshape(-1, tiny.SIZE, tiny.SIZE, 3)
    ends = model.relation_networks[0](encoder(anchors)), encoder(anchors[:, :, ::-1])
    one, other = (numpy_of(pose.decode(end)) for end in ends)
    energy = model.compute_objective("pose_flip", {"clips": clips})
    assert float(energy) == pytest.approx(np.linalg.norm(one - other, axis=-1).mean(), rel=1e-4)

    anchor, counterpart = (ops.stack([encoder(f) for f in c]) for c in (clips[:, 0:8:2], clips[:, 5:1:-1]))
    ends = model.relation_networks[2](motion.encode(anchor)), motion.encode(counterpart)
    one, other = (numpy_of(pose.decode(motion.decode(end))) for end in ends)
    energy = model.compute_objective("slow_backward", {"clips": clips})
    assert float(energy) == pytest.approx(np.linalg.norm(one - other, axis=-1).mean(), rel=1e-3)


@pytest.mark.parametrize("energy", CONTRASTIVE)
def test_contrastive_energies_are_info_nce(energy):
    model, clips = stage(compiled=False, temperature=0.5), tiny.clips(3)
    model.random_appearance = RandomAppearance(0.0, 0.0, 0.0, 0.0)  # so that anchors and positives are one
    if energy == "lower_order_contrastive":
        latents = model.image_encoder(clips[:, [2, 6]].reshape(-1, tiny.SIZE, tiny.SIZE, 3))
    else:
        latents = model.motion_autoencoder.encode(ops.stack([model.image_encoder(clip[2:6]) for clip in clips]))
    features = numpy_of(model.projections[energy](latents)).astype("float64")
    features /= np.linalg.norm(features, axis=-1, keepdims=True)
    similarity = np.exp(features @ features.T / 0.5)
    expected = -np.log(np.diag(similarity) / similarity.sum(axis=1)).mean()
    assert float(model.compute_objective(energy, {"clips": clips})) == pytest.approx(expected, rel=1e-3)


def test_replay_adds_the_supervised_loss_to_each_energy():
    model = stage(replay_weight=2.0)
    data = {"clips": tiny.clips(2), **source(2)}
    results = model.evaluate(data, batch_size=2, verbose=0, return_dict=True)
    predicted = model.predict(data["source_images"], verbose=0)
    replay = np.linalg.norm(predicted - numpy_of(retarget(data["source_poses"])), axis=-1).mean()
    for energy in ENERGIES:
        assert results[f"{energy}_replay"] == pytest.approx(replay, rel=1e-4)
        assert results[energy] == pytest.approx(results[f"{energy}_energy"] + 2 * replay, rel=1e-4)


def test_replay_can_take_on_the_colours_of_the_target():
    model = stage(replay_weight=1.0, replay_in_target_colours=True, compiled=False)
    data = {"clips": tiny.clips(2), "images": tiny.images(3, seed=9) * 0.3, **source(4)}
    _, metrics = model.compute_objective("pose_flip", data)
    seen = in_colours_of(data["source_images"], data["images"])
    assert abs(numpy_of(seen).mean() - data["images"].mean()) < 0.1 * data["source_images"].mean()
    errors = np.linalg.norm(numpy_of(model(seen)) - numpy_of(retarget(data["source_poses"])), axis=-1)
    assert float(metrics["replay"]) == pytest.approx(errors.mean(), rel=1e-4)


def test_replay_can_be_in_the_places_of_the_target():
    model = stage(replay_weight=1.0, compiled=False, seed=3)
    masks = np.zeros((4, tiny.SIZE, tiny.SIZE), "uint8")
    masks[:, 4:12, 4:12] = 255
    data = {"clips": tiny.clips(2), "images": tiny.images(3, seed=9), **source(4), "source_masks": masks}
    _, metrics = model.compute_objective("pose_flip", data)
    seen = in_places_of(data["source_images"], masks, data["images"], keras.random.SeedGenerator(3))
    assert not np.allclose(numpy_of(seen), data["source_images"])
    errors = np.linalg.norm(numpy_of(model(seen)) - numpy_of(retarget(data["source_poses"])), axis=-1)
    assert float(metrics["replay"]) == pytest.approx(errors.mean(), rel=1e-4)


def keypoint_encoder(keypoints=17):
    return ImageEncoder(
        "small_resnet", tiny.SIZE, tiny.POSE_LATENT, head_filters=(4,), head_widths=(4,), keypoints=keypoints
    )


def test_people_with_keypoints_are_set_into_places_in_a_compiled_training(tmp_path):
    arguments = {"adapted_layers": ("conv",), "teacher_weight": 1.0, "replay_weight": 1.0, "contrastive": ()}
    networks = {"relation_networks": [tiny.relation_network("pose_flip")], "motion_autoencoder": None}
    model = stage(image_encoder=keypoint_encoder(), **arguments, **networks)
    masks = np.zeros((4, tiny.SIZE, tiny.SIZE), "uint8")
    masks[:, 4:12, 4:12] = 255
    keypoints = np.random.default_rng(0).uniform(-0.4, 0.4, (4, 17, 2)).astype("float32")
    data = {"images": tiny.images(4, seed=9), **source(4), "source_masks": masks, "source_keypoints": keypoints}
    before = [numpy_of(variable) for variable in model.image_encoder.trainable_variables]
    history = model.fit(data, batch_size=4, epochs=2, verbose=0).history
    assert np.isfinite(history["pose_flip_replay"]).all()
    after = [numpy_of(variable) for variable in model.image_encoder.trainable_variables]
    assert any("conv6_" in variable.path for variable in model.image_encoder.trainable_variables)
    assert not any(np.array_equal(one, other) for one, other in zip(before, after, strict=True))
    model.image_encoder.save(tmp_path / "encoder.keras")
    loaded = keras.saving.load_model(tmp_path / "encoder.keras")
    found, expected = (encoder.find_keypoints(data["images"]) for encoder in (loaded, model.image_encoder))
    for name, values in expected.items():
        np.testing.assert_allclose(numpy_of(found[name]), numpy_of(values), atol=1e-5)


def placed_stage(placement, encoder=None, **arguments):
    networks = {"relation_networks": [], "motion_autoencoder": None, "contrastive": ()}
    more = {} if encoder is None else {"image_encoder": encoder}
    return stage(teacher_weight=1.0, student_placement=placement, **networks, **more, **arguments)


@pytest.mark.parametrize("finds_keypoints", [False, True])
def test_a_student_in_other_places_is_taught_what_moved_along(finds_keypoints):
    """A student and a teacher that are alike, which see the same: the distance is that of what a placement does."""
    encoder = keypoint_encoder() if finds_keypoints else None
    still = RandomPlacement(0.0, (1.0, 1.0), 0.0)
    model = placed_stage(still, encoder, compiled=False)
    model.random_appearance = RandomAppearance(0.0, 0.0, 0.0, 0.0)
    data = {"images": tiny.images(4, seed=9)}
    loss = float(model.compute_objective("mean_teacher", data, training=False))
    poses = numpy_of(model.teacher.poses(data["images"], model.pose_autoencoder.decode))
    distance = np.linalg.norm(numpy_of(model(data["images"])) - poses, axis=-1).mean()
    if not finds_keypoints:
        assert loss == pytest.approx(distance, rel=1e-4)
        return
    found = encoder.find_keypoints(data["images"])
    mirrored = encoder.find_keypoints(data["images"][:, :, ::-1])["keypoints"]
    apart = numpy_of(found["keypoints"]) - numpy_of(model.teacher.pose_flip.transform_keypoints(mirrored))
    taught, keypoints, trusted = model.teacher.poses_and_keypoints(data["images"], model.pose_autoencoder.decode)
    np.testing.assert_allclose(numpy_of(taught), poses, atol=1e-5)
    np.testing.assert_allclose(numpy_of(keypoints), numpy_of(found["keypoints"]) - apart / 2, atol=1e-5)
    assert not (numpy_of(trusted) * (np.linalg.norm(apart, axis=-1) > 0.1)).any()
    heat_maps = float(heat_map_loss(keypoints, found["heat_maps"], trusted))
    assert loss == pytest.approx(distance + 0.06 * heat_maps, rel=1e-4)
    # In other places, the teacher is right about other poses.
    model.student_placement = RandomPlacement(90.0, (0.5, 0.6), 0.2, seed=0)
    assert float(model.compute_objective("mean_teacher", data, training=False)) != pytest.approx(loss, rel=1e-3)


class TwoLooks:
    """Stands for an encoder: one look at pictures, and another one at their mirror images."""

    def __init__(self, first, second):
        self.found = {name: np.concatenate([first[name], second[name]]) for name in first}

    def find_keypoints(self, images):
        assert len(images) == len(self.found["latents"])
        return {name: ops.convert_to_tensor(value) for name, value in self.found.items()}


def test_a_keypoint_is_trusted_where_both_looks_at_it_are_sharp_and_agree():
    r_wrist, l_wrist, head, root = 16, 13, 10, 0
    sharp, flat = np.zeros((1, 20, 20, 17), "float32"), np.zeros((1, 20, 20, 17), "float32")
    sharp[:, 3, 4] = 9.0
    latents = np.zeros((1, tiny.POSE_LATENT), "float32")
    place = np.full((1, 17, 2), 0.2, "float32")
    mirrored = place * [[-1.0, 1.0]]
    moved = mirrored.astype("float32")
    moved[:, head] += 0.11  # too far apart
    moved[:, root] += 0.05  # near enough
    second_maps = sharp.copy()
    second_maps[..., r_wrist] = flat[..., r_wrist]  # the left wrist, seen in a mirror
    looks = [
        {"heat_maps": maps, "keypoints": keypoints, "latents": latents}
        for maps, keypoints in ((sharp, place), (second_maps, moved))
    ]
    teacher = MeanTeacher(keypoint_encoder(), PoseFlip())
    teacher.__dict__["image_encoder"] = TwoLooks(*looks)
    _, keypoints, trusted = teacher.poses_and_keypoints(
        np.zeros((1, 8, 8, 3)), lambda latents: ops.zeros((latents.shape[0], 17, 3))
    )
    expected = np.ones(17)
    expected[[l_wrist, head]] = 0
    np.testing.assert_array_equal(numpy_of(trusted)[0], expected)
    np.testing.assert_allclose(numpy_of(keypoints)[0, root], [0.175, 0.225], atol=1e-6)
    np.testing.assert_allclose(numpy_of(keypoints)[0, r_wrist], [0.2, 0.2], atol=1e-6)


def test_flat_heat_maps_teach_nothing():
    encoder = ImageEncoder("small_resnet", 64, tiny.POSE_LATENT, head_filters=(4,), head_widths=(4,), keypoints=17)
    maps = encoder.head.maps.layers[-1]
    maps.set_weights([np.zeros_like(value) for value in maps.get_weights()])
    model = placed_stage(RandomPlacement(), encoder, compiled=False)
    pictures = np.random.default_rng(0).integers(0, 256, (2, 64, 64, 3)).astype("uint8")
    _, _, trusted = model.teacher.poses_and_keypoints(pictures, model.pose_autoencoder.decode)
    np.testing.assert_array_equal(numpy_of(trusted), 0)


def test_a_student_in_other_places_learns_in_a_compiled_training():
    model = placed_stage(RandomPlacement(seed=0), keypoint_encoder(), adapted_layers=("conv",), replay_weight=1.0)
    data = {"images": tiny.images(4, seed=9), **source(4)}
    before = [numpy_of(variable) for variable in model.image_encoder.trainable_variables]
    history = model.fit(data, batch_size=4, epochs=2, verbose=0).history
    assert np.isfinite(history["mean_teacher_teacher"]).all()
    after = [numpy_of(variable) for variable in model.image_encoder.trainable_variables]
    assert not any(np.array_equal(one, other) for one, other in zip(before, after, strict=True))


def test_an_encoder_that_finds_other_joints_is_refused():
    with pytest.raises(
        ValueError, match=r"`image_encoder` must find the joints of `pose_autoencoder`, 17.*keypoints=5"
    ):
        stage(image_encoder=keypoint_encoder(5), compiled=False)


def test_replay_tells_keypoints_to_an_encoder_that_finds_some():
    encoder = keypoint_encoder()
    model = stage(replay_weight=1.0, compiled=False, image_encoder=encoder)
    data = {"clips": tiny.clips(2), **source(4)}
    keypoints = np.random.default_rng(0).uniform(-0.4, 0.4, (4, 17, 2)).astype("float32")
    losses = [
        float(model.compute_objective("pose_flip", {**data, **more})[1]["replay"])
        for more in ({}, {"source_keypoints": keypoints})
    ]
    found = encoder.find_keypoints(data["source_images"])
    depths = np.abs(numpy_of(found["depths"]) - numpy_of(retarget(data["source_poses"]))[..., 2]).mean()
    heat_maps = float(heat_map_loss(keypoints, found["heat_maps"]))
    assert losses[1] == pytest.approx(losses[0] + 0.06 * heat_maps + 0.5 * depths, rel=1e-4)


def test_replay_without_its_data_is_refused():
    model = stage(replay_weight=1.0)
    with pytest.raises(ValueError, match=r"`x` must hold 'source_images' and 'source_poses'"):
        model.compute_objective("pose_flip", {"clips": tiny.clips()})


def test_replay_can_have_a_batch_of_another_size():
    model = stage(replay_weight=1.0, contrastive=(), relation_networks=[tiny.relation_network("pose_flip")])
    batches = ({"clips": tiny.clips(2, seed=i), **source(3)} for i in range(2))
    history = model.fit(((batch,) for batch in batches), steps_per_epoch=2, shuffle=False, verbose=0).history
    assert np.isfinite(history["pose_flip_replay"][0])


def test_a_half_trained_stage_goes_on_with_the_same_layers_frozen(tmp_path):
    model = stage(
        rate=0.001,
        replay_weight=1.0,
        temperature=0.2,
        adapted_layers=("conv4_",),
        energy_weight=0.7,
        teacher_weight=0.5,
        contrastive=("lower_order_contrastive",),
        relation_networks=[tiny.relation_network("flip_backward")],
    )
    data = {"clips": tiny.clips(12), **source(12)}
    loaded = tiny.assert_training_goes_on(model, tmp_path / "stage.keras", x=data)
    for network in ("image_encoder", "pose_autoencoder", "motion_autoencoder"):
        names = [[v.path for v in getattr(one, network).trainable_variables] for one in (model, loaded)]
        assert names[0] == names[1]
    assert len(loaded.image_encoder.trainable_variables) == 5
    assert all("conv4_" in v.path for v in loaded.image_encoder.trainable_variables)
    assert not any(network.trainable_variables for network in loaded.relation_networks)
    assert (loaded.replay_weight, loaded.temperature, loaded.images_per_clip) == (1.0, 0.2, 2)
    assert (loaded.energy_weight, loaded.teacher_weight) == (0.7, 0.5)


def test_without_motion_and_without_contrast():
    model = stage(
        motion_autoencoder=None,
        relation_networks=[tiny.relation_network("pose_flip")],
        contrastive=["lower_order_contrastive"],
    )
    assert model.energies == ["lower_order_contrastive", "pose_flip"]
    assert not model.needs_clips
    # Images of clips of any length serve, even of one frame.
    assert np.isfinite(model.fit({"clips": tiny.clips(4, frames=1)}, batch_size=2, verbose=0).history["loss"][0])
    assert stage(compiled=False, contrastive=()).energies == list(RELATIONS)
    assert stage(compiled=False, relation_networks=()).energies == list(CONTRASTIVE)


def test_data_of_the_wrong_structure_is_refused():
    model = stage(compiled=False)
    with pytest.raises(ValueError, match=r"`x` must be a dictionary with 'clips', see `Adaptation`. Received: ndarray"):
        model.compute_objective("pose_flip", tiny.clips())
    with pytest.raises(ValueError, match=r"Received: \['images'\]"):
        model.compute_objective("flip_backward", {"images": tiny.images(2)})
    with pytest.raises(ValueError, match=r"`x\['clips'\]` must have shape .* Received: shape \(2, 16, 16, 3\)"):
        model.compute_objective("flip_backward", {"clips": tiny.images(2)})
    assert float(model.compute_objective("pose_flip", {"images": tiny.images(2)})) > 0


def test_short_clips_are_refused():
    model, short = stage(compiled=False), {"clips": tiny.clips(frames=3)}
    for energy in ("higher_order_contrastive", "flip_backward", "slow_backward"):
        with pytest.raises(ValueError, match=r"must have at least [48] frames"):
            model.compute_objective(energy, short)


def test_wrong_arguments():
    flip = tiny.relation_network("pose_flip")
    wrong = [
        ({"student_placement": RandomPlacement()}, "`student_placement` needs a teacher to learn from"),
        ({"measured_on": "joints"}, "`measured_on` must be 'latents' or 'poses'. Received: measured_on='joints'"),
        (
            {"teacher_weight": 1.0, "teacher_momentum": 1.0},
            r"`teacher_momentum` must be in \[0, 1\). Received: teacher_momentum=1.0",
        ),
        ({"energy_weight": -0.1}, r"`energy_weight` must be at least 0\. Received: energy_weight=-0\.1"),
        ({"teacher_weight": -1.0}, "`teacher_weight` must be at least 0"),
        ({"replay_weight": -1.0}, "`replay_weight` must be at least 0"),
        ({"contrastive": ("sideways",)}, "`contrastive` may name 'lower_order_contrastive'"),
        (
            {"relation_networks": [flip, tiny.relation_network("pose_flip")]},
            "`relation_networks` must .*no two the same",
        ),
        ({"relation_networks": [], "contrastive": []}, "at least one energy"),
        ({"motion_autoencoder": None}, "`motion_autoencoder` must be given for energies of higher order"),
        ({"adapted_layers": ("res3",)}, "`prefixes` match no layer with weights"),
        ({"pose_autoencoder": PoseAutoencoder(3, 4, 1)}, "`pose_autoencoder` must .*Received: latent_dim=3"),
        ({"relation_networks": [RelationNetwork("pose_flip", 3, (4,))]}, "of the size 4 for 'pose_flip'"),
        ({"relation_networks": [RelationNetwork(FlipBackward(4), 4, (4,))]}, "of the size 5 for 'flip_backward'"),
        ({"relation_networks": [RelationNetwork(FlipBackward(6), 5, (4,))]}, "must be for motions of 4 frames"),
    ]
    for arguments, message in wrong:
        with pytest.raises(ValueError, match=message):
            stage(compiled=False, **arguments)


def stage_in(policy):
    """A compiled stage of a precision, its data, and its energies before training."""
    keras.config.set_dtype_policy(policy)
    try:
        model = stage(compiled=False, teacher_weight=1.0, measured_on="poses", replay_weight=1.0)
        model.image_encoder.adapt_normalization(tiny.images(8), 4)
    finally:
        keras.config.set_dtype_policy("float32")
    tiny.compile_quickly(model, keras.optimizers.Adam(0.001))
    data = {"clips": tiny.clips(4), **source()}
    energies = {}
    for name in model.energies:  # not by `evaluate`, which compiles for longer
        energy = model.compute_objective(name, data, training=False)
        energies[name] = float(energy[0] if isinstance(energy, tuple) else energy)
    return model, data, energies


@functools.cache
def energies_in_single_precision():
    return stage_in("float32")[2]


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_half_precision_follows_single_precision(policy):
    model, data, energies = stage_in(policy)
    history = model.fit(data, batch_size=4, epochs=6, verbose=0).history
    assert np.isfinite([np.nanmean(history[name]) for name in model.energies]).all()
    assert all(np.isfinite(numpy_of(variable)).all() for variable in model.weights)
    scaled = [isinstance(model.optimizer[name], keras.optimizers.LossScaleOptimizer) for name in model.energies]
    assert all(scaled) == any(scaled) == (policy == "mixed_float16")
    for name, value in energies_in_single_precision().items():
        # The contrastive energies divide by a small temperature, and so multiply what is rounded off.
        assert energies[name] == pytest.approx(value, rel=0.3, abs=0.01), name
