"""The command line with bad input: clear words, exit codes, nothing that a later run takes for whole."""

import json
import os
import subprocess
import sys

import keras
import numpy as np
import pytest
from small_videos import write_sound, write_video

from posealign_keras import __version__
from posealign_keras.cli import main
from posealign_keras.data.synthetic import generate_motion_library


def broken(tmp_path, **changes):
    path = tmp_path / "motion.npz"
    generate_motion_library(3, 60, seed=0).save(path)
    arrays = dict(np.load(path)) | changes
    np.savez(path, **arrays)
    return path


def records_of_poses(directory):
    """Records of three labelled images."""
    from posealign_keras.data import LABELLED_IMAGE, RecordWriter

    rng = np.random.default_rng(0)
    with RecordWriter(directory, LABELLED_IMAGE, "test") as writer:
        for index in range(3):
            joints = rng.normal(0, 0.3, (17, 3)).astype("float32")
            writer.write(
                {
                    "image": rng.integers(0, 256, (32, 32, 3)).astype("uint8"),
                    "joints": joints - joints[:1],
                    "root_position": np.array([0, 0, 4], "float32"),
                    "joint_validity": np.ones(17, bool),
                    "intrinsics": np.eye(3, dtype="float32"),
                    "dataset": "real_video",
                    "sequence": "walk",
                    "frame_index": index,
                    "fps": 30.0,
                }
            )
    return directory


def refused(capsys, tmp_path, *arguments):
    """What the command says when it refuses, with exit code 2."""
    assert main(["demo", "--quick", "--out", str(tmp_path / "out"), *map(str, arguments)]) == 2
    error = capsys.readouterr().err
    assert error.startswith("posealign: ")
    assert "Traceback" not in error
    assert not (tmp_path / "out" / "metrics.json").exists()
    return error


def test_a_missing_motion_file(capsys, tmp_path):
    assert "nowhere.npz" in refused(capsys, tmp_path, "--mocap", tmp_path / "nowhere.npz")


def test_a_broken_motion_file(capsys, tmp_path):
    path = tmp_path / "broken.npz"
    path.write_bytes(b"PK\x03\x04 not an archive")
    error = refused(capsys, tmp_path, "--mocap", path)
    assert "broken.npz" in error
    assert "must be an .npz file" in error


def test_motion_of_a_wrong_shape(capsys, tmp_path):
    path = broken(tmp_path, positions=np.zeros((180, 16, 3), "float32"))
    assert "(180, 16, 3)" in refused(capsys, tmp_path, "--mocap", path)


def test_motion_that_is_not_a_number(capsys, tmp_path):
    positions = np.load(broken(tmp_path))["positions"]
    positions[70, 3, 1] = np.nan
    error = refused(capsys, tmp_path, "--mocap", broken(tmp_path, positions=positions))
    assert "frame 70" in error
    assert "r_ankle" in error


def test_an_output_directory_that_is_a_file(capsys, tmp_path):
    (tmp_path / "out").write_text("here already")
    code = main(["demo", "--quick", "--out", str(tmp_path / "out")])
    assert code == 1
    assert str(tmp_path / "out") in capsys.readouterr().err
    assert (tmp_path / "out").read_text() == "here already"


def test_an_output_directory_of_other_arguments(capsys, tmp_path, monkeypatch):
    monkeypatch.setattr("posealign_keras.demo.stages.make_records", lambda run: [])
    monkeypatch.setattr("posealign_keras.demo.stages.train_pose_autoencoder", lambda run: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        main(["demo", "--quick", "--out", str(tmp_path / "out")])
    assert "seed: 0 there, 7 now" in refused(capsys, tmp_path, "--seed", 7)


def test_an_interruption(capsys, tmp_path, monkeypatch):
    def interrupt(run):
        raise KeyboardInterrupt

    monkeypatch.setattr("posealign_keras.demo.stages.make_records", interrupt)
    assert main(["demo", "--quick", "--out", str(tmp_path)]) == 130
    assert "continues" in capsys.readouterr().err


def test_a_full_disk(capsys, tmp_path, monkeypatch):
    def fill(run):
        raise OSError(28, "No space left on device", str(run.workspace.path("records")))

    monkeypatch.setattr("posealign_keras.demo.stages.make_records", fill)
    assert main(["demo", "--quick", "--out", str(tmp_path)]) == 1
    assert "No space left on device" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["demo", "--preset", "huge"], ["demo", "--seed", "one"], ["fly"]])
