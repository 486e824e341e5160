"""Runs a SavedModel as TensorFlow Serving does, in a process that has no Keras. `verification` starts it.

    python -P without_keras.py SAVED_MODEL REFERENCE.npz RESULTS.npz

It loads the SavedModel into a session, as the server does, and sends requests to every signature. The outputs are
written for the process that started it to compare: all of them should be those of the pictures in `REFERENCE.npz`.
"""

import sys

# Importing these is an error from here on.
for package in ("keras", "tf_keras", "posealign_keras"):
    sys.modules[package] = None  # type: ignore[assignment]

import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402


def main(directory, reference, results):
    """Send requests to every signature and write what comes back."""
    with np.load(reference, allow_pickle=False) as content:
        square, wide = content["square"], content["wide"]
    session = tf.compat.v1.Session(graph=tf.Graph())
    with session.graph.as_default():
        signatures = tf.compat.v1.saved_model.load(session, ["serve"], directory).signature_def
    outputs = {}

    def send(key, signature, **inputs):
        """Feeds and fetches of a signature are all that a server knows of it."""
        signature = signatures[signature]
        feeds = {signature.inputs[name].name: value for name, value in inputs.items()}
        fetches = {name: tensor.name for name, tensor in signature.outputs.items()}
        for name, value in session.run(fetches, feeds).items():
            outputs[f"{key}/{name}"] = value

    send("serving_default/square", "serving_default", images=square)
    send("serving_default/wide", "serving_default", images=wide)
    send("serving_clip/square", "serving_clip", clips=square.reshape(2, -1, *square.shape[1:]))
    send("serving_clip/wide", "serving_clip", clips=wide[:, None])
    send("serving_jpeg/square", "serving_jpeg", images=[_png(picture) for picture in square])
    send("serving_jpeg/wide", "serving_jpeg", images=[_png(picture) for picture in wide])
    pictures, boxes = _in_larger_pictures(square)
    send("serving_jpeg with boxes/square", "serving_jpeg", images=[_png(one) for one in pictures], boxes=boxes)
    jpeg = [tf.io.encode_jpeg(picture, quality=90).numpy() for picture in square]
    decoded = [tf.io.decode_jpeg(code, dct_method="INTEGER_ACCURATE").numpy() for code in jpeg]
    send("jpeg", "serving_jpeg", images=jpeg + [jpeg[0][: len(jpeg[0]) // 2], b"no picture"])
    send("decoded", "serving_default", images=np.stack(decoded))
    np.savez(results, **outputs)


def _png(picture):
    return tf.io.encode_png(picture).numpy()


def _in_larger_pictures(pictures):
    """Pictures with those inside, and boxes around which a crop shows just those."""
    random = np.random.default_rng(1)
    count, size = pictures.shape[:2]
    larger = random.integers(0, 256, (count, 2 * size, 3 * size, 3)).astype("uint8")
    boxes = np.zeros((count, 4), "float32")
    for number in range(count):
        left, top = random.integers(0, 2 * size), random.integers(0, size)
        larger[number, top : top + size, left : left + size] = pictures[number]
        middle = np.array([left + size / 2, top + size / 2])
        half = size / 1.1 / 2
        boxes[number] = [*(middle - half), *(middle + half)]
    return larger, boxes


if __name__ == "__main__":
    main(*sys.argv[1:])
