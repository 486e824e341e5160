"""An estimator, its SavedModel, and a way to ask it, shared by the tests of exports."""

import json

import keras
import numpy as np
import pytest
from tiny_models import tiny_estimator

# Under the other backends the work is done by TensorFlow, too: what leads there is tested, not all of it again.
collect_ignore_glob = [] if keras.backend.backend() == "tensorflow" else ["test_[!o]*.py"]


@pytest.fixture(scope="session")
def estimator():
    return tiny_estimator()


@pytest.fixture(scope="session")
def exported(estimator, tmp_path_factory):
    """The directory of a version that was verified."""
    from posealign_keras.export import export_saved_model

    return export_saved_model(estimator, tmp_path_factory.mktemp("models"), max_pixels=2**20)


class Server:
    """A SavedModel as TensorFlow Serving runs it: shapes of requests are not looked at before the graph."""

    def __init__(self, directory):
        import tensorflow as tf
        from tensorflow.core.protobuf import config_pb2

        self._tf = tf
        self.session = tf.compat.v1.Session(graph=tf.Graph())
        with self.session.graph.as_default():
            loaded = tf.compat.v1.saved_model.load(self.session, ["serve"], str(directory))
        # The one with two underscores initialises tables, and is no signature to clients.
        self.signatures = {name: one for name, one in loaded.signature_def.items() if not name.startswith("__")}
        self._callables = {}
        for name, signature in self.signatures.items():
            options = config_pb2.CallableOptions()
            options.feed.extend(signature.inputs[key].name for key in sorted(signature.inputs))
            options.fetch.extend(signature.outputs[key].name for key in sorted(signature.outputs))
            self._callables[name] = self.session._make_callable_from_options(options)

    def ask(self, name, **inputs):
        """Outputs of a signature by name; inputs that are left out have their defaults, as the server gives them."""
        signature = self.signatures[name]
        for key, default in signature.defaults.items():
            inputs.setdefault(key, self._tf.make_ndarray(default))
        assert set(inputs) == set(signature.inputs)
        dtypes = {key: self._tf.dtypes.as_dtype(signature.inputs[key].dtype).as_numpy_dtype for key in inputs}
        values = [np.asarray(inputs[key], dtypes[key]) for key in sorted(inputs)]
        return dict(zip(sorted(signature.outputs), self._callables[name](*values), strict=True))


@pytest.fixture(scope="session")
def server(exported):
    return Server(exported)


@pytest.fixture(scope="session")
def facts(exported):
    return json.loads((exported / "assets.extra" / "pose_estimator.json").read_text())
