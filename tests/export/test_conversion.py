"""ONNX and LiteRT: files that their own runtimes run, and that give what the model gives."""

import re
import sys

import keras
import numpy as np
import pytest

from posealign_keras.export import conversion, export_litert, export_onnx

rng = np.random.default_rng(0)
FORMATS = {"onnx": (export_onnx, ".onnx", "onnxruntime"), "litert": (export_litert, ".tflite", "ai_edge_litert")}


def run_onnx(path, images):
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path))
    (given,) = session.get_inputs()
    assert (given.name, given.type, given.shape[1:]) == ("images", "tensor(uint8)", [32, 32, 3])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(None, {"images": images}), strict=True))


def run_litert(path, images):
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(path))
    assert list(interpreter.get_signature_list()) == ["serving_default"]
    return interpreter.get_signature_runner()(images=images)


@pytest.mark.parametrize(("name", "run"), [("onnx", run_onnx), ("litert", run_litert)], ids=["onnx", "litert"])
def test_its_own_runtime_gives_what_the_model_gives(estimator, tmp_path, name, run):
    export, suffix, runtime = FORMATS[name]
    pytest.importorskip(runtime)
    path = export(estimator, tmp_path / "new" / f"model{suffix}")
    assert [one.name for one in path.parent.iterdir()] == [path.name]
    for count in (1, 5):
        images = rng.integers(0, 256, (count, 32, 32, 3)).astype("uint8")
        found = run(path, images)
        for output, value in estimator(images).items():
            np.testing.assert_allclose(found[output], value, atol=1e-4 if output == "pose_3d" else 1e-3)


def test_a_file_that_gives_something_else_is_not_written(estimator, tmp_path, monkeypatch):
    pytest.importorskip("onnxruntime")
    other = keras.models.clone_model(estimator)
    other.set_weights([weight + 0.05 for weight in estimator.get_weights()])
    expected = conversion.reference_outputs(other)
    monkeypatch.setattr(conversion, "reference_outputs", lambda model: expected)
    path = tmp_path / "model.onnx"
    path.write_text("as it was")
    with pytest.raises(RuntimeError, match=r"model\.onnx does not give what the model gives"):
        export_onnx(estimator, path)
    assert path.read_text() == "as it was"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", FORMATS)
def test_wrong_arguments(estimator, tmp_path, monkeypatch, name):
    export, suffix, runtime = FORMATS[name]
    with pytest.raises(ValueError, match="`model` must be a `PoseEstimator`"):
        export(estimator.image_encoder, tmp_path / f"model{suffix}")
    with pytest.raises(ValueError, match=re.escape(f"`path` must end with {suffix}. Received: path=")):
        export(estimator, tmp_path / "model.pb")
    (tmp_path / "file").write_text("")
    monkeypatch.setattr("posealign_keras.export.checks.find_spec", lambda package: sys)
    with pytest.raises(ValueError, match="`path` must be in a directory that can be written to"):
        export(estimator, tmp_path / "file" / f"model{suffix}")
    monkeypatch.setattr("posealign_keras.export.checks.find_spec", lambda package: None if package == runtime else sys)
    with pytest.raises(ImportError, match=rf"needs {runtime}, .*posealign_keras\[{name}\]"):
        export(estimator, tmp_path / f"model{suffix}")
