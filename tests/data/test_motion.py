"""Generated motion: anatomy, physics, variety, determinism."""

import time

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from posealign_keras.data.motion_library import MotionLibrary
from posealign_keras.data.near_duplicates import pose_descriptors
from posealign_keras.data.synthetic import MOTION_FAMILIES, generate_motion, generate_motion_library
from posealign_keras.data.synthetic import motion_kinematics as kinematics
from posealign_keras.data.synthetic.motion_curves import ease, smooth, smooth_noise, through_keys
from posealign_keras.skeletons import BODY17

_CALLS = 6
_AIRBORNE = ("jump", "hop", "run")
_ON_THE_FLOOR = ("crawl", "lie", "kneel")
every_family = pytest.mark.parametrize("family", MOTION_FAMILIES)


@pytest.fixture(scope="module")
def motions():
    """Several motions of every family, in double precision."""
    rng = np.random.default_rng(7)
    return {
        family: np.stack([generate_motion(family, 90, rng) for _ in range(_CALLS)]).astype(float)
        for family in MOTION_FAMILIES
    }


def bone_lengths(positions):
    parents = list(BODY17.parents[1:])
    return np.linalg.norm(positions[..., 1:, :] - positions[..., parents, :], axis=-1)


def test_families():
    assert len(MOTION_FAMILIES) == len(set(MOTION_FAMILIES)) >= 14
    assert {"walk", "run", "turn", "squat", "jump", "kick", "punch", "reach", "wave", "dance", "sit"} < set(
        MOTION_FAMILIES
    )


@every_family
def test_bones_keep_their_lengths(motions, family):
    lengths = bone_lengths(motions[family])
    np.testing.assert_allclose(lengths, np.broadcast_to(lengths[:, :1], lengths.shape), atol=1e-5)


@every_family
def test_joints_are_no_faster_than_people(motions, family):
    speed = np.linalg.norm(np.diff(motions[family], axis=1), axis=-1) * 30
    assert speed.max() < 12
    assert speed.max() > 0.3  # and something moves


def swung(direction_of_limb, down, axis):
    """`axis` after the smallest rotation that takes `down` to the direction of a limb: its hinge if not twisted."""
    limb = direction_of_limb / np.linalg.norm(direction_of_limb, axis=-1, keepdims=True)
    turn = np.cross(down, limb)
    sine = np.linalg.norm(turn, axis=-1, keepdims=True)
    angle = np.arctan2(sine, np.sum(down * limb, -1, keepdims=True))
    return (
        Rotation.from_rotvec((turn / np.maximum(sine, 1e-9) * angle).reshape(-1, 3))
        .apply(axis.reshape(-1, 3))
        .reshape(axis.shape)
    )


def unit(vector):
    return vector / np.linalg.norm(vector, axis=-1, keepdims=True)


@every_family
@pytest.mark.parametrize("side", ["r", "l"])
def test_knees_bend_backward_and_elbows_forward(motions, family, side):
    joints = {name: motions[family][:, :, index] for index, name in enumerate(BODY17.joint_names)}
    for line, tip, names, sign in (
        (("r_hip", "l_hip"), ("pelvis", "spine"), ("hip", "knee", "ankle"), 1),
        (("r_shoulder", "l_shoulder"), ("spine", "thorax"), ("shoulder", "elbow", "wrist"), -1),
    ):
        left = unit(joints[line[1]] - joints[line[0]])
        up = joints[tip[1]] - joints[tip[0]]
        up = unit(up - np.sum(up * left, -1, keepdims=True) * left)
        start, hinge, end = (joints[f"{side}_{name}"] for name in names)
        axis = np.cross(hinge - start, end - hinge)
        bend = (
            np.linalg.norm(axis, axis=-1)
            / np.linalg.norm(hinge - start, axis=-1)
            / np.linalg.norm(end - hinge, axis=-1)
        )
        agreement = sign * np.sum(unit(axis) * swung(hinge - start, -up, left), -1)
        # A nearly straight limb has no axis, and to an arm that points straight up many small rotations lead.
        raised = np.sum(unit(hinge - start) * up, -1) > np.cos(np.deg2rad(40))
        assert agreement[(bend > 0.25) & ~raised].min(initial=1.0) > (0.5 if sign > 0 else 0.0)
        assert bend.max() > 0.1


