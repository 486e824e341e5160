"""What the demonstration measures, on motion and pictures that nothing was trained on."""

import numpy as np

from posealign_keras import data
from posealign_keras.demo.stages import (
    MEAN_TEACHER,
    MEASURED_RELATIONS,
    NORMALIZATION,
    PLAN,
    REPLAY,
    ablation_rows,
)
from posealign_keras.evaluation import embedding_errors, pose_errors

_SAMPLES = 6


def measure(run) -> tuple[dict, dict]:
    """Measure all networks of a run.

    Args:
        run: The finished `Run`.

    Returns:
        The parts of `metrics.json` that are measured here, and the arrays of `samples.npz`.
    """
    workspace, skeleton = run.workspace, run.configuration.skeleton
    records = workspace.path("records")
    source = data.load_arrays(records / "source", "test", data.LABELLED_IMAGE)
    target = data.load_arrays(records / "target", "test", data.LABELLED_CLIP)
    clip_frames = target["frames"].shape[1]
    images = {"source": source["image"], "target": target["frames"].reshape(-1, *target["frames"].shape[2:])}
    truth = {"source": source["joints"], "target": target["joints"].reshape(-1, *target["joints"].shape[2:])}

    # One network that takes the weights of each file in turn is compiled once.
    estimator = workspace.load_model("source_only.keras")

    def take(name):
        estimator.set_weights(workspace.load_model(f"{name}.keras").get_weights())

    metrics: dict = {"source": {}, "target": {}}
    poses, spread, per_joint = {}, {}, {}
    for name in ("source_only", "adapted"):
        take(name)
        for domain in images:
            estimate = estimator.predict(images[domain], batch_size=128, verbose=0)
            errors = pose_errors(truth[domain], estimate["pose_3d"], skeleton=skeleton)
            if domain == "target":
                poses[name], per_joint[name] = estimate["pose_3d"], errors["per_joint"]
                unscaled = pose_errors(truth[domain], estimate["pose_3d"], scale="none", skeleton=skeleton)
                errors["mpjpe_unscaled"] = unscaled["mpjpe"]
            del errors["per_joint"]
            metrics[domain][name] = errors
            spread[domain, name] = float(np.std(estimate["latent"], axis=0).mean())
    metrics["per_joint"] = per_joint
    metrics["collapse"] = {
        "latent_spread_source": spread["source", "source_only"],
        "latent_spread_adapted": spread["target", "adapted"],
    }
    rows = {"source_only": [], "normalized": [NORMALIZATION]}
    energies = {**ablation_rows(), "adapted": (PLAN.contrastive, PLAN.relations)}
    for stage, (contrastive, relations) in sorted(energies.items(), key=lambda row: sum(map(len, row[1]))):
        rows[stage] = [NORMALIZATION, REPLAY, MEAN_TEACHER, *relations, *contrastive]
    metrics["ablation"] = []
    for stage, added in rows.items():
        errors = metrics["target"].get(stage)
        if errors is None:  # not one of the two that are measured above
            take(stage)
            errors = pose_errors(truth["target"], estimator.predict_poses(images["target"]), skeleton=skeleton)
        metrics["ablation"].append({"model": stage, "energies": added, **_headline(errors)})

    pose_autoencoder = workspace.load_model("pose_autoencoder.keras")
    motion_autoencoder = workspace.load_model("motion_autoencoder.keras")
    relations = [workspace.load_model(f"relation_{name}.keras") for name in MEASURED_RELATIONS]
    metrics |= embedding_errors(pose_autoencoder, motion_autoencoder, relations, run.motion("test"), run.seed + 1)
    metrics["protocol"] = {
        "data": "generated pictures in the domain 'wild', of motion and people that nothing was trained on",
        "motion": "generated" if run.mocap is None else "motion capture given with --mocap",
        "joints": f"all {truth['target'].shape[1]} joints of {skeleton}",
        "root": "pelvis",
        "scale": "estimated bone directions, chained with the true bone lengths; mpjpe_unscaled without that",
        "frames": len(truth["target"]),
        "selection": "none: a fixed number of steps, no target label is used before this evaluation",
    }

    chosen = np.linspace(0, len(images["target"]) - 1, _SAMPLES + 2).round().astype(int)[1:-1]
    samples = {
        "images": images["target"][chosen],
        "true": truth["target"][chosen],
        "clip_images": images["target"][:clip_frames],
        "clip_true": truth["target"][:clip_frames],
        "source_images": images["source"][:_SAMPLES],
    }
    for name, estimated in poses.items():
        samples |= {name: estimated[chosen], f"clip_{name}": estimated[:clip_frames]}
    return metrics, samples


def _headline(errors):
    return {name: errors[name] for name in ("mpjpe", "pa_mpjpe")}
