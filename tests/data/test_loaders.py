"""The pipelines that feed the stages: contents against the records, order, shares of hosts, damage, augmentation."""

import dataclasses

import numpy as np
import pytest
from scipy.ndimage import map_coordinates

from posealign_keras import data
from posealign_keras.data import (
    LABELLED_IMAGE,
    POSE_SEQUENCE,
    UNLABELLED_CLIP,
    ImageAugmentation,
    Manifest,
    RecordWriter,
    known_beside_poses,
    load_adaptation,
    load_clips,
    load_labelled_images,
    load_poses,
    load_sequences,
    shard,
)
from posealign_keras.data.motion_library import to_upright_camera_frame
from posealign_keras.data.synthetic import WILD, generate_motion_library, record_images

tf = pytest.importorskip("tensorflow")

ORIGIN = {"dataset": "fake", "subject": "S1", "fps": 30.0}
EVALUATION = {"training": False, "split": "train"}


def origin(index):
    return {**ORIGIN, "sequence": f"s{index}", "frame_index": 0}


def write_sequences(directory, lengths=(5, 9, 31), frame="world", **options):
    rng = np.random.default_rng(len(lengths))
    sequences = [rng.normal(size=(length, 17, 3)).astype("float32") for length in lengths]
    with RecordWriter(directory, POSE_SEQUENCE, "train", **options) as writer:
        for index, positions in enumerate(sequences):
            valid = np.ones(17, bool)
            example = {"positions": positions, "joint_validity": valid, "coordinate_frame": frame}
            writer.write({**origin(index), **example})
    return sequences


