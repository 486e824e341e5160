"""Training that is killed and started again ends like training that never was."""

import json
import os
import pathlib
import random
import subprocess
import sys
import time

import keras
import pytest
from objectives import Opposed, data, dense, equal, opposed, optimizers, values

from posealign_keras.training import ResumeTraining

EPOCHS = 12

TRAIN = """
import json
import sys
import time
import keras
from objectives import data, opposed
from posealign_keras.training import ResumeTraining

slow = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: time.sleep(0.02))
callbacks = [slow, ResumeTraining(sys.argv[1])]
print("ready", flush=True)
history = opposed("alternate").fit(
    *data(20), batch_size=4, epochs=int(sys.argv[2]), shuffle=False, verbose=0, callbacks=callbacks
).history
print(json.dumps(history))
"""


def fit(model, epochs, *callbacks):
    return model.fit(
        *data(20), batch_size=4, epochs=epochs, shuffle=False, verbose=0, callbacks=list(callbacks)
    ).history


class Stop(Exception):
    pass


class StopIn(keras.callbacks.Callback):
    def __init__(self, epoch):
        super().__init__()
        self.stop = epoch

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == self.stop:
            raise Stop


def test_training_goes_on_where_it_stopped(tmp_path):
    whole = opposed("alternate")
    expected = fit(whole, EPOCHS)
    with pytest.raises(Stop):
        fit(opposed("alternate"), EPOCHS, StopIn(5), ResumeTraining(tmp_path))
    model = opposed("alternate")
    history = fit(model, EPOCHS, ResumeTraining(tmp_path))
    assert history == expected
    assert model.history.epoch == list(range(EPOCHS))
    assert equal(values(model.weights), values(whole.weights))
    assert equal(values(model.optimizer.variables), values(whole.optimizer.variables))
    assert [path.name for path in tmp_path.iterdir()] == ["epoch_000000012"]


def test_finished_training_stays_as_it_is(tmp_path):
    model = opposed()
    expected = fit(model, 3, ResumeTraining(tmp_path))
    again = opposed()
    assert fit(again, 3, ResumeTraining(tmp_path)) == expected
    assert equal(values(model.weights), values(again.weights))
    assert len(fit(again, 2)["loss"]) == 2  # and the next training begins at its beginning


def test_what_other_callbacks_log_is_kept(tmp_path):
    class Logger(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            logs["number"] = epoch

    fit(opposed(), 2, Logger(), ResumeTraining(tmp_path))
    assert fit(opposed(), 4, Logger(), ResumeTraining(tmp_path))["number"] == [0, 1, 2, 3]


def test_the_state_of_another_model_or_optimizer_is_refused(tmp_path):
    fit(opposed(), 1, ResumeTraining(tmp_path))
    other = opposed()
    other.compile("adam")
    with pytest.raises(ValueError, match=r"`directory` must hold the state of this model, or be empty. Received: "):
        fit(other, 2, ResumeTraining(tmp_path))
    larger = Opposed(dense(3, 5, "first"), dense(5, 1, "second"))
    larger.compile(optimizers())
    with pytest.raises(ValueError, match=r"`directory` must hold the state of this model, or be empty. Received: "):
        fit(larger, 2, ResumeTraining(tmp_path))


def test_states_are_saved_no_more_often_than_asked_for(tmp_path):
    expected = fit(opposed(), 4)
    assert fit(opposed(), 2, ResumeTraining(tmp_path, least_seconds=1000)) == fit(opposed(), 2)
    assert not list(tmp_path.iterdir())
    fit(opposed(), 2, ResumeTraining(tmp_path))
    # The state of the second epoch is still the last one.
    assert fit(opposed(), 3, ResumeTraining(tmp_path, least_seconds=1000))
    assert [state.name for state in tmp_path.iterdir()] == ["epoch_000000002"]
    assert fit(opposed(), 4, ResumeTraining(tmp_path)) == expected


def test_half_a_state_is_no_state(tmp_path):
    expected = fit(opposed(), 4)
    fit(opposed(), 2, ResumeTraining(tmp_path))
    partial = tmp_path / ".epoch_000000003.1"
    partial.mkdir()
    (partial / "state.weights.h5").write_bytes(b"half")
    assert fit(opposed(), 4, ResumeTraining(tmp_path)) == expected
    assert not partial.exists()


def test_a_full_disk_leaves_the_last_state(tmp_path, monkeypatch):
    fit(opposed(), 2, ResumeTraining(tmp_path))

    def full(file):
        raise OSError("No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space left"):
            fit(opposed(), 4, ResumeTraining(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["epoch_000000002"]
    assert fit(opposed(), 4, ResumeTraining(tmp_path)) == fit(opposed(), 4)


@pytest.mark.slow
def test_killed_again_and_again(tmp_path):
    tests = pathlib.Path(__file__).parent
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tests), str(tests.parents[1])])}
    epochs = 100

    def start(directory):
        process = subprocess.Popen(
            [sys.executable, "-c", TRAIN, str(tmp_path / directory), str(epochs)],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert process.stdout.readline() == "ready\n"
        return process

    def finish(process):
        output, _ = process.communicate(timeout=300)
        assert process.returncode == 0
        return json.loads(output)

    def states():
        return {path.name for path in (tmp_path / "killed").glob("*epoch_*")}

    chance, reached = random.Random(0), []
    for _ in range(20 if keras.backend.backend() == "tensorflow" else 6):  # a start takes seconds
        before, process = states(), start("killed")
        while states() <= before:  # until it has begun to write, at least, what it would lose by being killed
            time.sleep(0.001)
        time.sleep(chance.uniform(0.0, 0.15))
        process.kill()
        assert process.wait() != 0
        reached.append(max((name for name in states() if not name.startswith(".")), default=""))
    assert reached == sorted(reached)
    assert "" < reached[-1] < f"epoch_{epochs:09d}"
    history, expected = finish(start("killed")), finish(start("whole"))
    assert history == expected
    assert len(history["loss"]) == epochs
