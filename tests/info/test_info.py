"""What files and directories are, as `info` tells it."""

import keras
import numpy as np
import pytest
from small_videos import write_sound, write_video

from posealign_keras.data.synthetic import generate_motion_library
from posealign_keras.info import info
from posealign_keras.models import ImageEncoder, PoseAutoencoder, PoseEstimator, VideoPoses
from posealign_keras.prediction.bvh_writer import write_bvh
from posealign_keras.prediction.pose_files import save_json, save_npz
from posealign_keras.presets import Preset
from posealign_keras.skeletons import BODY17
from posealign_keras.workspace import Workspace


@pytest.fixture(scope="module")
def networks():
    encoder = ImageEncoder("small_resnet", 32, latent_dim=6, head_filters=(), head_widths=(12,))
    return encoder, PoseAutoencoder(latent_dim=6, width=16, depth=2)


def test_an_estimator(networks, tmp_path):
    model = PoseEstimator(*networks)
    model.save(tmp_path / "estimator.keras")
    found = info(tmp_path / "estimator.keras")
    assert (found["kind"], found["class"], found["keras"]) == ("model", "PoseEstimator", keras.__version__)
    assert found["weights"] == model.count_params()
    assert found["image_encoder"]["image_size"] == 32
    assert found["pose_autoencoder"]["skeleton"] == "body17"
    assert found["joint_names"][0] == "pelvis"


def test_a_trained_model_without_its_optimizer(networks, tmp_path):
    model = PoseEstimator(*networks)
    model.compile(optimizer=keras.optimizers.Adam(0.002))
    model.optimizer.build(model.trainable_variables)
    model.save(tmp_path / "trained.keras")
    found = info(tmp_path / "trained.keras")
    assert found["weights"] == sum(int(np.prod(weight.shape)) for weight in model.weights)
    assert "0.002" in str(found["compiled"])


def test_records(tmp_path):
    from tfrecords_tools import convert

    library = tmp_path / "motion.npz"
    generate_motion_library(3, 60, seed=0).save(library)
    convert("arrays", library, tmp_path / "records", splits={"train": 0.6, "test": 0.4})
    found = info(tmp_path / "records")
    assert found["kind"] == "records"
    splits = found["pose_sequence"]
    assert sum(split["records"] for split in splits.values()) == 3
    assert splits["train"]["record"] == "pose_sequence"
    assert splits["train"]["sizes"]["num_frames"] == 60
    assert info(tmp_path / "records" / "pose_sequence")["train"] == splits["train"]


def test_motion_capture(tmp_path):
    generate_motion_library(3, 60, seed=0).save(tmp_path / "motion.npz")
    found = info(tmp_path / "motion.npz")
    assert (found["kind"], found["frames"], found["sequences"], len(found["joints"])) == ("poses", 180, 3, 17)


def test_videos(tmp_path):
    found = info(write_video(tmp_path / "clip.mp4", 10, rate=20))
    assert found == {
        "kind": "video",
        "frames": 10,
        "seconds": 0.45,
        "fps": 20,
        "frame_rate": "constant",
        "width": 128,
        "height": 96,
    }
    varying = write_video(tmp_path / "other.mp4", 5, milliseconds=[0, 20, 40, 140, 160])
    assert info(varying)["frame_rate"] == "variable"


@pytest.mark.parametrize("as_directory", [False, True])
def test_a_preset_by_name_and_by_its_directory_although_it_holds_records(as_directory):
    found = info(Preset("base_synthetic").directory if as_directory else "base_synthetic")
    assert (found["kind"], found["name"]) == ("preset", "base_synthetic")
    assert found["networks"]["image_encoder"]["backbone"] == "efficientnet_lite0"
    assert found["networks"]["image_encoder"]["bytes"] > 1e6


def test_the_directory_of_a_run_although_it_holds_records(tmp_path):
    workspace = Workspace(tmp_path, {"seed": 3, "sizes": (1, 2)})
    generate_motion_library(3, 60, seed=0).save(tmp_path / "motion.npz")
    workspace.finish("motion", ["motion.npz"], 12.4)
    from tfrecords_tools import convert

    convert("arrays", tmp_path / "motion.npz", tmp_path / "records", splits={"train": 1.0})
    arguments = {"seed": 3, "sizes": [1, 2]}
    assert info(tmp_path) == {"kind": "run", "models": [], "finished": {"motion": "12 s"}, "arguments": arguments}
    (tmp_path / "state.json").write_text("[]")
    with pytest.raises(ValueError, match=r"state\.json"):
        info(tmp_path)


def test_boxes(tmp_path):
    boxes = np.full((5, 4), np.nan)
    boxes[1:4] = [0, 0, 10, 20]
    np.savez(tmp_path / "walk.npz", boxes_xyxy_px=boxes)
    assert info(tmp_path / "walk.npz") == {"kind": "boxes", "clips": {"walk": {"boxes": 3, "last_frame": 4}}}
    (tmp_path / "two.csv").write_text("clip,frame,x,y,w,h,track\na,0,1,2,3,4,one\na,7,1,2,3,4,two\n")
    assert info(tmp_path / "two.csv")["clips"] == {
        "a track one": {"boxes": 1, "last_frame": 0},
        "a track two": {"boxes": 1, "last_frame": 7},
    }
    (tmp_path / "walk.json").write_text('{"walk": [[0, 0, 10, 20], null]}')
    assert info(tmp_path / "walk.json")["clips"]["walk"]["boxes"] == 1


