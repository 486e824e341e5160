"""Which operations of an exported graph are let through."""

import keras
import pytest
import tensorflow as tf

from posealign_keras.export.allowed_operations import ALLOWED_OPERATIONS, check_operations, operations_of


def saved(function, path, specification=None):
    module = tf.Module()
    module.function = tf.function(function, input_signature=[specification or tf.TensorSpec((None, 3), tf.float32)])
    tf.saved_model.save(module, str(path), signatures={"serving_default": module.function})
    return path


def test_the_estimator_has_allowed_operations_only(exported):
    check_operations(exported)
    counts = operations_of(exported)
    assert counts["Conv2D"] > 0  # inside a function
    assert counts["DecodeJpeg"] > 0  # inside a function of a dataset
    assert counts["Placeholder"] > 0  # in the graph itself
    # The network is there once, not once for each signature.
    assert counts["Conv2D"] == sum(name.endswith("_conv") for name in _convolutions())


def _convolutions():
    from posealign_keras.models.backbones import small_resnet

    return [layer.name for layer in small_resnet(32).layers]


def test_every_allowed_operation_exists_and_has_a_kernel_for_cpus():
    from tensorflow.python.framework import kernels, op_def_registry

    def on_cpus(name):
        registered = kernels.get_registered_kernels_for_op(name).kernel
        return any(kernel.device_type in ("CPU", "DEFAULT") for kernel in registered)

    assert [name for name in sorted(ALLOWED_OPERATIONS) if op_def_registry.get(name) is None] == []
    # The runtime replaces these by others before it looks for a kernel.
    replaced = {"StatelessIf", "StatelessWhile", "PartitionedCall", "StatefulPartitionedCall"}
    assert [name for name in sorted(ALLOWED_OPERATIONS - replaced) if not on_cpus(name)] == []


def test_python_is_refused(tmp_path):
    path = saved(lambda x: tf.py_function(lambda y: y, [x], tf.float32), tmp_path / "model")
    with pytest.raises(ValueError, match=r"EagerPyFunc \(it calls back into the Python process that made the graph\)"):
        check_operations(path)


def test_graphs_of_jax_are_refused(tmp_path):
    """As `model.export` under JAX writes them: `jax2tf` makes this operation, and takes long to import."""
    from tensorflow.compiler.tf2xla.ops import gen_xla_ops

    def call(x):
        return gen_xla_ops.xla_call_module([x], version=9, module=b"", Sout=[(None, 3)], Tout=[tf.float32])[0]

    path = saved(call, tmp_path / "model")
    with pytest.raises(ValueError, match=r"XlaCallModule \(the server is built without XLA's compiler\)"):
        check_operations(path)


def test_lstms_of_cudnn_are_refused_and_others_are_not(tmp_path):
    def rnn(x):
        gates = tf.zeros((4 * (3 * 2 + 2 * 2) + 8 * 2,))
        return tf.raw_ops.CudnnRNN(input=x, input_h=tf.zeros((1, 1, 2)), input_c=tf.zeros((1, 1, 2)), params=gates)[0]

    path = saved(rnn, tmp_path / "cudnn", tf.TensorSpec((5, 1, 3), tf.float32))
    with pytest.raises(ValueError, match=r"CudnnRNN \(it runs on GPUs only"):
        check_operations(path)
    layer = keras.layers.LSTM(2, use_cudnn=False)
    layer.build((None, 5, 3))
    archive = keras.export.ExportArchive()
    archive.track(layer)
    archive.add_endpoint("serve", layer, [tf.TensorSpec((None, 5, 3), tf.float32)])
    archive.write_out(str(tmp_path / "lstm"), verbose=False)
    assert not {name for name in operations_of(tmp_path / "lstm") if name.startswith("Cudnn")}