@every_family
def test_bodies_are_right_handed(motions, family):
    """`dot(l_hip - r_hip, cross(up, forward)) > 0`, forward being where a bent knee points."""
    body = motions[family]
    up, left = body[:, :, 7] - body[:, :, 0], body[:, :, 4] - body[:, :, 1]
    for hip in (1, 4):
        thigh, shin = body[:, :, hip + 1] - body[:, :, hip], body[:, :, hip + 2] - body[:, :, hip + 1]
        # Where the knee lies in front of the line from hip to ankle.
        forward = unit(thigh) - unit(shin)
        clear = (np.linalg.norm(forward, axis=-1) > 0.3) & (np.sum(unit(thigh) * unit(up), -1) < -0.2)
        assert np.all(np.sum(left * np.cross(up, forward), axis=-1)[clear] > 0)


@every_family
def test_feet_stand_on_the_floor(motions, family):
    lowest_ankle = motions[family][:, :, [3, 6], 2].min(axis=-1)
    assert motions[family][..., 2].min() > -0.05
    if family not in _AIRBORNE + _ON_THE_FLOOR:
        np.testing.assert_allclose(lowest_ankle, 0.08, atol=0.01)
    if family == "jump":
        assert lowest_ankle.max() > 0.25


def test_standing_feet_do_not_slide(motions):
    for family in ("squat", "reach", "lift", "sit"):
        slide = np.linalg.norm(np.diff(motions[family][:, :, [3, 6], :2], axis=1), axis=-1) * 30
        assert np.median(slide) < 0.15


def test_walking_goes_where_the_body_faces():
    walked = []
    for seed in range(20):
        positions = generate_motion("walk", 90, np.random.default_rng(seed)).astype(float)
        left = positions[:-1, 4, :2] - positions[:-1, 1, :2]
        forward = unit(np.stack([left[:, 1], -left[:, 0]], axis=-1))
        walked.append(np.sum(np.diff(positions[:, 0, :2], axis=0) * forward, axis=-1).mean() * 30)
    assert 0.4 < np.median(walked) < 1.8  # metres per second
    assert np.mean(np.array(walked) > 0) > 0.7  # some walk backward


def test_flight_is_a_fall():
    """In the air the height of the body follows gravity, up to what arms and legs do meanwhile."""
    for seed in range(6):
        positions = generate_motion("jump", 120, np.random.default_rng(seed)).astype(float)
        ankle = positions[:, [3, 6], 2].min(axis=1)
        aloft = np.flatnonzero(ankle > 0.12)
        runs = [run for run in np.split(aloft, np.flatnonzero(np.diff(aloft) > 1) + 1) if len(run) >= 8]
        for run in runs:
            lift = np.polyfit(run / 30, ankle[run], 2)[0]
            assert -14 < 2 * lift < -5


