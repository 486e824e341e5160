"""Relations: each face, the pairing rules frame by frame, and adding one's own."""

import keras
import numpy as np
import pytest
from keras import ops

from posealign_keras.models import RelationNetwork
from posealign_keras.relations import (
    Backward,
    FlipBackward,
    FlipSlowBackward,
    InPlaneRotation,
    MotionFlip,
    MotionRotation,
    PoseFlip,
    Relation,
    Slow,
    SlowBackward,
    get_relation,
    latent_distance,
    list_relations,
    register_relation,
)
from posealign_keras.skeletons import BODY17

ALL = (
    PoseFlip,
    InPlaneRotation,
    Backward,
    FlipBackward,
    FlipSlowBackward,
    MotionFlip,
    MotionRotation,
    Slow,
    SlowBackward,
)
rng = np.random.default_rng(0)


def poses(*leading):
    return rng.normal(size=(*leading, 17, 3)).astype("float32")


def images(*leading, dtype="uint8"):
    return rng.integers(0, 256, (*leading, 8, 8, 3)).astype(dtype)


def numbered(frames, batch=2):
    """Clips and sequences whose every value is the index of the frame."""
    index = np.arange(frames, dtype="float32")
    clip = np.broadcast_to(index[:, None, None, None], (batch, frames, 2, 2, 3))
    return clip, np.broadcast_to(index[:, None, None], (batch, frames, 17, 3))


def as_numpy(pair):
    return tuple(ops.convert_to_numpy(end) for end in pair)


# Faces.


def test_pose_flip_mirrors_pixels_and_swaps_sides():
    clip, motion = images(2, 3), poses(2, 3)
    flip = PoseFlip()
    np.testing.assert_array_equal(ops.convert_to_numpy(flip.transform_images(clip)), clip[:, :, :, ::-1])
    flipped = ops.convert_to_numpy(flip.transform_poses(motion))
    left, right = BODY17.index("l_wrist"), BODY17.index("r_wrist")
    np.testing.assert_array_equal(flipped[..., left, :], motion[..., right, :] * [-1, 1, 1])
    np.testing.assert_array_equal(flipped[..., BODY17.index("thorax"), 1:], motion[..., BODY17.index("thorax"), 1:])


@pytest.mark.parametrize("relation_class", [PoseFlip, MotionFlip, FlipBackward, FlipSlowBackward])
def test_flipping_twice_is_the_identity(relation_class):
    relation = relation_class()
    clip, motion = images(2, 3), poses(2, 3)
    for transform, values in ((relation.transform_images, clip), (relation.transform_poses, motion)):
        np.testing.assert_array_equal(ops.convert_to_numpy(transform(transform(values))), values)


@pytest.mark.parametrize(("degrees", "quarters"), [(90, -1), (180, 2), (-90, 1), (360, 0)])
def test_quarter_turns_move_whole_pixels(degrees, quarters):
    # Clockwise to the viewer is the negative direction of `np.rot90`.
    clip = images(2, 3)
    turned = ops.convert_to_numpy(InPlaneRotation(degrees).transform_images(clip))
    np.testing.assert_array_equal(turned, np.rot90(clip, quarters, axes=(2, 3)))


def test_rotation_turns_right_into_down():
    pose = np.zeros((1, 17, 3), "float32")
    pose[0, 3] = [1, 0, 5]
    turned = ops.convert_to_numpy(InPlaneRotation(90).transform_poses(pose))
    np.testing.assert_allclose(turned[0, 3], [0, 1, 5], atol=1e-6)


def test_rotating_there_and_back_is_the_identity():
    there, back = InPlaneRotation(25), InPlaneRotation(-25)
    motion = poses(2, 3)
    np.testing.assert_allclose(
        ops.convert_to_numpy(back.transform_poses(there.transform_poses(motion))), motion, atol=1e-6
    )
    place = np.linspace(-1, 1, 33)
    smooth = 128 + 80 * np.sin(2 * place)[:, None, None] * np.cos(place)[None, :, None] * np.ones((1, 1, 1, 3))
    there_and_back = ops.convert_to_numpy(back.transform_images(there.transform_images(smooth.astype("float32"))))
    inside = np.hypot(place[:, None], place) < 0.9
    assert abs(there_and_back - smooth)[0, inside].max() < 1


