"""What the motion auto-encoder brings as a denoiser of poses, and what it costs.

    python tests/benchmarks/smoothing.py posealign-demo [--sequences 25]

On a finished run of `posealign demo`, in millimetres and millimetres per frame², all at 30 frames per second: the error
of the poses and of their accelerations, which is jitter. First on motion that nothing was trained on, with noise added
to its latents; then on what the adapted estimator makes of the target's test clips, looking both ways. `none` is what
was given, `auto-encoder` its answer alone, `blur` a Gaussian of 0.1 s without it, `smooth_latents` what
`posealign predict --smooth` does.
"""

import argparse
from pathlib import Path

import keras
import numpy as np

from posealign_keras import data
from posealign_keras.data.motion_library import MotionLibrary, to_upright_camera_frame
from posealign_keras.evaluation import random_views
from posealign_keras.models.motion_smoothing import smooth_latents
from posealign_keras.video.smooth_in_time import smooth_in_time


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("--sequences", type=int, default=25)
    options = parser.parse_args()
    motion = keras.saving.load_model(options.run / "motion_autoencoder.keras", compile=False)
    estimator = keras.saving.load_model(options.run / "adapted.keras", compile=False)
    decode = estimator.pose_autoencoder.decode
    library = MotionLibrary.from_records(options.run / "records/pose_sequence", "test")
    long = [library[index] for index in range(len(library)) if len(library[index]) >= 60][: options.sequences]
    true = [random_views(_camera_frame(sequence)[None], seed)[0] for seed, sequence in enumerate(long)]
    clean = [keras.ops.convert_to_numpy(estimator.pose_autoencoder.encode(poses)) for poses in true]
    rng = np.random.default_rng(0)
    for noise in (0.0, 0.1, 0.2, 0.3):
        noisy = [np.clip(z + rng.normal(0, noise, z.shape), -1, 1).astype("float32") for z in clean]
        compare(f"{len(true)} sequences, noise {noise} in the latents", motion, decode, noisy, true)
    clips = data.load_arrays(options.run / "records/target", "test", data.LABELLED_CLIP)
    estimates = [estimator.estimate_both_ways(frames)["latent"] for frames in clips["frames"]]
    compare(f"{len(estimates)} estimated clips", motion, decode, estimates, list(clips["joints"]))


def compare(title, motion, decode, given, true):
    ways = {
        "none": lambda latents, times: latents,
        "auto-encoder": lambda latents, times: smooth_latents(motion, latents, times, blur_seconds=np.inf),
        "blur": lambda latents, times: smooth_in_time(latents, times, 0.1),
        "smooth_latents": lambda latents, times: smooth_latents(motion, latents, times),
    }
    print(f"{title}\n   {'':16}{'MPJPE':>8}{'acceleration':>14}")
    for name, way in ways.items():
        poses = [
            keras.ops.convert_to_numpy(decode(way(latents, np.arange(len(latents)) / 30).astype("float32")))
            for latents in given
        ]
        print(f"   {name:16}{error(poses, true, 0):8.1f}{error(poses, true, 2):14.2f}", flush=True)


def error(poses, true, derivative):
    """Mean distance, over all joints and frames, of the poses or of their derivatives, in millimetres."""
    pairs = zip(poses, true, strict=True)
    errors = [np.diff(one, derivative, axis=0) - np.diff(other, derivative, axis=0) for one, other in pairs]
    return 1000 * np.concatenate([np.linalg.norm(one, axis=-1).ravel() for one in errors]).mean()


def _camera_frame(sequence):
    poses = to_upright_camera_frame(sequence)
    return poses - poses[:, :1]


if __name__ == "__main__":
    main()
