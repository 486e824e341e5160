"""Exports of models of every backend: TensorFlow makes them, and they give what the model gave in its own."""

import keras
import numpy as np
import pytest
from tiny_models import tiny_estimator

from posealign_keras.export import export_litert, export_onnx, export_saved_model, reference
from posealign_keras.export.other_process import call_in_other_process, run_python


@pytest.fixture(scope="module")
def model():
    return tiny_estimator()


@pytest.mark.slow
@pytest.mark.skipif(keras.backend.backend() == "tensorflow", reason="is the subject of the other files")
def test_saved_model_of_a_model_of_another_backend(model, tmp_path):
    """The verification inside compares with the outputs of this backend."""
    place = export_saved_model(model, tmp_path)
    assert (place / "assets.extra" / "tf_serving_warmup_requests").stat().st_size > 0


@pytest.mark.slow
@pytest.mark.skipif(keras.backend.backend() == "tensorflow", reason="is the subject of the other files")
@pytest.mark.parametrize(
    ("export", "name", "runtime"),
    [
        (export_onnx, "model.onnx", "onnxruntime"),
        (export_litert, "model.tflite", "ai_edge_litert"),
    ],
)
def test_files_of_a_model_of_another_backend(model, tmp_path, export, name, runtime):
    pytest.importorskip(runtime)
    assert export(model, tmp_path / name).stat().st_size > 0


def test_outputs_are_taken_from_a_cpu_where_there_is_an_accelerator(model, monkeypatch):
    expected = reference.reference_outputs(model)
    assert reference.is_on_cpu(model)
    monkeypatch.setattr(reference, "is_on_cpu", lambda model: False)
    found = reference.reference_outputs(model)
    assert set(found) == set(expected) >= {"square", "wide", "square/pose_3d", "wide/latent"}
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, atol=1e-5, err_msg=name)


def test_an_error_of_the_other_process_is_told(model):
    with pytest.raises(RuntimeError, match=r"(?s)ended with code 1:.*AttributeError: .*nothing"):
        call_in_other_process("posealign_keras.export.reference:nothing", model, keras.backend.backend())


def test_other_processes_import_no_neighbours_of_a_script(tmp_path):
    (tmp_path / "json.py").write_text("raise SystemExit('hidden')")
    (tmp_path / "script.py").write_text("import json, posealign_keras; print(json.dumps('ok'))")
    assert run_python([str(tmp_path / "script.py")], "It") == '"ok"\n'