def write_images(directory, count=10, size=16, **options):
    rng = np.random.default_rng(count)
    images = np.kron(rng.integers(0, 256, (count, 2, 2, 3)), np.ones((1, size // 2, size // 2, 1))).astype("uint8")
    joints = rng.normal(size=(count, 17, 3)).astype("float32") * 0.3
    joints[:, 0] = 0
    validity = rng.random((count, 17)) < 0.8
    with RecordWriter(directory, LABELLED_IMAGE, "train", jpeg_quality=100, **options) as writer:
        for index in range(count):
            labels = {
                "joints": joints[index],
                "root_position": np.float32([0, 0, 4]),
                "joint_validity": validity[index],
            }
            intrinsics = np.eye(3, dtype="float32")
            writer.write({**origin(index), **labels, "image": images[index], "intrinsics": intrinsics})
    return images, joints, validity


def write_clips(directory, count=4, frames=6, size=16):
    rng = np.random.default_rng(count)
    clips = rng.integers(0, 256, (count, frames, 1, 1, 3)) * np.ones((1, 1, size, size, 1))
    with RecordWriter(directory, UNLABELLED_CLIP, "train", jpeg_quality=100) as writer:
        for index in range(count):
            writer.write({**origin(index), "frames": clips[index].astype("uint8")})
    return clips.astype("uint8")


def rows(dataset):
    return np.concatenate(list(dataset.as_numpy_iterator()))


@pytest.mark.parametrize("frame", ["world", "camera"])
def test_poses_are_those_of_all_frames_in_the_axes_of_a_camera(tmp_path, frame):
    sequences = np.concatenate(write_sequences(tmp_path, frame=frame))
    expected = sequences - sequences[:, :1]
    if frame == "world":
        expected = to_upright_camera_frame(expected)
    dataset = load_poses(tmp_path, 8, **EVALUATION)
    np.testing.assert_allclose(rows(dataset), expected, atol=1e-6)
    np.testing.assert_allclose(rows(load_poses(expected, 8, training=False)), expected)
    assert [len(batch) for batch in dataset] == [8, 8, 8, 8, 8, 5]


def test_windows_are_cut_from_sequences_that_are_long_enough(tmp_path):
    sequences = write_sequences(tmp_path, frame="camera")
    windows = rows(load_sequences(tmp_path, 4, frames=8, step=10, **EVALUATION))
    expected = [sequences[1][:8], *(sequences[2][start : start + 8] for start in (0, 10, 20))]
    np.testing.assert_allclose(windows, np.stack([window - window[:, :1] for window in expected]), atol=1e-6)


def test_labelled_images_come_as_fit_takes_them(tmp_path):
    images, joints, validity = write_images(tmp_path)
    x, y, weights = (
        np.concatenate(part) for part in zip(*load_labelled_images(tmp_path, 4, **EVALUATION), strict=True)
    )
    assert np.abs(x.astype(int) - images).max() <= 3  # JPEG
    np.testing.assert_array_equal(y, joints)
    np.testing.assert_array_equal(weights, validity.astype("float32"))
    from_arrays = next(iter(load_labelled_images((images, joints, validity), 10, training=False)))
    for one, other in zip(from_arrays, (images, joints, validity), strict=True):
        np.testing.assert_array_equal(one, other)


def test_clips(tmp_path):
    clips = write_clips(tmp_path)
    assert np.abs(rows(load_clips(tmp_path, 3, **EVALUATION)).astype(int) - clips).max() <= 3
    np.testing.assert_array_equal(rows(load_clips(clips, 3, training=False)), clips)


def test_training_is_endless_shuffled_and_the_same_for_the_same_seed(tmp_path):
    write_sequences(tmp_path, (40, 40), shard_size_mb=0.001)

    def first(seed, count=12):
        return np.stack([batch.numpy() for batch in load_poses(tmp_path, 8, seed=seed).take(count)])

    once, again, other = first(1), first(1), first(2)
    np.testing.assert_array_equal(once, again)
    assert not np.array_equal(once, other)
    # An epoch holds every pose once, the next one in another order.
    epoch, following = once.reshape(-1, 51)[:80], once.reshape(-1, 51)[80:96]
    assert len(np.unique(epoch, axis=0)) == 80
    assert not np.array_equal(epoch[:16], following)


def test_hosts_share_the_records_between_them(tmp_path):
    images, *_ = write_images(tmp_path / "many_files", 11, shard_size_mb=1e-6)
    write_images(tmp_path / "one_file", 11)
    for directory in ("many_files", "one_file"):
        parts = [
            [y for _, y, _ in load_labelled_images(tmp_path / directory, 1, shard=(3, index), **EVALUATION)]
            for index in range(3)
        ]
        assert sorted(map(len, parts)) == [3, 4, 4]
        assert len(np.unique(np.concatenate([y for part in parts for y in part]).reshape(11, -1), axis=0)) == 11
    assert len(images) == 11


@pytest.mark.parametrize("shard_size_mb", [1e-6, 64])
def test_shares_do_not_depend_on_any_seed(tmp_path, shard_size_mb):
    write_images(tmp_path, 40, shard_size_mb=shard_size_mb)
    found = []
    for index in range(4):
        tf.random.set_seed(index)
        dataset = data.read_records(tmp_path, "train", LABELLED_IMAGE, shuffle_seed=index, shard=(4, index))
        found += [record["sequence"] for record in dataset.as_numpy_iterator()]
    assert len(found) == len(set(found)) == 40


def test_a_share_without_records_is_an_error(tmp_path):
    write_images(tmp_path, 2)
    with pytest.raises(ValueError, match="`shard`"):
        load_labelled_images(tmp_path, 1, shard=(3, 2))


def test_several_directories_and_patterns_are_put_together(tmp_path):
    first = write_images(tmp_path / "a" / "labelled_image", 4)[1]
    second = write_images(tmp_path / "b" / "labelled_image", 6)[1]
    both = np.concatenate([first, second])
    for source in (
        [tmp_path / "a" / "labelled_image", tmp_path / "b" / "labelled_image"],
        f"{tmp_path}/*/labelled_image",
    ):
        y = np.concatenate([y for _, y, _ in load_labelled_images(source, 4, **EVALUATION)])
        np.testing.assert_array_equal(y, both)
        shuffled = np.concatenate([y for _, y, _ in load_labelled_images(source, 10).take(1)])
        assert len(np.unique(shuffled.reshape(10, -1), axis=0)) == 10
    with pytest.raises(FileNotFoundError, match="test"):
        load_labelled_images(f"{tmp_path}/*/labelled_image", 4, split="test")


@pytest.mark.parametrize("cache", [True, "files"])
def test_a_cache_changes_nothing_and_is_used_for_its_records_only(tmp_path, cache):
    cache = str(tmp_path / "cache") if cache == "files" else cache
    for name, count in (("a", 10), ("b", 7)):
        _, joints, _ = write_images(tmp_path / name, count)
        dataset = load_labelled_images(tmp_path / name, 4, cache=cache, **EVALUATION)
        for _ in range(2):
            np.testing.assert_array_equal(np.concatenate([y for _, y, _ in dataset]), joints)


@pytest.mark.parametrize("cache", [False, True])
def test_every_epoch_has_an_order_of_its_own(tmp_path, cache):
    write_images(tmp_path, 30)
    batches = list(load_labelled_images(tmp_path, 30, cache=cache).take(2))
    first, second = (y.numpy().reshape(30, -1) for _, y, _ in batches)
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(np.unique(first, axis=0), np.unique(second, axis=0))


def damage(directory):
    """Flip a bit in the sixth record of ten."""
    manifest = Manifest.load(directory, "train")
    path = directory / manifest.shards[0].name
    offsets = [0]
    for record in tf.data.TFRecordDataset(str(path)).as_numpy_iterator():
        offsets.append(offsets[-1] + len(record) + 16)
    content = bytearray(path.read_bytes())
    content[offsets[5] + 40] ^= 1
    path.write_bytes(content)
    return path, offsets[5]


def test_damage_is_named_by_file_and_place_before_training(tmp_path):
    write_images(tmp_path)
    path, offset = damage(tmp_path)
    with pytest.raises(ValueError, match=rf"{path.name}.*first 5 of 10 records.*byte {offset}\b"):
        load_labelled_images(tmp_path, 4)


def test_damage_can_be_skipped_and_is_counted(tmp_path):
    _, joints, _ = write_images(tmp_path)
    path, _ = damage(tmp_path)
    with pytest.warns(UserWarning, match=rf"{path.name}.*first 5 of 10 records"):
        dataset = load_labelled_images(tmp_path, 4, damaged="skip", **EVALUATION)
    np.testing.assert_array_equal(np.concatenate([y for _, y, _ in dataset]), joints[:5])


def test_augmentation_depends_on_the_seed_and_keeps_labels(tmp_path):
    images, joints, validity = write_images(tmp_path)
    source = (images, joints, validity)

    def batch(seed, augmentation):
        return [part.numpy() for part in next(iter(load_labelled_images(source, 10, augmentation, seed=seed)))]

    strong = ImageAugmentation()
    plain, once, again, other = batch(1, None), batch(1, strong), batch(1, strong), batch(2, strong)
    np.testing.assert_array_equal(once[0], again[0])
    assert not np.array_equal(once[0], other[0])
    assert not np.array_equal(once[0], plain[0])
    np.testing.assert_array_equal(once[1], plain[1])
    evaluated = next(iter(load_labelled_images(source, 10, strong, training=False)))[0]
    np.testing.assert_array_equal(evaluated, images)


def test_no_augmentation_leaves_pictures_as_they_are():
    image = np.random.default_rng(0).integers(0, 256, (9, 9, 3)).astype("uint8")
    none = ImageAugmentation((1, 1), 0, 0, 0, 0, 0)
    np.testing.assert_array_equal(none(image, [1, 2]), image)


def test_zoom_and_shift_move_the_picture_as_they_say():
    image = np.zeros((65, 65, 3), "uint8")
    image[32, 32] = 255
    halved = ImageAugmentation((2, 2), 0, 0, 0, 0, 0)(image[::1], [1, 2]).numpy()
    assert halved[:16].max() == halved[-16:].max() == 0  # a border
    places = []
    for seed in range(40):
        moved = ImageAugmentation((1, 1), 0.1, 0, 0, 0, 0)(image, [seed, 0]).numpy().sum(-1)
        places.append(np.argwhere(moved == moved.max())[0] - 32)
    assert 5 <= np.abs(places).max() <= 7
    assert np.abs(np.mean(places, axis=0)).max() < 2.5


def test_what_is_beyond_the_edge_is_the_mirror_image_where_wanted():
    rng = np.random.default_rng(0)
    picture = np.repeat(rng.integers(0, 256, (32, 48, 1)).astype("uint8"), 3, axis=-1)
    mirrored = ImageAugmentation((1.5, 1.5), 0.1, 0, 0, 0, 0, beyond="mirrored")
    black = dataclasses.replace(mirrored, beyond="black")
    padded = np.pad(picture[..., 0].astype(float), ((32, 32), (48, 48)), "symmetric")
    for seed in range(6):
        found, edge = mirrored(picture, [seed, 1]).numpy(), black(picture, [seed, 1]).numpy()
        middle = -mirrored.move_keypoints(np.zeros((1, 2), "float32"), [seed, 1]).numpy()[0] * 1.5  # x, y
        rows = ((np.arange(32) + 0.5) / 32 - 0.5) * 1.5 * 32 + (0.5 + middle[1]) * 32 - 0.5 + 32
        columns = ((np.arange(48) + 0.5) / 48 - 0.5) * 1.5 * 48 + (0.5 + middle[0]) * 48 - 0.5 + 48
        wanted = map_coordinates(padded, np.meshgrid(rows, columns, indexing="ij"), order=1)
        np.testing.assert_allclose(found[..., 0], wanted, atol=1)
        assert (edge[0] == 0).all()
        np.testing.assert_allclose(found[8:-8, 12:-12], edge[8:-8, 12:-12], atol=1)
        whole = mirrored.move_mask(np.full((32, 48), 255, "uint8"), [seed, 1]).numpy()
        np.testing.assert_array_equal(whole[0], 0)


def test_a_clip_is_changed_alike_in_all_frames():
    frame = np.random.default_rng(0).integers(0, 256, (8, 8, 3)).astype("uint8")
    changed = ImageAugmentation()(np.stack([frame] * 3), [4, 5]).numpy()
    np.testing.assert_array_equal(changed[0], changed[1])
    np.testing.assert_array_equal(changed[0], changed[2])
    assert not np.array_equal(changed[0], frame)


def test_adaptation_gets_clips_frames_and_source(tmp_path):
    clips = write_clips(tmp_path / "clips")
    source = write_images(tmp_path / "images")
    dataset = load_adaptation(
        tmp_path / "clips", tmp_path / "images", batch_size=2, images_per_batch=5, source_per_batch=3
    )
    (batch,) = next(iter(dataset))
    shapes = {name: tuple(value.shape) for name, value in batch.items()}
    assert shapes == {
        "clips": (2, 6, 16, 16, 3),
        "images": (5, 16, 16, 3),
        "source_images": (3, 16, 16, 3),
        "source_poses": (3, 17, 3),
        "source_weights": (3, 17),
    }
    (only,) = next(iter(load_adaptation(clips, batch_size=2)))
    assert set(only) == {"clips"}
    (images,) = next(iter(load_adaptation(clips, batch_size=0, images_per_batch=4)))
    assert {name: len(value) for name, value in images.items()} == {"images": 4}
    with pytest.raises(ValueError, match="`batch_size` or `images_per_batch` must be above 0"):
        load_adaptation(clips, batch_size=0)
    assert len(source) == 3


def test_the_files_of_adaptation_are_checked_once(tmp_path, monkeypatch):
    write_clips(tmp_path / "clips", count=6)
    write_images(tmp_path / "images")
    checked = []
    checksum = shard.file_sha256
    monkeypatch.setattr(shard, "file_sha256", lambda path: checked.append(path.parent.name) or checksum(path))
    load_adaptation(tmp_path / "clips", tmp_path / "images", batch_size=2, images_per_batch=5)
    assert sorted(checked) == ["clips", "images"]
    damage(tmp_path / "clips")
    with pytest.raises(ValueError, match="SHA-256"):
        load_adaptation(tmp_path / "clips", tmp_path / "images", batch_size=2, images_per_batch=5)
    with pytest.raises(ValueError, match="SHA-256"):
        load_adaptation(tmp_path / "clips", batch_size=0, images_per_batch=5)


@pytest.mark.parametrize("cache", [True, "files"])
def test_adaptation_from_a_cache(tmp_path, cache):
    clips = write_clips(tmp_path / "clips")
    write_images(tmp_path / "images")
    cache = str(tmp_path / "cache") if cache == "files" else cache
    sizes = {"batch_size": 2, "images_per_batch": 4, "source_per_batch": 5, "cache": cache}
    dataset = load_adaptation(tmp_path / "clips", tmp_path / "images", **sizes)
    for (batch,) in dataset.take(5):
        for image in batch["images"].numpy().astype(int):
            assert np.abs(clips.reshape(-1, 16, 16, 3) - image).max(axis=(1, 2, 3)).min() <= 3


def test_sequences_that_are_too_short_are_an_error(tmp_path):
    write_sequences(tmp_path)
    with pytest.raises(ValueError, match=r"`frames` must not exceed the longest sequence, 31\."):
        load_sequences(tmp_path, 2, frames=32)


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (lambda: load_poses(np.zeros((4, 17, 2), "float32"), 2), "`source`"),
        (lambda: load_clips(np.zeros((4, 3, 8, 8, 3)), 2), "uint8"),
        (lambda: load_poses(np.zeros((0, 17, 3), "float32"), 2), "empty"),
        (lambda: load_poses(np.zeros((4, 17, 3), "float32"), 0), "`batch_size`"),
        (lambda: load_poses(np.zeros((4, 17, 3), "float32"), 2, shard=(2, 2)), "`shard`"),
        (lambda: load_sequences(np.zeros((4, 5, 17, 3), "float32"), 2, frames=0), "`frames`"),
        (lambda: ImageAugmentation(zoom=(0, 1)), "`zoom`"),
        (lambda: ImageAugmentation(hue=0.6), "`hue`"),
        (lambda: ImageAugmentation(beyond="white"), "`beyond`"),
        (lambda: ImageAugmentation(zoom=(1, 4), beyond="mirrored"), "beyond one mirror image"),
        (lambda: load_adaptation(np.zeros((4, 3, 8, 8, 3), "uint8"), training=False), "`training`"),
    ],
)
def test_wrong_arguments_are_named(call, expected):
    with pytest.raises(ValueError, match=expected):
        call()


def test_records_of_another_kind_are_refused(tmp_path):
    write_images(tmp_path)
    with pytest.raises(ValueError, match="kind"):
        data.load_poses(tmp_path, 2)
    write_clips(tmp_path / "clips")
    with pytest.raises(ValueError, match="`source` must hold records of labelled_image or labelled_person"):
        known_beside_poses(tmp_path / "clips")


def test_keypoints_are_the_projected_joints(tmp_path):
    _, joints, validity = write_images(tmp_path, 4)
    (images, poses, weights), *_ = load_labelled_images(tmp_path, 4, also=["keypoints"], **EVALUATION)
    absolute = joints + np.float32([0, 0, 4])
    expected = (absolute[..., :2] / absolute[..., 2:] + 0.5) / images.shape[1] - 0.5  # the camera matrix is that of one
    np.testing.assert_allclose(poses["keypoints"], expected, atol=1e-6)
    np.testing.assert_array_equal(poses["joints"], joints)
    np.testing.assert_array_equal(weights, validity)
    assert known_beside_poses(tmp_path) == ("keypoints",)
    with pytest.raises(ValueError, match="`also` must be empty for arrays"):
        load_labelled_images((images.numpy(), joints), 4, also=["keypoints"])
    with pytest.raises(ValueError, match=r"`also` must be of .'keypoints',. for records 'labelled_image'.*masks"):
        load_labelled_images(tmp_path, 4, also=["masks"])


def test_keypoints_and_masks_move_with_the_picture():
    # A square in a picture, and the place that is said of it.
    picture = np.zeros((64, 64, 3), "uint8")
    picture[20:24, 40:44] = 255
    place = np.float32([[42 / 64 - 0.5, 22 / 64 - 0.5]])
    augmentation = ImageAugmentation((0.7, 1.4), 0.1, 0, 0, 0, 0)
    for number in range(5):
        seed = [0, number]
        moved = augmentation(picture, seed)
        rows, columns = np.nonzero(moved.numpy()[..., 0] > 127)
        middle = (np.array([columns.mean(), rows.mean()]) + 0.5) / 64 - 0.5
        np.testing.assert_allclose(augmentation.move_keypoints(place, seed)[0], middle, atol=0.02)
        mask = augmentation.move_mask(tf.constant(picture[..., 0]), seed)
        np.testing.assert_allclose(mask.numpy().astype(int), moved[..., 0].numpy(), atol=1)


def test_people_come_with_masks(tmp_path):
    motion = generate_motion_library(sequences=2, frames=30, seed=0)
    record_images(motion, WILD, tmp_path, "train", count=6, size=32, masks=True)
    assert known_beside_poses(tmp_path) == ("keypoints", "masks")
    plain, *_ = load_labelled_images(tmp_path, 6, **EVALUATION)
    (images, labels, _), *_ = load_labelled_images(tmp_path, 6, also=("masks", "keypoints"), **EVALUATION)
    np.testing.assert_array_equal(images, plain[0])
    np.testing.assert_array_equal(labels["joints"], plain[1])
    masks = labels["masks"].numpy()
    assert masks.dtype == np.uint8
    assert masks.shape == (6, 32, 32)
    assert ((masks > 250).mean((1, 2)) > 0.03).all()
    assert ((masks < 5).mean((1, 2)) > 0.5).all()
    # The middle of the body is covered.
    columns, rows = np.moveaxis(((labels["keypoints"].numpy()[:, 7] + 0.5) * 32).astype(int), -1, 0)
    assert (masks[np.arange(6), rows, columns] > 200).all()
    strong = ImageAugmentation()
    clips = np.zeros((4, 6, 32, 32, 3), "uint8")
    (x,) = next(iter(load_adaptation(clips, tmp_path, source_also=("masks", "keypoints"), augmentation=strong)))
    assert x["source_masks"].shape == (32, 32, 32)
    assert x["source_keypoints"].shape == (32, 17, 2)
