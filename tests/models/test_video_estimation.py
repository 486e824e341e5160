"""Poses in videos: one row for each frame, in the axes of the video's camera."""

import keras
import numpy as np
import pytest
from small_videos import boxes as boxes_of
from small_videos import picture, write_video

from posealign_keras.models import ImageEncoder, MotionAutoencoder, PoseAutoencoder, PoseEstimator
from posealign_keras.models.video_poses import runs
from posealign_keras.video import PersonCrops, open_video

COUNT = 7
CAMERA = np.array([[110.0, 0, 60], [0, 110, 50], [0, 0, 1]])


@pytest.fixture(scope="module")
def estimator():
    keras.utils.set_random_seed(0)
    encoder = ImageEncoder("small_resnet", 32, latent_dim=6, head_filters=(), head_widths=(12,))
    model = PoseEstimator(encoder, PoseAutoencoder(latent_dim=6, width=16, depth=2))
    for variable in model.weights:
        variable.assign(2 * variable)
    return model


def pictures(count=COUNT):
    return [picture(8 * number) for number in range(count)]


def boxes(count=COUNT):
    return boxes_of(8 * count)[::8]


def test_one_row_for_each_frame_and_none_where_nobody_is_seen(estimator):
    given = boxes()
    given[[2, 6]] = np.nan
    found = estimator.estimate_video(pictures(), given, fps=60, batch_size=2)
    assert found.poses.shape == (COUNT, 17, 3)
    assert found.poses.dtype == np.float32
    for name in ("poses", "latents", "rotations", "confidence", "plausibility", "boxes"):
        missing = np.isnan(getattr(found, name)).reshape(COUNT, -1)
        assert missing[[2, 6]].all(), name
        assert not missing[[0, 1, 3, 4, 5]].any(), name
    assert found.stretches == [(0, 2), (3, 6)]
    np.testing.assert_allclose(found.times, np.arange(COUNT) / 60)
    assert (found.fps, found.camera_known) == (60, False)
    np.testing.assert_allclose(estimator.predict_video(pictures(), given, fps=60), found.poses, atol=1e-5)


@pytest.mark.parametrize("flip_average", [True, False])
@pytest.mark.parametrize("camera", [CAMERA, None])
def test_poses_are_those_in_the_crops_turned_into_the_cameras_axes(estimator, flip_average, camera):
    found = estimator.estimate_video(pictures(), boxes(), intrinsics=camera, flip_average=flip_average, batch_size=3)
    crops = PersonCrops(open_video(pictures()), boxes(), 32, camera)
    (indices, images, rotations, _) = next(crops.batches(COUNT))
    seen = estimator.estimate_both_ways(images)["pose_3d"] if flip_average else estimator.predict_poses(images)
    # Column vectors: what the rotation makes of the pose in the camera's axes is the pose in the crop.
    turned = np.einsum("tij,tkj->tki", rotations, found.poses)
    np.testing.assert_allclose(turned, seen, atol=1e-4)
    assert len(indices) == COUNT
    assert np.abs(found.poses - seen).max() > 0.02  # the person walks far from the middle
    assert np.isnan(found.confidence).all() == (not flip_average)
    assert found.camera_known == (camera is not None)


@pytest.mark.parametrize("camera", [CAMERA, None])
def test_keypoints_are_where_the_crops_have_them(camera):
    keras.utils.set_random_seed(2)
    encoder = ImageEncoder("small_resnet", 32, latent_dim=6, head_filters=(8,), head_widths=(12,), keypoints=17)
    model = PoseEstimator(encoder, PoseAutoencoder(latent_dim=6, width=16, depth=2))
    found = model.estimate_video(pictures(), boxes(), intrinsics=camera, batch_size=3)
    crops = PersonCrops(open_video(pictures()), boxes(), 32, camera)
    indices, images, _, _ = next(crops.batches(COUNT))
    seen = model.estimate_both_ways(images)["keypoints"]
    np.testing.assert_allclose(found.keypoints, crops.in_video(indices, seen), atol=1e-2)
    inside = (found.boxes[:, None, :2] - 20 < found.keypoints) & (found.keypoints < found.boxes[:, None, 2:] + 20)
    assert inside.all()