def test_wrong_words(arguments, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    assert "usage: posealign" in capsys.readouterr().err


def test_a_negative_seed(capsys, tmp_path):
    assert "`seed`" in refused(capsys, tmp_path, "--seed=-1")


def test_the_version_without_a_backend():
    code = (
        "import sys, posealign_keras.cli as cli\n"
        "try: cli.main(['--version'])\n"
        "except SystemExit: pass\n"
        "assert not {'tensorflow', 'jax', 'torch', 'keras'} & set(sys.modules)"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed.strip() == f"posealign {__version__}"


# The other commands.


@pytest.fixture(scope="module")
def model_file(tmp_path_factory):
    import keras

    from posealign_keras.models import ImageEncoder, PoseAutoencoder, PoseEstimator

    keras.utils.set_random_seed(0)
    encoder = ImageEncoder("small_resnet", 32, latent_dim=6, head_filters=(), head_widths=(12,))
    path = tmp_path_factory.mktemp("model") / "estimator.keras"
    PoseEstimator(encoder, PoseAutoencoder(latent_dim=6, width=16, depth=2)).save(path)
    return path


def words(capsys, code, *arguments):
    """What the command says on the error stream when it ends with `code`: one sentence, no traceback."""
    assert main([*map(str, arguments)]) == code
    error = capsys.readouterr().err
    assert error.startswith("posealign: ")
    assert "Traceback" not in error
    assert error.count("\n") == 1
    return error


def test_predict_writes_a_directory_and_info_knows_it(capsys, tmp_path, model_file):
    video = write_video(tmp_path / "clip.mp4", 4)
    arguments = ["predict", video, "--model", model_file, "--out", tmp_path / "out", "--intrinsics", 110, 110, 64, 48]
    assert main([*map(str, arguments)]) == 0
    printed = capsys.readouterr().out
    assert str(tmp_path / "out") in printed
    with np.load(tmp_path / "out" / "poses.npz") as content:
        np.testing.assert_array_equal(content["intrinsics"], [[110, 0, 64], [0, 110, 48], [0, 0, 1]])
        unsure = np.mean(content["confidence"] < 0.3)
    assert f"A pose in 4 of 4 frames, {unsure:.0%} of them unsure (confidence below 0.3)." in printed
    assert main(["info", str(tmp_path / "out")]) == 0
    assert json.loads(capsys.readouterr().out)["frames"] == 4
    assert "`overwrite`" in words(capsys, 2, *arguments)
    assert main([*map(str, arguments), "--overwrite", "--no-flip-average"]) == 0
    assert "A pose in 4 of 4 frames.\n" in capsys.readouterr().out
    with np.load(tmp_path / "out" / "poses.npz") as content:
        assert np.isnan(content["confidence"]).all()


def test_videos_that_are_none(capsys, tmp_path, model_file):
    (tmp_path / "text.mp4").write_text("no video at all")
    (tmp_path / "folder").mkdir()
    for video, expected in (
        (tmp_path / "nowhere.mp4", "nowhere.mp4"),
        (tmp_path / "text.mp4", "text.mp4 cannot be read as a video"),
        (write_sound(tmp_path / "sound.m4a"), "no video stream"),
        (tmp_path / "folder", "no numbered picture"),
        ("https://example.org/clip.mp4", "download it first"),
    ):
        assert expected in words(capsys, 2, "predict", video, "--model", model_file, "--out", tmp_path / "out")
        assert not (tmp_path / "out").exists()


def test_models_boxes_and_outputs_that_do_not_fit(capsys, tmp_path, model_file):
    video = write_video(tmp_path / "clip.mp4", 4)
    (tmp_path / "boxes.csv").write_text("clip,frame,x,y,w,h\nclip,9,1,1,50,50\n")
    before = sorted(tmp_path.iterdir())
    for arguments, code, expected in (
        (["--model", tmp_path / "none.keras"], 2, "none.keras"),
        (["--model", video], 2, "clip.mp4"),
        (["--model", model_file, "--boxes", tmp_path / "boxes.csv"], 2, "there is a box for frame 9"),
        (["--model", model_file, "--boxes", "eagle"], 2, "hog"),
        (["--model", model_file, "--smooth"], 2, "motion_autoencoder.keras"),
        (["--model", model_file, "--distortion", 0, 0, 0, 0, 0], 2, "needs `intrinsics`"),
        (["--model", model_file, "--fps", 0], 2, "`fps`"),
    ):
        assert expected in words(capsys, code, "predict", video, "--out", tmp_path / "out", *arguments)
    assert "is a file" in words(capsys, 1, "predict", video, "--model", model_file, "--out", video / "out")
    assert sorted(tmp_path.iterdir()) == before


def test_an_interrupted_prediction_leaves_nothing(capsys, tmp_path, model_file, monkeypatch):
    def interrupt(self, index, image):
        raise KeyboardInterrupt

    video = write_video(tmp_path / "clip.mp4", 4)
    monkeypatch.setattr("posealign_keras.prediction.overlay.Overlay.draw", interrupt)
    assert main(["predict", str(video), "--model", str(model_file), "--out", str(tmp_path / "out")]) == 130
    assert "continues" not in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["clip.mp4"]


def test_a_backend_that_does_not_load_is_told_with_its_own_words(tmp_path):
    (tmp_path / "keras.py").write_text("import os\nos.write(2, b'libraries fail')\nraise ImportError('no backend')\n")
    code = "import sys; from posealign_keras.cli import main; sys.exit(main(['demo']))"
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    found = subprocess.run([sys.executable, "-c", code], env=environment, cwd=tmp_path, capture_output=True, text=True)
    assert found.returncode == 2
    assert found.stderr.startswith("libraries fail")
    assert "posealign: no backend" in found.stderr


# Records are read by TensorFlow beside every backend.
@pytest.mark.parametrize(
    "name", ["predict", "evaluate", "info"] if keras.backend.backend() == "tensorflow" else ["evaluate"]
)
def test_nothing_but_ones_own_words_is_told(model_file, tmp_path, name):
    video = write_video(tmp_path / "clip.mp4", 4)
    words = {
        "predict": ["predict", video, "--model", model_file, "--out", tmp_path / "out"],
        "evaluate": [
            "evaluate",
            records_of_poses(tmp_path / "records"),
            "--model",
            model_file,
            "--protocol",
            "real_video",
        ],
        "info": ["info", "small_synthetic"],
    }
    command = [sys.executable, "-m", "posealign_keras.cli", *map(str, words[name])]
    # Keras in this process has set a level of the log, which would be that of the other one.
    environment = {name: value for name, value in os.environ.items() if name != "TF_CPP_MIN_LOG_LEVEL"}
    found = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert found.stderr == ""


def test_info_of_nothing(capsys, tmp_path):
    assert "There is no" in words(capsys, 2, "info", tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--out", "there"], ("saved_model", True, "there")),
        (["--out", "there", "--format", "onnx", "--no-verify"], ("onnx", False, "there")),
        (["--out", "there", "--format", "litert"], ("litert", True, "there")),
        (["--out", "net.onnx"], ("onnx", True, "net.onnx")),
        (["--out", "net.tflite"], ("litert", True, "net.tflite")),
        (["--out", "net.onnx", "--format", "saved_model"], ("saved_model", True, "net.onnx")),
    ],
)
def test_export_hands_the_estimator_to_the_export_of_that_format(capsys, model_file, monkeypatch, arguments, expected):
    from posealign_keras import export

    called = []
    for name in ("saved_model", "onnx", "litert"):

        def write(model, out, verify, name=name):
            called.append((name, verify, out))
            return f"{out}/1"

        monkeypatch.setattr(export, f"export_{name}", write)
    assert main(["export", "--model", str(model_file), *arguments]) == 0
    assert called == [expected]
    assert f"{expected[2]}/1" in capsys.readouterr().out


def test_an_export_that_fails(capsys, model_file, monkeypatch):
    def fail(model, out, verify):
        raise RuntimeError("poses differ by 3 mm")

    monkeypatch.setattr("posealign_keras.export.export_onnx", fail)
    error = words(capsys, 1, "export", "--model", model_file, "--out", "x.onnx", "--format", "onnx")
    assert "poses differ by 3 mm" in error


def test_evaluate_writes_what_it_prints(capsys, tmp_path, model_file):
    records = records_of_poses(tmp_path / "records")
    evaluate = ["evaluate", records, "--model", model_file, "--protocol"]
    arguments = [*evaluate, "real_video", "--flip-average", "--out", tmp_path / "result.json"]
    assert main([*map(str, arguments)]) == 0
    table = capsys.readouterr().out
    content = json.loads((tmp_path / "result.json").read_text())
    assert sum(content["frames"].values()) == 3
    for value in content["overall"].values():
        assert f"{value:.1f}" in table
    assert "human36m_protocol_2" in words(capsys, 2, *evaluate, "nothing")
    assert "`--out`" in words(capsys, 2, *evaluate, "real_video", "--out", tmp_path / "result.txt")
    assert "No complete split 'train'" in words(capsys, 2, *evaluate, "real_video", "--split", "train")
