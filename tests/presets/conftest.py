"""A finished run of the demo, of tiny networks."""

import hashlib
import json

import numpy as np
import pytest
from tiny_configuration import TINY

from posealign_keras.models import PoseEstimator

ERRORS = {"mpjpe": 101.26, "pa_mpjpe": 80.04, "pck150": 70.0}


@pytest.fixture(scope="module")
def models():
    pose_autoencoder = TINY.pose_autoencoder()
    return {
        "source_only.keras": PoseEstimator(TINY.image_encoder(), pose_autoencoder),
        "adapted.keras": PoseEstimator(TINY.image_encoder(), pose_autoencoder),
        "motion_autoencoder.keras": TINY.motion_autoencoder(),
        "relation_pose_flip.keras": TINY.relation_network("pose_flip"),
    }


@pytest.fixture
def run(tmp_path, models):
    """What a finished run leaves, of tiny networks."""
    directory = tmp_path / "run"
    directory.mkdir()
    for name, model in models.items():
        model.save(directory / name)
    pictures = np.random.default_rng(0).integers(0, 256, (3, 16, 16, 3), "uint8")
    np.savez(directory / "samples.npz", images=pictures, clip_images=pictures, source_images=pictures)
    arguments = {"seed": 4, "preset": "small", "mocap": "walks.npz 0123", "version": "1", "quick": False}
    metrics = {
        "source": {"source_only": ERRORS, "adapted": {**ERRORS, "mpjpe": 111.1}},
        "target": {"source_only": ERRORS, "adapted": {**ERRORS, "mpjpe": 99.9}},
        "pose_aae": {"test_reconstruction": 20.0},
        "motion_aae": {"test_reconstruction": 50.0},
        "relations": {"pose_flip": {"decoded_error": 25.5, "identity_error": 200.0}},
        "protocol": {"joints": "all 17", "root": "pelvis", "scale": "true bones; more", "frames": 7},
        "arguments": arguments,
        "environment": {"backend": "jax", "machine": "two cores"},
        "seconds": {"records": 1},
    }
    (directory / "metrics.json").write_text(json.dumps(metrics))
    files = {name: hashlib.sha256((directory / name).read_bytes()).hexdigest() for name in models}
    state = {"arguments": arguments, "stages": {"all": {"seconds": 1, "files": files}}}
    (directory / "state.json").write_text(json.dumps(state))
    return directory