def test_a_network_that_finds_no_keypoints_has_none(estimator):
    assert np.isnan(estimator.estimate_video(pictures(2), boxes(2)).keypoints).all()


def test_turning_camera_and_person_together_turns_the_poses(estimator):
    """A person at the side, filmed straight on by a turned camera, has the turned pose."""
    straight = estimator.estimate_video(pictures(1), boxes(1), intrinsics=CAMERA)
    pose = straight.poses[0] @ straight.rotations[0].T
    # What the virtual camera sees, given as a picture whose camera is that one.
    crop = next(PersonCrops(open_video(pictures(1)), boxes(1), 32, CAMERA).batches(1))[1]
    virtual = np.array([[100.0, 0, 15.5], [0, 100, 15.5], [0, 0, 1]])
    again = estimator.estimate_video(crop, None, intrinsics=virtual)
    np.testing.assert_allclose(again.rotations[0], np.eye(3), atol=1e-6)
    np.testing.assert_allclose(again.poses[0], pose, atol=1e-3)


def test_a_file_gives_what_its_frames_give(estimator, tmp_path):
    path = write_video(tmp_path / "clip.mp4", COUNT)
    frames = open_video(path)
    images = list(frames.read(range(COUNT)))
    given = boxes_of(COUNT)
    np.savez(tmp_path / "boxes.npz", boxes_xyxy_px=given)
    one = estimator.estimate_video(path, str(tmp_path / "boxes.npz"))
    np.testing.assert_allclose(one.poses, estimator.predict_video(images, given), atol=1e-5)
    np.testing.assert_allclose(one.times, np.arange(COUNT) / 30, atol=1e-3)


def test_whole_frames_and_a_single_one(estimator):
    found = estimator.estimate_video(pictures(1))
    assert np.isfinite(found.poses).all()
    np.testing.assert_allclose(found.boxes, [[0, 0, 128, 96]])


def test_frames_are_read_once_one_batch_at_a_time(estimator):
    class Frames:
        fps, times, read_so_far, ahead = 30.0, np.arange(40) / 30, 0, 0

        def read(self, indices):
            for index in indices:
                Frames.read_so_far += 1
                Frames.ahead = max(Frames.ahead, Frames.read_so_far - told[-1])
                yield picture(int(index))

    told = [0]
    estimator.estimate_video(Frames(), boxes_of(40), batch_size=8, progress=lambda what, done, total: told.append(done))
    assert Frames.read_so_far == 40
    assert Frames.ahead == 8
    assert told[-1] == 40


def test_smoothing_changes_poses_and_keeps_gaps(estimator):
    keras.utils.set_random_seed(1)
    motion = MotionAutoencoder(frames=4, pose_latent_dim=6, latent_dim=5, units=4, depth=1)
    given = boxes_of(20)
    given[10] = np.nan
    plain = estimator.estimate_video([picture(number) for number in range(20)], given)
    smooth = estimator.estimate_video([picture(number) for number in range(20)], given, motion_autoencoder=motion)
    np.testing.assert_array_equal(smooth.seen, plain.seen)
    assert np.nanmax(np.abs(smooth.poses - plain.poses)) > 1e-3
    np.testing.assert_array_equal(smooth.confidence, plain.confidence)
    decoded = keras.ops.convert_to_numpy(estimator.pose_autoencoder.decode(smooth.latents[:10]))
    np.testing.assert_allclose(smooth.poses[:10], decoded @ smooth.rotations[:10], atol=1e-5)


def test_bad_input(estimator):
    with pytest.raises(ValueError, match="`batch_size` must be at least 1"):
        estimator.predict_video(pictures(), batch_size=0)
    with pytest.raises(ValueError, match="`latents` must have shape"):
        estimator.predict_video(pictures(), motion_autoencoder=MotionAutoencoder(4, 5, 3, 2, 1))


@pytest.mark.parametrize(
    ("flags", "expected"),
    [([], []), ([0, 0], []), ([1], [(0, 1)]), ([1, 1, 0, 1], [(0, 2), (3, 4)]), ([0, 1, 1], [(1, 3)])],
)
def test_runs(flags, expected):
    assert runs(np.array(flags, bool)) == expected
