"""Compares an exported SavedModel with the bare network, with JPEG decoding and the network, and with ONNX Runtime.

    python tests/benchmarks/serving.py

Everything runs in this process and on the same cores, in turn, with the weights of a new network. The SavedModel is
run as TensorFlow Serving runs it: a session, feeds and fetches. "Bare network" is the estimator as one compiled
function of TensorFlow, on pixels of the right size and type; "JPEG decode + network" is one function that decodes with
the same transform, all pictures at once, and goes on to the network. Pictures are as large as the network takes them,
unless `--jpeg-size` says otherwise; then both sides resize, the estimator by its matrix products.
"""

import argparse
import os
import platform
import statistics
import tempfile
import time
from pathlib import Path

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
import tensorflow as tf

from posealign_keras.export import export_onnx, export_saved_model
from posealign_keras.models import PoseEstimator
from posealign_keras.presets import get_configuration


def photographs(count, size):
    """Pictures with about as many details as photographs have."""
    noise = np.random.default_rng(0).integers(0, 256, (count, size // 8 + 1, size // 8 + 1, 3))
    return tf.cast(tf.image.resize(noise, (size, size)), tf.uint8).numpy()


def session_runner(session, signature, inputs):
    feeds = {signature.inputs[name].name: value for name, value in inputs.items()}
    fetches = [tensor.name for tensor in signature.outputs.values()]
    return lambda: session.run(fetches, feeds)


def compare(first, second, rounds):
    """Median time of both, in turn, and of the ratio second / first."""
    times = ([], [])
    for function in (first, second):
        for _ in range(3):
            function()
    for _ in range(rounds):
        for function, taken in zip((first, second), times, strict=True):
            start = time.perf_counter()
            function()
            taken.append(time.perf_counter() - start)
    ratios = [other / one for one, other in zip(*times, strict=True)]
    return statistics.median(times[0]), statistics.median(times[1]), statistics.median(ratios)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--preset", default="small", choices=["small", "paper"])
    parser.add_argument("--batch-size", default=32, type=int)
    parser.add_argument("--jpeg-size", type=int, help="height and width of the JPEG files (default: the network's)")
    parser.add_argument("--rounds", default=40, type=int)
    options = parser.parse_args()
    keras.utils.set_random_seed(0)
    configuration = get_configuration(options.preset)
    model = PoseEstimator(configuration.image_encoder(), configuration.pose_autoencoder())
    size, count = model.image_size, options.batch_size
    images = photographs(count, size)
    jpeg_size = options.jpeg_size or size
    jpeg = [tf.io.encode_jpeg(image, quality=90).numpy() for image in photographs(count, jpeg_size)]

    network = tf.function(lambda pixels: model(pixels, training=False), autograph=False)
    pixels = tf.constant(images)

    @tf.function(autograph=False)
    def decode_and_network(encoded):
        decoded = [
            tf.io.decode_jpeg(one, channels=3, dct_method="INTEGER_ACCURATE") for one in tf.unstack(encoded, count)
        ]
        return network(tf.ensure_shape(tf.stack(decoded), (count, jpeg_size, jpeg_size, 3)))

    encoded = tf.constant(jpeg)
    with tempfile.TemporaryDirectory() as scratch:
        place = export_saved_model(model, scratch, verify=False)
        session = tf.compat.v1.Session(graph=tf.Graph())
        with session.graph.as_default():
            signatures = tf.compat.v1.saved_model.load(session, ["serve"], str(place)).signature_def
        boxes = np.zeros((count, 4), "float32")
        default = session_runner(session, signatures["serving_default"], {"images": images})
        decoding = session_runner(session, signatures["serving_jpeg"], {"images": jpeg, "boxes": boxes})
        kind = f"{platform.machine()}, {os.cpu_count()} cores, TensorFlow {tf.__version__}, preset {options.preset}"
        print(f"{kind}, {count} pictures, JPEG {jpeg_size}x{jpeg_size}, {options.rounds} rounds")

        def bare():
            return network(pixels)["pose_3d"].numpy()

        report("serving_default / bare network", default, bare, count, options.rounds)
        report(
            "serving_jpeg / (JPEG decode + network)",
            decoding,
            lambda: decode_and_network(encoded)["pose_3d"].numpy(),
            count,
            options.rounds,
        )
        try:
            import onnxruntime

            path = export_onnx(model, Path(scratch) / "model.onnx", verify=False)
        except ImportError as error:
            print(f"ONNX Runtime is left out: {error}")
            return
        runtime = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        name = f"ONNX Runtime {onnxruntime.__version__} / bare network"
        report(name, lambda: runtime.run(None, {"images": images}), bare, count, options.rounds)


def report(what, first, second, count, rounds):
    one, other, ratio = compare(first, second, rounds)
    print(f"{what}: {ratio:.3f} of the throughput ({count / one:.0f} and {count / other:.0f} pictures/s)", flush=True)


if __name__ == "__main__":
    main()
