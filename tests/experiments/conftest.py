"""The five data sets of the paper's settings: a few frames each, in their true formats, and converted."""

import sys
from pathlib import Path

import pytest
from tiny_configuration import TINY

# The files are written by the functions that the tests of the readers use.
_READERS = Path(__file__).parents[1] / "tfrecords_tools"
for folder in (str(_READERS), str(_READERS / "readers")):
    if folder not in sys.path:
        sys.path.append(folder)

FRAMES = 16
# Frames of a test sequence of MPI-INF-3DHP that are to be evaluated.
VALID = (0, 1, 1, 0, 1, 0, 0, 0, 0, 0)


@pytest.fixture(scope="session")
def configuration():
    return TINY


@pytest.fixture(scope="session")
def records(tmp_path_factory):
    """`{data set: directory}` of converted records; `"motion"` is that of the pose sequences."""
    import test_human36m as human36m
    import test_mpi_inf_3dhp as mpi_inf_3dhp
    import test_pw3d as pw3d
    import test_surreal as surreal
    import test_videos as videos

    from posealign_keras.data.synthetic import generate_motion_library
    from tfrecords_tools import convert

    raw, out = tmp_path_factory.mktemp("raw"), tmp_path_factory.mktemp("records")
    for sequence in ("01_01", "02_01"):
        surreal.write_clip(raw / "surreal", sequence=sequence, frames=FRAMES)
    (raw / "human36m").mkdir()
    (raw / "human36m" / "metadata.xml").write_text(human36m.metadata_text())
    for subject, name, camera in (
        ("S1", "Directions 1", "54138969"),
        ("S5", "Walking 1", "54138969"),
        ("S9", "Directions 1", "54138969"),
        ("S9", "WalkDog 1", "60457274"),
        ("S11", "Directions", "60457274"),
    ):
        human36m.write_take(raw / "human36m", subject, name, camera, frames=FRAMES)
    mpi_inf_3dhp.write_train(raw / "mpi_inf_3dhp", frames=FRAMES, size=256)
    mpi_inf_3dhp.write_test(raw / "mpi_inf_3dhp", "TS1", VALID)
    mpi_inf_3dhp.write_test(raw / "mpi_inf_3dhp", "TS2", VALID)
    pw3d.write(raw / "pw3d", split="test")
    videos.write_video(raw / "web" / "walk.mp4", 30)
    (raw / "boxes.csv").write_text(videos.csv(["walk"], 30))
    generate_motion_library(6, 32, seed=3).save(raw / "motion.npz")
    options = {
        "surreal": {"image_fps": 30},
        "human36m": {"image_fps": 50},
        "mpi_inf_3dhp": {"image_fps": 25},
        "pw3d": {"kinds": ["labelled_image"]},
    }
    small = {"size": 16, "clip_length": 8, "shortest_sequence": 4}
    for name, more in options.items():
        convert(name, raw / name, out / name, **small, **more)
    convert("videos", raw / "web", out / "web", boxes=str(raw / "boxes.csv"), **small)
    convert("arrays", raw / "motion.npz", out / "motion")
    return {path.name: path for path in out.iterdir()}


@pytest.fixture
def without_graphs():
    """On TensorFlow every operation runs at once: graphs of a dozen models would take minutes to make."""
    import keras

    if keras.backend.backend() != "tensorflow":
        yield
        return
    import tensorflow as tf

    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)