def test_the_seed_decides():
    one, again, other = (generate_motion("dance", 60, np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, again)
    assert np.abs(one - other).max() > 0.05
    libraries = [generate_motion_library(5, 60, seed=seed) for seed in (1, 1, 2)]
    np.testing.assert_array_equal(libraries[0].positions, libraries[1].positions)
    assert np.abs(libraries[0].positions - libraries[2].positions).max() > 0.05


@every_family
def test_no_two_calls_give_the_same_motion(motions, family):
    described = np.stack([pose_descriptors(motion) for motion in motions[family]])
    for first in range(_CALLS):
        for second in range(first):
            assert np.sqrt(np.mean((described[first] - described[second]) ** 2)) > 0.02


def test_families_are_distinguishable():
    """A nearest-centroid rule tells the family of unseen motions far more often than chance would."""

    def features(seed):
        library = generate_motion_library(len(MOTION_FAMILIES) * 16, 60, seed=seed)
        described = [pose_descriptors(sequence) for sequence in library.sequences]
        height = [sequence[:, [0, 10], 2] for sequence in library.sequences]
        speed = [np.linalg.norm(np.diff(sequence, axis=0), axis=-1).mean(axis=0) for sequence in library.sequences]
        return np.stack(
            [
                np.r_[d.mean(0), 2 * d.std(0), h.mean(0), 4 * h.std(0), s]
                for d, h, s in zip(described, height, speed, strict=True)
            ]
        ), library.actions

    known, labels = features(0)
    unseen, truth = features(1)
    spread = known.std(axis=0)
    centroids = np.stack([known[labels == family].mean(axis=0) for family in MOTION_FAMILIES])
    guess = np.linalg.norm((unseen[:, None] - centroids) / spread, axis=-1).argmin(axis=1)
    assert np.mean(np.array(MOTION_FAMILIES)[guess] == truth) > 6 / len(MOTION_FAMILIES)


def test_windows_of_a_sequence_differ(motions):
    moving = [np.std(motions[family], axis=1).mean() for family in MOTION_FAMILIES]
    assert min(moving) > 0.005


def test_the_pose_space_is_wide(motions):
    every = np.concatenate([motion.reshape(-1, 17, 3) for motion in motions.values()])
    relative = every - every[:, :1]
    assert (
        np.mean(np.maximum(relative[:, 13, 2], relative[:, 16, 2]) > relative[:, 10, 2]) > 0.05
    )  # a hand over the head
    assert np.mean(relative[:, 8, 2] < 0.35) > 0.05  # bent or lying trunk
    assert np.mean(every[:, 0, 2] < 0.6) > 0.05  # low
    assert np.mean(np.maximum(relative[:, 3, 2], relative[:, 6, 2]) > -0.35) > 0.03  # a raised foot
    heading = np.arctan2(every[:, 4, 1] - every[:, 1, 1], every[:, 4, 0] - every[:, 1, 0])
    assert np.histogram(heading, bins=8, range=(-np.pi, np.pi))[0].min() > 0.03 * len(every)


def test_bodies_vary():
    bodies = np.stack([kinematics.random_body(np.random.default_rng(seed)) for seed in range(300)])
    lengths = np.linalg.norm(bodies, axis=-1)
    heights = lengths[:, [2, 3, 7, 8, 9, 10]].sum(axis=1) + 0.08
    assert 1.35 < heights.min() < 1.55
    assert 1.85 < heights.max() < 2.1
    np.testing.assert_allclose(lengths, lengths[:, list(BODY17.mirror)], rtol=1e-12)
    np.testing.assert_allclose(lengths.mean(axis=0)[1:], BODY17.bone_lengths[1:], rtol=0.05)
    assert np.std(lengths[:, 2] / lengths[:, 12]) > 0.03  # proportions, not size alone


def test_library():
    library = generate_motion_library(7, 60, seed=0, families=("walk", "sit"))
    assert isinstance(library, MotionLibrary)
    assert list(library.actions) == ["walk", "sit", "walk", "sit", "walk", "sit", "walk"]
    assert set(library.sources) == {"synthetic"}
    assert len(set(library.names)) == len(set(library.subjects)) == 7
    np.testing.assert_array_equal(library.lengths, 60)
    more = generate_motion_library(9, 60, seed=0, families=("walk", "sit"))
    np.testing.assert_array_equal(more[6], library[6])  # a longer library begins like a shorter one


@pytest.mark.parametrize("frames", [1, 2, 5])
@every_family
def test_any_number_of_frames(family, frames):
    positions = generate_motion(family, frames, np.random.default_rng(0))
    assert positions.shape == (frames, 17, 3)
    assert positions.dtype == np.float32
    assert np.isfinite(positions).all()


def test_bad_arguments():
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="`family` must be one of walk, run"):
        generate_motion("fly", 60, rng)
    with pytest.raises(ValueError, match="`family` must be one of"):
        generate_motion_library(2, 60, 0, families=("walk", "fly"))
    with pytest.raises(ValueError, match="`families`"):
        generate_motion_library(2, 60, 0, families=())
    for frames in (0, -1, 2.5, True):
        with pytest.raises(ValueError, match="`frames` must be a positive integer"):
            generate_motion("walk", frames, rng)
    with pytest.raises(ValueError, match="`sequences` must be a positive integer"):
        generate_motion_library(0, 60, 0)


def test_speed_of_generation():
    start = time.perf_counter()
    library = generate_motion_library(48, 120, seed=0)
    rate = len(library.positions) / (time.perf_counter() - start)
    assert rate > 2000  # about 20,000 frames per second on a quiet core


