"""The `ServedModel`: a SavedModel as TensorFlow Serving runs it."""

import os
from collections.abc import Mapping

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import config_pb2


class ServedModel:
    """A SavedModel as TensorFlow Serving runs it: in a session, known by its signatures alone, without Keras.

    Args:
        directory: The directory of a version.

    Raises:
        OSError: If there is no SavedModel.
    """

    def __init__(self, directory: str | os.PathLike):
        self._session = tf.compat.v1.Session(graph=tf.Graph())
        with self._session.graph.as_default():
            loaded = tf.compat.v1.saved_model.load(self._session, ["serve"], os.fspath(directory))
        # The one with two underscores initialises tables, and is no signature to clients.
        self._signatures = {name: one for name, one in loaded.signature_def.items() if not name.startswith("__")}
        self._callables = {name: self._callable(signature) for name, signature in self._signatures.items()}

    def _callable(self, signature):
        options = config_pb2.CallableOptions()
        options.feed.extend(signature.inputs[key].name for key in sorted(signature.inputs))
        options.fetch.extend(signature.outputs[key].name for key in sorted(signature.outputs))
        return self._session._make_callable_from_options(options)

    @property
    def signatures(self) -> dict[str, tuple[str, ...]]:
        """`{signature: names of its inputs}`."""
        return {name: tuple(sorted(one.inputs)) for name, one in self._signatures.items()}

    def predict(self, signature: str, inputs: Mapping) -> dict[str, np.ndarray]:
        """What a signature gives. As on the server, shapes of inputs are not looked at before the graph runs.

        Args:
            signature: Its name.
            inputs: `{name: array, or nested lists}`; those that have a default may be left out.

        Returns:
            The outputs by name.

        Raises:
            ValueError: If there is no such signature, or the inputs are not those of it.
        """
        if signature not in self._signatures:
            raise ValueError(f"`signature` must be one of {sorted(self._signatures)}. Received: {signature!r}")
        wanted = self._signatures[signature]
        defaults = {key: tf.make_ndarray(value) for key, value in wanted.defaults.items()}
        values = {**defaults, **inputs}
        if set(values) != set(wanted.inputs):
            raise ValueError(
                f"`inputs` must be {sorted(wanted.inputs)} for the signature {signature!r}. Received: {sorted(inputs)}"
            )
        try:
            arrays = [_array(values[key], wanted.inputs[key].dtype) for key in sorted(values)]
            outputs = self._callables[signature](*arrays)
        except (ValueError, TypeError, OverflowError, tf.errors.InvalidArgumentError) as error:
            message = getattr(error, "message", str(error))
            raise ValueError(f"`inputs` do not fit the signature {signature!r}: {message}") from error
        return dict(zip(sorted(wanted.outputs), outputs, strict=True))

    def close(self) -> None:
        """Free what the model holds."""
        self._session.close()


def _array(value, dtype):
    return np.asarray(value, tf.dtypes.as_dtype(dtype).as_numpy_dtype)