def test_rotation_can_be_compiled(compiled):
    relation = InPlaneRotation(90)
    batch = images(2, dtype="float32")
    turned = compiled(relation.transform_images)(ops.convert_to_tensor(batch))
    np.testing.assert_allclose(ops.convert_to_numpy(turned), np.rot90(batch, -1, axes=(1, 2)), atol=1e-2)


def test_rotation_refuses_pictures_that_are_not_square():
    with pytest.raises(ValueError, match="`images` must be square"):
        InPlaneRotation().transform_images(np.zeros((1, 4, 6, 3)))


@pytest.mark.parametrize("relation_class", ALL)
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_transforms_keep_shape_and_type(relation_class, dtype):
    relation = relation_class()
    for leading in [(3,), (2, 3)]:
        changed = relation.transform_images(images(*leading, dtype=dtype))
        assert tuple(changed.shape) == (*leading, 8, 8, 3)
        assert keras.backend.standardize_dtype(changed.dtype) == dtype
        assert tuple(relation.transform_poses(poses(*leading)).shape) == (*leading, 17, 3)


# Pairs.


def test_pairs_of_lower_order():
    for relation in (PoseFlip(), InPlaneRotation(90)):
        for values, pair, transform in (
            (images(3), relation.image_pair, relation.transform_images),
            (poses(3), relation.pose_pair, relation.transform_poses),
        ):
            anchor, counterpart = as_numpy(pair(values))
            np.testing.assert_array_equal(anchor, values)
            np.testing.assert_array_equal(counterpart, ops.convert_to_numpy(transform(values)))


def test_slow_backward_takes_every_second_frame_and_the_middle_backwards():
    relation = SlowBackward()
    assert relation.window == 60
    np.testing.assert_array_equal(relation.anchor_frames(), range(0, 60, 2))
    np.testing.assert_array_equal(relation.counterpart_frames(), range(44, 14, -1))
    for values, pair in zip(numbered(60), (relation.image_pair, relation.pose_pair), strict=True):
        anchor, counterpart = as_numpy(pair(values))
        np.testing.assert_array_equal(anchor, values[:, 0:60:2])
        np.testing.assert_array_equal(counterpart, values[:, 44:14:-1])


def test_flip_backward_mirrors_and_reverses():
    relation = FlipBackward()
    assert relation.window == 30
    np.testing.assert_array_equal(relation.anchor_frames(), range(30))
    np.testing.assert_array_equal(relation.counterpart_frames(), range(29, -1, -1))
    clip, motion = images(2, 30), poses(2, 30)
    anchor, counterpart = as_numpy(relation.image_pair(clip))
    np.testing.assert_array_equal(anchor, clip)
    np.testing.assert_array_equal(counterpart, clip[:, ::-1, :, ::-1])
    anchor, counterpart = as_numpy(relation.pose_pair(motion))
    np.testing.assert_array_equal(anchor, motion)
    np.testing.assert_array_equal(counterpart, motion[:, ::-1][:, :, list(BODY17.mirror)] * np.float32([-1, 1, 1]))


def test_relations_are_composed_of_their_parts():
    clip, motion = images(2, 60), poses(2, 60)
    for values, face in ((clip, "image_pair"), (motion, "pose_pair")):
        flip = PoseFlip().transform_images if face == "image_pair" else PoseFlip().transform_poses
        ends = {relation().name: as_numpy(getattr(relation(), face)(values)) for relation in ALL[2:]}
        for name, (anchor, _) in ends.items():
            np.testing.assert_array_equal(anchor, values[:, ::2] if "slow" in name else values[:, 15:45])
        middle = values[:, 15:45]
        expected = {
            "backward": middle[:, ::-1],
            "slow": middle,
            "slow_backward": middle[:, ::-1],
            "motion_flip": ops.convert_to_numpy(flip(middle)),
            "flip_backward": ops.convert_to_numpy(flip(middle))[:, ::-1],
            "flip_slow_backward": ops.convert_to_numpy(flip(middle))[:, ::-1],
        }
        for name, counterpart in expected.items():
            np.testing.assert_array_equal(ends[name][1], counterpart)


