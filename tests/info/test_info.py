"""What files and directories are, as `info` tells it."""

import keras
import numpy as np
import pytest
from small_videos import write_sound, write_video

from posealign_keras.data.synthetic import generate_motion_library
from posealign_keras.info import info
from posealign_keras.models import ImageEncoder, PoseAutoencoder, PoseEstimator


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


def test_a_folder_of_models(networks, tmp_path):
    networks[1].save(tmp_path / "pose.keras")
    assert info(tmp_path) == {"kind": "models", "models": ["pose.keras"]}


def test_what_it_does_not_know(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        info(tmp_path / "nowhere")
    with pytest.raises(ValueError, match="holds no records, poses, models or numbered pictures"):
        info(tmp_path)
    for name in ("text.keras", "text.npz", "text.mp4"):
        (tmp_path / name).write_text("nothing of that kind")
        with pytest.raises(ValueError, match=name):
            info(tmp_path / name)
    with pytest.raises(ValueError, match="no video stream"):
        info(write_sound(tmp_path / "sound.m4a"))
