"""What the confidence and the plausibility of an estimator are worth, and what looking both ways brings.

    python tests/benchmarks/confidence.py posealign-demo [--page confidence.html]

On the target's test clips of a finished run of `posealign demo`: how both rank the true errors of the poses (MPJPE with
the true bone lengths), for each estimator of the run, and the errors of looking one way and both ways.
"""

import argparse
from pathlib import Path

import keras
import numpy as np

from posealign_keras import data
from posealign_keras.evaluation import calibration, pose_errors
from posealign_keras.ops import bone_lengths, retarget
from posealign_keras.visualization import calibration_figure


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("--page", type=Path, help="page of figures to write")
    options = parser.parse_args()
    clips = data.load_arrays(options.run / "records/target", "test", data.LABELLED_CLIP)
    images, true = (clips[name].reshape(-1, *clips[name].shape[2:]) for name in ("frames", "joints"))
    figures = []
    for name in ("source_only", "normalized", "adapted"):
        estimator = keras.saving.load_model(options.run / f"{name}.keras", compile=False)
        one, both = estimator.predict(images, batch_size=128, verbose=0), estimator.estimate_both_ways(images)
        for way, found in (("one way", one), ("both ways", both)):
            errors = pose_errors(true, found["pose_3d"])
            print(f"{name}, {way}: MPJPE {errors['mpjpe']:.1f} mm, PA-MPJPE {errors['pa_mpjpe']:.1f} mm")
        error = 1000 * np.linalg.norm(_retargeted(both["pose_3d"], true) - true, axis=-1).mean(axis=-1)
        found = {measure: calibration(both[measure], error) for measure in ("confidence", "plausibility")}
        for measure, result in found.items():
            half = result["kept"][4]
            print(
                f"   {measure}: Spearman {result['spearman']:.2f}; the surest half of the poses has "
                f"{half['error']:.1f} mm (the best half {half['best']:.1f}, all {result['kept'][-1]['error']:.1f})"
            )
        figures.append(calibration_figure(found).update_layout(title=name))
    if options.page:
        pages = (figure.to_html(full_html=False, include_plotlyjs=not n) for n, figure in enumerate(figures))
        options.page.write_text("<meta charset=utf-8>" + "".join(pages), encoding="utf-8")


def _retargeted(poses, true):
    return keras.ops.convert_to_numpy(retarget(poses, bone_lengths(true)))


if __name__ == "__main__":
    main()