def test_motion_rotation_turns_every_frame():
    turn, motion_turn = InPlaneRotation(90), MotionRotation(4, 90)
    clip, motion = images(2, 4), poses(2, 4)
    expected = ops.convert_to_numpy(turn.transform_images(clip))
    np.testing.assert_array_equal(as_numpy(motion_turn.image_pair(clip))[1], expected)
    expected = ops.convert_to_numpy(turn.transform_poses(motion))
    np.testing.assert_allclose(as_numpy(motion_turn.pose_pair(motion))[1], expected)


@pytest.mark.parametrize(("relation", "first"), [(SlowBackward(4), 1), (FlipBackward(4), 3)])
def test_longer_clips_give_their_middle(relation, first):
    values, motion = numbered(11)
    anchor, counterpart = as_numpy(relation.image_pair(values))
    window = first + np.arange(relation.window)
    np.testing.assert_array_equal(anchor[0, :, 0, 0, 0], window[relation.anchor_frames()])
    np.testing.assert_array_equal(counterpart[0, :, 0, 0, 0], window[relation.counterpart_frames()])
    np.testing.assert_array_equal(abs(as_numpy(relation.pose_pair(motion))[1][..., 0, 0]), counterpart[..., 0, 0, 0])


@pytest.mark.parametrize("relation", [SlowBackward(), FlipBackward()])
def test_clips_that_are_too_short_are_refused(relation):
    clip, motion = numbered(relation.window - 1, batch=1)
    with pytest.raises(ValueError, match=f"`images` must have at least {relation.window} frames on axis 1"):
        relation.image_pair(clip)
    with pytest.raises(ValueError, match=f"`poses` must have at least {relation.window} frames on axis 1"):
        relation.pose_pair(motion)


@pytest.mark.parametrize("relation_class", ALL)
def test_wrong_ranks_are_refused(relation_class):
    relation = relation_class()
    wrong = (30,) if relation.order == "lower" else ()
    for pair, values, what in ((relation.image_pair, images, "images"), (relation.pose_pair, poses, "poses")):
        with pytest.raises(ValueError, match=f"`{what}` must have . dimensions .*{relation.name}.*Received: shape"):
            pair(values(2, *wrong))


@pytest.mark.parametrize("frames", [None, 1, 2.5, -4])
def test_frames_of_higher_order_must_be_a_length(frames):
    with pytest.raises(ValueError, match=r"`frames` must be"):
        FlipBackward(frames)


def test_frames_are_checked_for_each_relation():
    with pytest.raises(ValueError, match=r"`frames` must be even.*Received: frames=5"):
        SlowBackward(5)
    with pytest.raises(ValueError, match=r"`frames` must be given for a relation of higher order, and for no other"):
        Relation(frames=4)
    assert FlipBackward(4.0).image_pair(images(1, 4))[0].shape == (1, 4, 8, 8, 3)


# Registry.


def test_relations_are_found_by_name():
    assert {"pose_flip", "in_plane_rotation", "flip_backward", "slow_backward"} <= set(list_relations())
    for relation_class in ALL:
        assert type(get_relation(relation_class().name)) is relation_class
    relation = get_relation("in_plane_rotation", degrees=12)
    assert relation.degrees == 12
    assert get_relation(relation) is relation
    assert get_relation("flip_backward", frames=8).window == 8


def test_unknown_names_are_refused():
    with pytest.raises(ValueError, match=r"`relation` must be one of .*pose_flip.*Received: relation='somersault'"):
        get_relation("somersault")


def test_arguments_come_with_names_only():
    with pytest.raises(ValueError, match="arguments"):
        get_relation(PoseFlip(), skeleton="body17")


