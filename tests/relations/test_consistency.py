"""The faces agree: a picture of the transformed pose is the transformed picture of the pose."""

import dataclasses

import numpy as np
import pytest
from keras import ops
from scipy import ndimage

from posealign_keras.data.synthetic import STUDIO, WILD, render
from posealign_keras.relations import FlipBackward, InPlaneRotation, PoseFlip, SlowBackward
from posealign_keras.skeletons import BODY17

SIZE = 64
_OUT = {"r_hip": (-1, 0, 0), "l_hip": (1, 0, 0), "r_shoulder": (-1, 0, 0), "l_shoulder": (1, 0, 0)}
_LIMBS = {"wrist": 1, "elbow": 1, "knee": 1, "ankle": 1}


def people(count, rng, distance=5.0):
    """`(count, 17, 3)` people in unlike attitudes before the camera, absolute joints."""
    joints = np.zeros((count, 17, 3))
    for parent, child in BODY17.edges:
        name = BODY17.joint_names[child]
        rest = _OUT.get(name, (0, 1 if name[2:] in _LIMBS else -1, 0))
        direction = np.array(rest) + rng.normal(0, 0.4, (count, 3))
        direction /= np.linalg.norm(direction, axis=-1, keepdims=True)
        joints[:, child] = joints[:, parent] + BODY17.bone_lengths[child] * direction
    return joints + [0, 0, distance]


def walk(frames, rng):
    """`(frames, 17, 3)`: one person who changes from one attitude to another."""
    start, end = people(2, rng)
    share = np.linspace(0, 1, frames)[:, None, None]
    return (1 - share) * start + share * end


def plain(scene, roll=0.0):
    """The scene before a grey wall, which looks the same however it is turned."""
    grey = np.full((2, 3), 0.6)
    return dataclasses.replace(
        scene,
        backdrop=dataclasses.replace(scene.backdrop, wall=grey, floor=grey, texture=()),
        camera=dataclasses.replace(scene.camera, roll=scene.camera.roll + roll),
        sensor=dataclasses.replace(scene.sensor, blur=0.0),
    )


def numpy_of(values):
    return ops.convert_to_numpy(values)


@pytest.mark.parametrize("domain", [STUDIO, WILD])
def test_pose_flip(domain):
    rng = np.random.default_rng(0)
    joints, scene, flip = people(4, rng), domain.sample_scene(rng), PoseFlip()
    of_pose = render(numpy_of(flip.transform_poses(joints)), scene.mirrored(), SIZE).astype(int)
    of_image = numpy_of(flip.transform_images(render(joints, scene, SIZE))).astype(int)
    assert abs(of_pose - of_image).max() <= 1
    # The test would see an error: the unflipped picture is another one.
    assert abs(render(joints, scene.mirrored(), SIZE).astype(int) - of_image).max() > 50


def test_rotation_by_a_quarter_turn():
    rng = np.random.default_rng(1)
    joints, scene, turn = people(4, rng), STUDIO.sample_scene(rng), InPlaneRotation(90)
    of_pose = render(numpy_of(turn.transform_poses(joints)), plain(scene, roll=90), SIZE).astype(int)
    of_image = numpy_of(turn.transform_images(render(joints, plain(scene), SIZE))).astype(int)
    assert (abs(of_pose - of_image) > 1).mean() < 1e-3  # single rays at outlines may fall to the other side


@pytest.mark.parametrize("degrees", [30, -75])
def test_rotation_by_any_angle(degrees):
    rng = np.random.default_rng(2)
    joints, scene, turn = people(4, rng), STUDIO.sample_scene(rng), InPlaneRotation(degrees)
    image, mask = render(joints, plain(scene), SIZE, return_mask=True)
    of_pose, pose_mask = render(
        numpy_of(turn.transform_poses(joints)), plain(scene, roll=degrees), SIZE, return_mask=True
    )
    of_image = numpy_of(turn.transform_images(image)).astype(int)
    image_mask = numpy_of(turn.transform_images(np.repeat(mask[..., None], 3, axis=-1)))[..., 0]
    both, either = np.minimum(image_mask, pose_mask).sum(), np.maximum(image_mask, pose_mask).sum()
    assert both / either > 0.9
    # Inside the outlines, where interpolation has smoothed edges of colour only.
    inside = ndimage.binary_erosion(np.minimum(image_mask, pose_mask) > 0.99, np.ones((1, 3, 3)))
    assert inside.sum() > 500
    assert abs(of_pose - of_image)[inside].mean() < 6


@pytest.mark.parametrize("domain", [STUDIO, WILD])
def test_flip_backward(domain):
    rng = np.random.default_rng(3)
    scene, relation = domain.sample_scene(rng), FlipBackward(4)
    motion = walk(6, rng)
    anchor, counterpart = (numpy_of(end)[0] for end in relation.pose_pair(motion[None]))
    clip_anchor, clip_counterpart = (numpy_of(end)[0] for end in relation.image_pair(render(motion, scene, SIZE)[None]))
    assert abs(render(anchor, scene, SIZE).astype(int) - clip_anchor).max() <= 1
    assert abs(render(counterpart, scene.mirrored(), SIZE).astype(int) - clip_counterpart).max() <= 1
    assert abs(render(counterpart[::-1], scene.mirrored(), SIZE).astype(int) - clip_counterpart).max() > 50


def test_slow_backward():
    rng = np.random.default_rng(4)
    scene, relation = WILD.sample_scene(rng), SlowBackward(4)
    motion = walk(9, rng)
    clips = relation.image_pair(render(motion, scene, SIZE)[None])
    for poses, clip in zip(relation.pose_pair(motion[None]), clips, strict=True):
        assert abs(render(numpy_of(poses)[0], scene, SIZE).astype(int) - numpy_of(clip)[0]).max() <= 1
