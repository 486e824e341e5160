"""`export_litert`: a file for LiteRT, the runtime of phones and small computers."""

from pathlib import Path

from posealign_keras.export.conversion import convert, input_signature


def export_litert(model, path, verify: bool = True) -> Path:
    """Write a LiteRT file, whichever backend the model is in.

    It has one signature, `serving_default`. Its input is `images (batch, image_size, image_size, 3)` uint8, RGB, whose
    batch is 1 until the interpreter is told to resize it; its outputs have the names of the model's. All of its
    operations are LiteRT's own, none needs TensorFlow.

    Args:
        model: The `PoseEstimator`.
        path: The file, `.tflite`; one that exists is replaced, when the new one is complete.
        verify: Whether LiteRT runs it, and the outputs are compared with those of the model: poses within 0.1 mm.

    Returns:
        The path.

    Raises:
        ImportError: If TensorFlow or ai-edge-litert is not installed.
        RuntimeError: If LiteRT does not give what the model gives.
        ValueError: If `model` is no `PoseEstimator`, or `path` has another suffix or cannot be written.

    Example:
        >>> from posealign_keras.models import PoseEstimator
        >>> estimator = PoseEstimator.from_preset("small_synthetic")
        >>> export_litert(estimator, "pose_estimator.tflite", verify=False).name
        'pose_estimator.tflite'
    """
    packages = ("ai_edge_litert",) if verify else ()
    return convert(model, path, ".tflite", packages, "litert", write_litert, _run if verify else None)


def write_litert(model, path: str) -> None:
    """Write the file of a model that runs under TensorFlow."""
    import tensorflow as tf

    model.export(
        path,
        format="litert",
        verbose=False,
        input_signature=input_signature(model),
        target_spec={"supported_ops": [tf.lite.OpsSet.TFLITE_BUILTINS]},
    )


def _run(path, images):
    from ai_edge_litert.interpreter import Interpreter

    return Interpreter(model_path=str(path)).get_signature_runner()(images=images)