def test_a_taken_name_is_refused():
    class PoseFlip(Relation):
        def __init__(self, skeleton="body17"):
            super().__init__(skeleton=skeleton)

    with pytest.raises(ValueError, match=r"'pose_flip' is registered already: posealign_keras\.relations"):
        register_relation(PoseFlip)
    assert get_relation("pose_flip").__module__ == "posealign_keras.relations.pose_flip"


def test_an_unknown_order_is_refused():
    class Sideways(Relation):
        order = "middle"

    with pytest.raises(ValueError, match="`order` of Sideways must be 'lower' or 'higher'"):
        register_relation(Sideways)


@register_relation
class UpsideDown(Relation):
    """A user's own relation of lower order."""

    def transform_images(self, images):
        return ops.flip(ops.flip(images, axis=-2), axis=-3)

    def transform_poses(self, poses):
        return poses * np.float32([-1, -1, 1])

    def __init__(self, skeleton="body17"):
        super().__init__(skeleton=skeleton)


@register_relation
class LaterBackward(Relation):
    """A user's own relation of higher order: the next frames, last first."""

    order = "higher"

    def __init__(self, frames=4, later=2, skeleton="body17"):
        super().__init__(frames, skeleton)
        self.later = later

    def counterpart_frames(self):
        return self.later + self.anchor_frames()[::-1]

    def get_config(self):
        return {"later": self.later, **super().get_config()}


@pytest.mark.parametrize("relation", [UpsideDown(), LaterBackward(later=3)])
def test_an_own_relation_works_everywhere(relation, tmp_path):
    assert get_relation(relation.name).order == relation.order
    leading = () if relation.order == "lower" else (9,)
    frames = () if relation.order == "lower" else (4,)
    assert {tuple(end.shape) for end in relation.image_pair(images(2, *leading))} == {(2, *frames, 8, 8, 3)}
    assert {tuple(end.shape) for end in relation.pose_pair(poses(2, *leading))} == {(2, *frames, 17, 3)}
    network = RelationNetwork(relation, 4, (8,))
    network.save(tmp_path / "network.keras")
    loaded = keras.saving.load_model(tmp_path / "network.keras")
    assert repr(loaded.relation) == repr(relation)
    latents = rng.uniform(-1, 1, (3, 4)).astype("float32")
    np.testing.assert_array_equal(ops.convert_to_numpy(loaded(latents)), ops.convert_to_numpy(network(latents)))


def test_window_of_an_own_relation_reaches_its_last_frame():
    relation = LaterBackward(later=3)
    assert relation.window == 7
    anchor, counterpart = as_numpy(relation.image_pair(numbered(7)[0]))
    np.testing.assert_array_equal(anchor[0, :, 0, 0, 0], [0, 1, 2, 3])
    np.testing.assert_array_equal(counterpart[0, :, 0, 0, 0], [6, 5, 4, 3])


@pytest.mark.parametrize(
    "relation",
    [PoseFlip(), InPlaneRotation(17), FlipBackward(6), SlowBackward(8), MotionRotation(8, 17), LaterBackward(5, 1)],
)
def test_serialization_round_trip(relation):
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(relation))
    assert type(again) is type(relation)
    assert again.get_config() == relation.get_config()
    assert eval(repr(relation)).get_config() == relation.get_config()


# Non-localness.


def test_latent_distance_is_the_mean_length():
    anchors = np.zeros((2, 3), "float32")
    counterparts = np.float32([[3, 4, 0], [0, 0, 1]])
    assert float(latent_distance(anchors, counterparts)) == pytest.approx(3.0)
    one, other = (rng.uniform(-1, 1, (50, 32)).astype("float32") for _ in range(2))
    expected = np.linalg.norm(one - other, axis=-1).mean()
    assert float(latent_distance(one, other)) == pytest.approx(expected, rel=1e-5)
    assert float(latent_distance(one, one)) == 0


def test_latent_distance_refuses_other_shapes():
    with pytest.raises(ValueError, match="must have the same shape"):
        latent_distance(np.zeros((2, 3)), np.zeros((1, 3)))
