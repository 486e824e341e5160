import numpy as np
import pytest

from posealign_keras.skeletons import BODY17


@pytest.fixture
def standing():
    """A person who faces the camera, arms out: the person's left is on the right of the image."""
    pose = np.zeros((17, 3), np.float32)
    directions = {"ankle": (0, 1, 0), "knee": (0, 1, -0.3), "spine": (0, -1, 0), "thorax": (0, -1, 0)}
    directions |= {"nose": (0, -1, -0.2), "top": (0, -1, 0)}
    outward = {"l_": (1, 0, 0), "r_": (-1, 0, 0)}
    for parent, child in BODY17.edges:
        name = BODY17.joint_names[child]
        direction = np.array(directions.get(name.split("_")[-1]) or outward[name[:2]], float)
        pose[child] = pose[parent] + BODY17.bone_lengths[child] * direction / np.linalg.norm(direction)
    return pose


@pytest.fixture
def poses(standing):
    """Four poses of three methods; source-only is 100 mm off in every joint, adapted 50 mm."""
    true = np.stack([standing * (0.9 + 0.05 * k) for k in range(4)])
    return {"true": true, "source-only": true + [0.1, 0, 0], "adapted": true + [0, 0, 0.05]}


@pytest.fixture
def images():
    return np.random.default_rng(0).integers(0, 256, (4, 24, 16, 3), dtype=np.uint8)
