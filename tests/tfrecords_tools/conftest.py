"""Where the tests of `tfrecords_tools` run: records need TensorFlow, no backend of Keras in particular."""

import keras
import pytest

from posealign_keras.data.synthetic import generate_motion_library

if keras.backend.backend() != "tensorflow":
    # Nothing here depends on the backend: once is enough.
    collect_ignore_glob = ["*"]


@pytest.fixture(scope="session")
def motion_file(tmp_path_factory):
    """A file of 12 generated sequences of 64 frames, as for the reader `arrays`."""
    path = tmp_path_factory.mktemp("motion") / "motion.npz"
    generate_motion_library(12, 64, seed=3).save(path)
    return path
