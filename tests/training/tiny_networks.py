"""Networks of a few units, and data for them, for the tests of the stages."""

import keras
import numpy as np

from posealign_keras.models import (
    Discriminator,
    ImageEncoder,
    MotionAutoencoder,
    PoseAutoencoder,
    RelationNetwork,
)
from posealign_keras.relations import get_relation
from posealign_keras.skeletons import BODY17

POSE_LATENT, MOTION_LATENT, FRAMES, SIZE = 4, 5, 4, 16


def pose_autoencoder():
    return PoseAutoencoder(POSE_LATENT, width=16, depth=1)


def pose_discriminator():
    return Discriminator(POSE_LATENT, width=8, depth=1)


def motion_autoencoder():
    return MotionAutoencoder(FRAMES, POSE_LATENT, MOTION_LATENT, units=4, depth=1)


def motion_discriminator():
    return Discriminator(MOTION_LATENT, width=8, depth=1)


def image_encoder():
    return ImageEncoder("small_resnet", SIZE, POSE_LATENT, head_filters=(), head_widths=(8,))


def relation_network(name):
    relation = get_relation(name)
    if relation.order == "higher":
        return RelationNetwork(get_relation(name, frames=FRAMES), MOTION_LATENT, (8,))
    return RelationNetwork(relation, POSE_LATENT, (8,))


def poses(count, seed=0):
    """`(count, 17, 3)`: people who stand and hold their limbs anywhere, with lengths of their own."""
    random = np.random.default_rng(seed)
    joints = np.zeros((count, 17, 3))
    for parent, child in BODY17.edges:
        below = BODY17.joint_names[child].endswith(("knee", "ankle", "elbow", "wrist"))
        direction = random.normal(0, 0.4, (count, 3)) + [0, 1 if below else -1, 0]
        direction /= np.linalg.norm(direction, axis=-1, keepdims=True)
        joints[:, child] = joints[:, parent] + random.uniform(0.8, 1.2) * BODY17.bone_lengths[child] * direction
    return joints.astype("float32")


def images(*leading, seed=0):
    random = np.random.default_rng(seed)
    return random.integers(0, 256, (*leading, SIZE, SIZE, 3)).astype("uint8")


def clips(count=2, frames=2 * FRAMES, seed=0):
    """`(count, frames, ...)` clips that brighten in time, so that a reversed one is another one."""
    share = np.linspace(0.2, 1, frames)[:, None, None, None]
    return (images(count, 1, seed=seed) * share).astype("uint8")


def compile_quickly(model, optimizer):
    """Compile for training, without XLA where it is an option: it takes longer than these trainings themselves."""
    model.compile(optimizer, jit_compile=False if keras.backend.backend() == "tensorflow" else "auto")


def snapshot(model):
    """Every array of a model, by a name that tells all of them apart."""
    return {f"{index}:{variable.path}": np.array(variable) for index, variable in enumerate(model.variables)}


def changed(model, before, but=("seed", "/total", "/count")):
    """Names of the arrays that differ in any bit, without random seeds and metrics."""
    after = snapshot(model)
    assert after.keys() == before.keys()
    return {
        name
        for name, array in after.items()
        if array.tobytes() != before[name].tobytes() and not any(word in name for word in but)
    }


def arrays(network):
    """Every weight of one network, statistics of normalisation included, as bytes."""
    return [np.array(variable).tobytes() for variable in network.weights]


def assert_training_goes_on(model, path, **data):
    """A half-trained stage, saved and loaded, trains on as if nothing had happened."""
    arguments = {"batch_size": 4, "epochs": 2, "shuffle": False, "verbose": 0}
    model.fit(**data, **arguments)
    model.save(path)
    loaded = keras.saving.load_model(path)
    assert type(loaded) is type(model)
    expected = model.fit(**data, **arguments).history
    history = loaded.fit(**data, **arguments).history
    assert history.keys() == expected.keys()
    for name in expected:
        np.testing.assert_allclose(history[name], expected[name], rtol=1e-4, atol=1e-6, err_msg=name)
    return loaded
