"""`export_onnx`: a file for ONNX Runtime."""

from pathlib import Path

import numpy as np

from posealign_keras.export.conversion import convert, input_signature


def export_onnx(model, path, verify: bool = True) -> Path:
    """Write an ONNX file, whichever backend the model is in.

    Its input is `images (batch, image_size, image_size, 3)` uint8, RGB; its outputs have the names of the model's.

    Args:
        model: The `PoseEstimator`.
        path: The file, `.onnx`; one that exists is replaced, when the new one is complete.
        verify: Whether ONNX Runtime runs it, and the outputs are compared with those of the model: poses within 0.1 mm.

    Returns:
        The path.

    Raises:
        ImportError: If TensorFlow, onnx, tf2onnx or onnxruntime is not installed.
        RuntimeError: If ONNX Runtime does not give what the model gives.
        ValueError: If `model` is no `PoseEstimator`, or `path` has another suffix or cannot be written.

    Example:
        >>> from posealign_keras.models import PoseEstimator
        >>> estimator = PoseEstimator.from_preset("small_synthetic")
        >>> export_onnx(estimator, "pose_estimator.onnx", verify=False).name
        'pose_estimator.onnx'
    """
    packages = ("onnx", "tf2onnx", *(["onnxruntime"] if verify else []))
    return convert(model, path, ".onnx", packages, "onnx", write_onnx, _run if verify else None)


def write_onnx(model, path: str) -> None:
    """Write the file of a model that runs under TensorFlow."""
    from tf2onnx.handler import tf_op

    tf_op("Erfc")(_Erfc)
    model.export(path, format="onnx", verbose=False, input_signature=input_signature(model))


class _Erfc:
    """Teaches tf2onnx the operation of which TensorFlow makes GELU: erfc(x) = 1 - erf(x)."""

    @classmethod
    def version_9(cls, ctx, node, **_):  # the version of ONNX since which it has Erf
        shapes, dtypes = node.output_shapes, node.output_dtypes
        name, inputs, outputs = node.name, node.input[:], node.output[:]
        one = ctx.make_const(f"{name}/one", np.array(1, "float32")).output[0]
        ctx.remove_node(name)
        error = ctx.make_node("Erf", inputs, shapes=shapes, dtypes=dtypes)
        ctx.make_node("Sub", [one, error.output[0]], name=name, outputs=outputs, shapes=shapes, dtypes=dtypes)


def _run(path, images):
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, {"images": images}), strict=True))
