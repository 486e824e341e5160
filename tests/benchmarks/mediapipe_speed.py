"""Compares how long the preset `small_synthetic` and MediaPipe's pose landmarker take for the same person crops.

    python -m venv mp && mp/bin/pip install mediapipe==0.10.14
    python tests/benchmarks/mediapipe_speed.py --video person.mp4 --mediapipe-python mp/bin/python

MediaPipe lives in an environment of its own, since it needs other versions of NumPy and protobuf than TensorFlow does:
this script starts itself there with `--serve`, and asks it for rounds over the same crops, in turn with rounds of ours.
Both get one picture at a time, as from a camera, and every picture is one of a video whose person fills it: MediaPipe
tracks from the second picture on, and so runs its landmark model alone. Ours is the exported SavedModel, and the ONNX
file with its runtime. Both use as many threads as they choose.
"""

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

_CROP = 256
_VARIANTS = {"lite": 0, "full": 1, "heavy": 2}


def serve(crops_file, variant):
    """Inside MediaPipe's environment: a round over all crops for every line of input, its seconds as a line."""
    import mediapipe
    import numpy as np

    crops = np.load(crops_file, allow_pickle=False)
    pose = mediapipe.solutions.pose.Pose(static_image_mode=False, model_complexity=_VARIANTS[variant])
    for _ in sys.stdin:
        start = time.perf_counter()
        found = sum(pose.process(crop).pose_world_landmarks is not None for crop in crops)
        print(f"seconds {time.perf_counter() - start} found {found}", flush=True)


class MediaPipe:
    """The process that serves rounds."""

    def __init__(self, python, crops_file, variant):
        command = [python, os.path.abspath(__file__), "--serve", crops_file, "--variant", variant]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True)
        self.found = 0

    def __call__(self):
        print(file=self._process.stdin, flush=True)
        for line in self._process.stdout:
            if line.startswith("seconds"):
                _, seconds, _, found = line.split()
                self.found = int(found)
                return float(seconds)
        raise RuntimeError("MediaPipe ended; run the command with `--serve` by hand to see why")

    def close(self):
        self._process.stdin.close()
        self._process.wait()


def crops_of(video, boxes, count):
    """Square person crops of a video, `(frames, 256, 256, 3)`."""
    import numpy as np

    from posealign_keras.video import PersonCrops, find_boxes, open_video

    frames = open_video(video)
    crops = PersonCrops(frames, find_boxes(boxes, frames), _CROP)
    pictures = []
    for indices, batch, _, _ in crops.batches(min(count, 32)):
        pictures += list(batch[: len(indices)].copy())  # the next batch overwrites this one
        if len(pictures) >= count:
            break
    return np.stack(pictures[:count])


def ours(directory):
    """`{name: function of a picture}` of the exported preset."""
    import numpy as np
    import onnxruntime
    import tensorflow as tf

    from posealign_keras.export import export_onnx, export_saved_model
    from posealign_keras.models import PoseEstimator

    estimator = PoseEstimator.from_preset("small_synthetic")
    loaded = tf.saved_model.load(str(export_saved_model(estimator, directory / "serving", verify=False)))
    signature = loaded.signatures["serving_default"]
    session = onnxruntime.InferenceSession(str(export_onnx(estimator, directory / "small.onnx", verify=False)))
    size = estimator.image_size

    def small(picture):
        # The network takes smaller pictures: making them small is part of its time.
        import cv2

        return cv2.resize(picture, (size, size), interpolation=cv2.INTER_AREA)[np.newaxis]

    return {
        "SavedModel": lambda picture: signature(images=tf.constant(small(picture)))["pose_3d"].numpy(),
        "ONNX Runtime": lambda picture: session.run(None, {"images": small(picture)}),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--video", help="a video of a person")
    parser.add_argument("--boxes", help="boxes of the person, see `posealign predict`")
    parser.add_argument("--mediapipe-python", help="Python of an environment with mediapipe==0.10.14")
    parser.add_argument("--frames", type=int, default=60, help="crops in a round (default: 60)")
    parser.add_argument("--rounds", type=int, default=7, help="rounds of each (default: 7)")
    parser.add_argument("--variant", choices=[*_VARIANTS], default="full", help="landmark model (default: full)")
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(options.serve, options.variant)
        return
    if not (options.video and options.mediapipe_python):
        parser.error("--video and --mediapipe-python are needed")
    import numpy as np

    with tempfile.TemporaryDirectory() as directory:
        directory = Path(directory)
        crops = crops_of(options.video, options.boxes, options.frames)
        crops_file = str(directory / "crops.npy")
        np.save(crops_file, crops)
        runners = ours(directory)
        mediapipe = MediaPipe(options.mediapipe_python, crops_file, options.variant)

        def round_of(function):
            start = time.perf_counter()
            for crop in crops:
                function(crop)
            return time.perf_counter() - start

        rounds = {name: (lambda f=f: round_of(f)) for name, f in runners.items()} | {"MediaPipe": mediapipe}
        taken = {name: [] for name in rounds}
        for index in range(options.rounds + 1):
            for name, one_round in rounds.items():
                seconds = one_round()
                if index:  # the first round warms up
                    taken[name].append(seconds)
        mediapipe.close()
    print(f"{platform.machine()}, {os.cpu_count()} cores; {len(crops)} crops of {_CROP} pixels, one at a time")
    for name, seconds in taken.items():
        ratio = statistics.median(mine / theirs for mine, theirs in zip(seconds, taken["MediaPipe"], strict=True))
        note = f"; found a person in {mediapipe.found}" if name == "MediaPipe" else ""
        print(f"{name}: {1000 * statistics.median(seconds) / len(crops):.2f} ms a crop, {ratio:.2f} of MediaPipe{note}")


if __name__ == "__main__":
    main()