class TestKinematics:
    def channels(self, **degrees):
        row = np.zeros((1, len(kinematics.CHANNELS)))
        for name, value in degrees.items():
            row[0, kinematics.INDEX[name]] = np.deg2rad(value)
        return row

    def joints(self, **degrees):
        body = kinematics.random_body(np.random.default_rng(0))
        positions = kinematics.forward_kinematics(self.channels(**degrees), body)[0]
        return dict(zip(BODY17.joint_names, positions, strict=True))

    def test_rest_faces_forward(self):
        rest = self.joints()
        assert rest["r_hip"][0] > 0 > rest["l_hip"][0]
        assert rest["head_top"][2] > rest["thorax"][2] > 0 > rest["r_ankle"][2]
        assert rest["neck_nose"][1] > rest["thorax"][1]

    @pytest.mark.parametrize(
        ("degrees", "start", "end", "direction"),
        [
            ({"r_hip_flex": 90}, "r_hip", "r_knee", (0, 1, 0)),
            ({"l_hip_abduct": 90}, "l_hip", "l_knee", (-1, 0, 0)),
            ({"r_hip_abduct": 90}, "r_hip", "r_knee", (1, 0, 0)),
            ({"r_knee": 90}, "r_knee", "r_ankle", (0, -1, 0)),
            ({"l_knee": 90, "l_hip_flex": 90}, "l_knee", "l_ankle", (0, 0, -1)),
            ({"r_knee": 90, "r_hip_twist": 90}, "r_knee", "r_ankle", (1, 0, 0)),
            ({"l_shoulder_flex": 180}, "l_shoulder", "l_elbow", (0, 0, 1)),
            ({"r_shoulder_abduct": 90}, "r_shoulder", "r_elbow", (1, 0, 0)),
            ({"l_elbow": 90}, "l_elbow", "l_wrist", (0, 1, 0)),
            ({"l_elbow": 90, "l_shoulder_twist": 90}, "l_elbow", "l_wrist", (1, 0, 0)),
            ({"r_elbow": 90, "r_shoulder_twist": 90}, "r_elbow", "r_wrist", (-1, 0, 0)),
            ({"heading": 90, "r_hip_flex": 90}, "r_hip", "r_knee", (-1, 0, 0)),
            ({"heading": 90}, "l_hip", "r_hip", (0, 1, 0)),
        ],
    )
    def test_angles_mean_what_they_say(self, degrees, start, end, direction):
        joints = self.joints(**degrees)
        np.testing.assert_allclose(unit(joints[end] - joints[start]), direction, atol=1e-9)

    def test_trunk_bends_forward_and_to_the_right(self):
        rest = self.joints()
        for name in ("tilt", "lumbar_flex", "thorax_flex", "neck_flex"):
            assert self.joints(**{name: 20})["head_top"][1] > rest["head_top"][1] + 0.02
        for name in ("roll", "lumbar_bend", "thorax_bend", "neck_bend"):
            assert self.joints(**{name: 20})["head_top"][0] > 0.02
        for name in ("lumbar_twist", "thorax_twist"):
            assert self.joints(**{name: 20})["r_shoulder"][1] > rest["r_shoulder"][1] + 0.02

    def test_mirror_is_a_reflection(self):
        rng = np.random.default_rng(0)
        channels = rng.normal(0, 0.5, (20, len(kinematics.CHANNELS)))
        body = kinematics.random_body(rng)
        reflected = kinematics.forward_kinematics(channels, body)[:, list(BODY17.mirror)] * [-1, 1, 1]
        mirrored = kinematics.mirror_channels(channels)
        np.testing.assert_allclose(kinematics.forward_kinematics(mirrored, body), reflected, atol=1e-12)
        np.testing.assert_allclose(kinematics.mirror_channels(mirrored), channels)


class TestCurves:
    def test_smooth_keeps_constants_and_range(self):
        rng = np.random.default_rng(0)
        values = rng.normal(size=(50, 3))
        result = smooth(values, 2.0)
        assert result.shape == values.shape
        assert result.min() >= values.min()
        assert result.max() <= values.max()
        np.testing.assert_allclose(smooth(np.full((9, 2), 3.0), 1.5), 3.0)

    def test_noise_has_unit_variance(self):
        noise = smooth_noise(np.random.default_rng(0), np.arange(20000) / 30, 40)
        np.testing.assert_allclose(noise.std(), 1.0, atol=0.05)
        np.testing.assert_allclose(noise.mean(axis=0), 0.0, atol=0.1)

    def test_ease_is_minimum_jerk(self):
        time = np.linspace(0, 1, 10001)
        curve = ease(time, 0, 1)
        speed = np.gradient(curve, time)
        assert speed.max() == pytest.approx(1.875, rel=1e-3)  # the known peak of the profile
        assert curve[5000] == pytest.approx(0.5)
        np.testing.assert_allclose(ease(np.array([-1.0, 2.0]), 0, 1), [0, 1])

    def test_keys_are_reached(self):
        moments, keys = np.array([0.0, 1.0, 3.0]), np.array([[1.0], [4.0], [2.0]])
        curve = through_keys(np.array([-1.0, 0.0, 1.0, 2.0, 3.0, 9.0]), moments, keys, np.array([0.0, 0.5]))
        np.testing.assert_allclose(curve[:, 0], [1, 1, 4, 4, 2, 2])