def test_poses_of_a_video_in_every_format(tmp_path):
    found = VideoPoses(
        poses=np.concatenate([np.random.default_rng(0).normal(0, 0.3, (3, 17, 3)), np.full((1, 17, 3), np.nan)]),
        latents=np.array([[0.0]] * 3 + [[np.nan]]),
        rotations=np.tile(np.eye(3), (4, 1, 1)),
        confidence=np.array([0.5, 0.5, 0.5, np.nan]),
        plausibility=np.ones(4),
        times=np.arange(4) / 25,
        fps=25.0,
        boxes=np.zeros((4, 4)),
        intrinsics=np.eye(3),
        keypoints=np.zeros((4, 17, 2)),
    )
    save_npz(tmp_path / "poses.npz", found, np.zeros((4, 3)), "walk", BODY17)
    save_json(tmp_path / "poses.json", found, np.zeros((4, 3)), "walk", BODY17)
    write_bvh(tmp_path / "poses.bvh", found.poses[:3], 25)
    of_arrays, of_text = info(tmp_path / "poses.npz"), info(tmp_path / "poses.json")
    for name in ("kind", "frames", "poses", "joints", "fps"):
        assert of_arrays[name] == of_text[name]
    assert (of_text["kind"], of_text["frames"], of_text["poses"], of_text["fps"]) == ("poses", 4, 3, 25)
    motion = info(tmp_path / "poses.bvh")
    assert (motion["kind"], motion["frames"], motion["fps"]) == ("motion capture", 3, 25)


def test_a_folder_of_models(networks, tmp_path):
    networks[1].save(tmp_path / "pose.keras")
    assert info(tmp_path) == {"kind": "models", "models": ["pose.keras"]}


def test_what_it_does_not_know(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        info(tmp_path / "nowhere")
    with pytest.raises(
        ValueError, match="holds no preset, run, SavedModel, records, poses, models or numbered pictures"
    ):
        info(tmp_path)
    for name in ("text.keras", "text.npz", "text.mp4", "text.json", "text.csv", "text.bvh"):
        (tmp_path / name).write_text("nothing of that kind")
        with pytest.raises(ValueError, match=name):
            info(tmp_path / name)
    with pytest.raises(ValueError, match="no video stream"):
        info(write_sound(tmp_path / "sound.m4a"))


def test_exported_models(tmp_path):
    version = tmp_path / "pose_estimator" / "3"
    (version / "assets.extra").mkdir(parents=True)
    (version / "saved_model.pb").write_bytes(b"")
    assert info(version) == {"kind": "SavedModel"}
    (version / "assets.extra" / "pose_estimator.json").write_text('{"kind": "preset", "image_size": 32}')
    assert info(version) == {"kind": "SavedModel", "image_size": 32}
    assert info(tmp_path) == {"kind": "SavedModels", "pose_estimator/3": {"kind": "SavedModel", "image_size": 32}}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("state.json", '{"arguments": {}, "stages": {"a": {"seconds": 1' + 400 * "0" + "}}}"),
        ("state.json", "[]"),
        ("poses.json", '{"joint_names": 3, "frames": [{}]}'),
        ("poses.json", "[" * 100_000),
        ("assets.extra/pose_estimator.json", "[1]"),
    ],
)
def test_damaged_text(tmp_path, name, content):
    (tmp_path / "assets.extra").mkdir()
    (tmp_path / name).write_text(content)
    if name.startswith("assets"):
        (tmp_path / "saved_model.pb").write_bytes(b"")
    with pytest.raises(ValueError, match=name.rpartition("/")[2]):
        info(tmp_path / name if name == "poses.json" else tmp_path)


@pytest.mark.parametrize(
    "arrays",
    [
        {"positions": np.zeros(5)},
        {"positions": np.zeros(()), "poses": np.zeros((3, 17, 3))},
        {"positions": np.zeros((3, 17, 3)), "confidence": np.array(["high"])},
        {"other": np.zeros(3)},
        {"boxes_xyxy_px": np.zeros(3)},
        {"positions": np.array([None])},
    ],
)
def test_damaged_arrays(tmp_path, arrays):
    np.savez(tmp_path / "poses.npz", **arrays)
    with pytest.raises(ValueError, match=r"poses\.npz") as error:
        info(tmp_path / "poses.npz")
    assert str(error.value).count("poses.npz") == 1


def test_a_mark_at_the_beginning_of_a_text_is_no_part_of_it(tmp_path):
    (tmp_path / "walk.json").write_text('{"walk": [[0, 0, 10, 20], null]}', encoding="utf-8-sig")
    assert info(tmp_path / "walk.json")["kind"] == "boxes"
