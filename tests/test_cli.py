"""The command line with bad input: clear words, exit codes, nothing that a later run takes for whole."""

import subprocess
import sys

import numpy as np
import pytest

from posealign_keras import __version__
from posealign_keras.cli import main
from posealign_keras.data.synthetic import generate_motion_library


def broken(tmp_path, **changes):
    path = tmp_path / "motion.npz"
    generate_motion_library(3, 60, seed=0).save(path)
    arrays = dict(np.load(path)) | changes
    np.savez(path, **arrays)
    return path


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
