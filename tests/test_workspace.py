import errno
import json

import keras
import numpy as np
import pytest

from posealign_keras.workspace import Workspace


def network():
    return keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])


def files_in(directory):
    return sorted(path.name for path in directory.iterdir())


def test_a_finished_stage_is_remembered(tmp_path):
    workspace = Workspace(tmp_path, {"seed": 1})
    workspace.save_json("a.json", {"x": 1})
    workspace.finish("first", ["a.json"], 2.5, history={"loss": [1.0]})
    again = Workspace(tmp_path, {"seed": 1})
    assert again.finished("first")
    assert not again.finished("second")
    assert again.result("first", "history") == {"loss": [1.0]}
    assert again.seconds() == {"first": 2.5}


@pytest.mark.parametrize("damage", ["change", "remove"])
def test_a_stage_whose_file_is_damaged_counts_as_unfinished(tmp_path, damage):
    workspace = Workspace(tmp_path, {})
    workspace.save_json("a.json", {"x": 1})
    workspace.finish("first", ["a.json"], 1)
    if damage == "change":
        (tmp_path / "a.json").write_text("{}")
    else:
        (tmp_path / "a.json").unlink()
    assert not Workspace(tmp_path, {}).finished("first")


def test_forgotten_stages_run_again(tmp_path):
    workspace = Workspace(tmp_path, {})
    for stage in ("first", "second"):
        workspace.finish(stage, [], 1)
    workspace.forget(["second", "third"])
    again = Workspace(tmp_path, {})
    assert again.finished("first")
    assert not again.finished("second")


def test_fresh_forgets_everything(tmp_path):
    Workspace(tmp_path, {"seed": 1}).finish("first", [], 1)
    assert not Workspace(tmp_path, {"seed": 2}, fresh=True).finished("first")


def test_arguments_are_compared_as_a_file_holds_them(tmp_path):
    Workspace(tmp_path, {"layers": ("conv3_",), 1: 2}).finish("first", [], 1)
    again = Workspace(tmp_path, {"layers": ["conv3_"], "1": 2})
    assert again.finished("first")
    assert again.arguments == {"layers": ["conv3_"], "1": 2}
    with pytest.raises(ValueError, match="`arguments` must be what JSON can hold"):
        Workspace(tmp_path / "other", {"path": tmp_path})


def test_another_run_is_refused_and_the_difference_named(tmp_path):
    Workspace(tmp_path, {"seed": 1, "quick": True}).finish("first", [], 1)
    with pytest.raises(ValueError, match=r"seed: 1 there, 2 now.*--fresh"):
        Workspace(tmp_path, {"seed": 2, "quick": True})


def test_other_arguments_are_fine_where_nothing_is_finished(tmp_path):
    Workspace(tmp_path, {"seed": 1})
    assert not Workspace(tmp_path, {"seed": 2}).finished("first")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"stages": {}}'])
def test_an_unreadable_state_is_an_error_that_names_the_file(tmp_path, text):
    (tmp_path / "state.json").write_text(text)
    with pytest.raises(ValueError, match=r"state\.json"):
        Workspace(tmp_path, {})


def test_models_and_arrays_come_back(tmp_path):
    workspace = Workspace(tmp_path, {})
    model, values = network(), np.arange(6, dtype="float32").reshape(2, 3)
    workspace.save_model("m.keras", model)
    np.testing.assert_array_equal(
        keras.ops.convert_to_numpy(workspace.load_model("m.keras")(values)), keras.ops.convert_to_numpy(model(values))
    )
    workspace.save_arrays("a.npz", values=values)
    np.testing.assert_array_equal(np.load(tmp_path / "a.npz")["values"], values)


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    workspace = Workspace(tmp_path, {})
    workspace.save_json("a.json", {"x": 1})
    before = files_in(tmp_path)

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("posealign_keras.workspace.os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        workspace.save_json("a.json", {"x": 2})
    with pytest.raises(OSError, match="No space left"):
        workspace.save_model("m.keras", network())
    assert files_in(tmp_path) == before
    assert json.loads((tmp_path / "a.json").read_text()) == {"x": 1}


def test_states_of_training_belong_to_what_was_finished_before_them(tmp_path):
    workspace = Workspace(tmp_path, {"seed": 1})
    first = workspace.training_state("second")
    assert Workspace(tmp_path, {"seed": 1}).training_state("second") == first
    assert Workspace(tmp_path, {"seed": 2}).training_state("second") != first
    workspace.save_json("a.json", {"x": 1})
    workspace.finish("first", ["a.json"], 1)
    after = workspace.training_state("second")
    assert after != first
    workspace.save_json("a.json", {"x": 2})
    workspace.finish("first", ["a.json"], 1)
    assert workspace.training_state("second") != after


def test_states_of_training_are_removed(tmp_path):
    workspace = Workspace(tmp_path, {"seed": 1})
    for name in ("one", "one_more"):
        workspace.training_state(name).mkdir(parents=True)
    workspace.forget_training("one")
    assert not workspace.training_state("one").exists()
    assert workspace.training_state("one_more").exists()
    Workspace(tmp_path, {"seed": 1}, fresh=True)
    assert not workspace.training_state("one_more").exists()


def test_a_file_is_no_workspace(tmp_path):
    (tmp_path / "video.mp4").write_bytes(b"precious")
    with pytest.raises(NotADirectoryError, match=r"`out` must be a directory.*video\.mp4 is a file"):
        Workspace(tmp_path / "video.mp4", {})
    assert (tmp_path / "video.mp4").read_bytes() == b"precious"
