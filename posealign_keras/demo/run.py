"""`run_demo`: every stage of the method in order, from nothing to a report."""

import functools
import os
import platform
import resource
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np

import posealign_keras
from posealign_keras.data.motion_library import MotionLibrary
from posealign_keras.demo import stages
from posealign_keras.demo.measurements import measure
from posealign_keras.demo.report import write_report
from posealign_keras.demo.settings import FULL, QUICK
from posealign_keras.presets import get_configuration
from posealign_keras.progress import clock
from posealign_keras.workspace import Stopwatch, Workspace, fingerprint


class Run:
    """What the stages of one run share.

    Args:
        workspace: The output directory.
        configuration: Sizes of the networks.
        settings: Amounts of data and training.
        seed: Seed of everything random.
        mocap: Motion capture file, or `None` for generated motion.
    """

    def __init__(self, workspace, configuration, settings, seed, mocap):
        self.workspace = workspace
        self.configuration = configuration
        self.settings = settings
        self.seed = seed
        self.mocap = mocap
        self.history: dict[str, dict[str, list[float]]] = {}

    @functools.lru_cache(maxsize=2)  # noqa: B019 - a run lives as long as the program
    def motion(self, split):
        """The `MotionLibrary` of a split."""
        return MotionLibrary.from_records(self.workspace.path("records/pose_sequence"), split)


def run_demo(out="posealign-demo", mocap=None, preset="small", seed: int = 0, quick: bool = False, fresh=False) -> Path:
    """Run every stage of the method, and write records, models, figures and a report.

    A run that was interrupted continues after the last stage that it finished.

    Args:
        out: Directory of the results; see the README for what is in it.
        mocap: `.npz` file of motion capture in the format of `MotionLibrary.load`; `None` generates motion.
        preset: Name of a configuration.
        seed: Seed of all data and training.
        quick: Do a little of everything, to see that it runs; the results are poor.
        fresh: Start over, even if an earlier run with the same arguments has finished stages.

    Returns:
        Path of `report.html`.

    Raises:
        ValueError: If an argument or a file is wrong, or `out` holds a run with other arguments.
        FileNotFoundError: If `mocap` does not exist.
        OSError: If the results cannot be written.

    Example:
        >>> report = run_demo("posealign-demo", quick=True)  # doctest: +SKIP
    """
    configuration = get_configuration(preset)
    if configuration.frozen:
        raise ValueError(
            "`preset` must be a configuration whose image encoder learns all of its layers, such as 'small'. "
            f"Received: preset={configuration.name!r}"
        )
    if seed < 0:
        raise ValueError(f"`seed` must not be negative. Received: seed={seed}")
    if mocap is not None and not Path(mocap).exists():
        raise FileNotFoundError(f"`mocap` must be an existing .npz file. Received: mocap={str(mocap)!r}")
    arguments = {
        "preset": configuration.name,
        "seed": seed,
        "quick": quick,
        "mocap": None if mocap is None else fingerprint(mocap),
        "backend": keras.backend.backend(),
        "version": posealign_keras.__version__,
    }
    workspace = Workspace(out, arguments, fresh)
    run = Run(workspace, configuration, QUICK if quick else FULL, seed, mocap)
    work: dict[str, Callable[[Run], list[str]]] = {
        "records": stages.make_records,
        "pose_aae": stages.train_pose_autoencoder,
        "motion_aae": stages.train_motion_autoencoder,
        "relations": stages.train_relations,
        "source": stages.train_source,
        "normalization": stages.normalize,
        "adaptation": stages.adapt,
        **{row: functools.partial(stages.adapt_otherwise, stage=row) for row in stages.ablation_rows()},
    }
    print(f"posealign demo: {len(work) + 1} stages into {workspace.directory.resolve()}", flush=True)
    names = list(work)
    for index, (name, function) in enumerate(work.items()):
        title = f"[{index + 1}/{len(work) + 1}] {name}"
        if workspace.finished(name):
            print(f"{title}: finished before", flush=True)
            run.history.update(workspace.result(name, "history"))
            continue
        print(title, flush=True)
        workspace.forget(names[index:])
        # Every stage starts from the seed, so that a continued run gives what an uninterrupted one gives.
        keras.utils.set_random_seed(seed)
        watch, before = Stopwatch(), set(run.history)
        files = function(run)
        history = {key: value for key, value in run.history.items() if key not in before}
        workspace.finish(name, files, watch.seconds(), history=history, peak_memory_mb=_peak_memory())
        print(f"   done in {clock(watch.seconds())}", flush=True)
    print(f"[{len(work) + 1}/{len(work) + 1}] evaluation", flush=True)
    watch = Stopwatch()
    metrics, samples = measure(run)
    workspace.save_arrays("samples.npz", **samples)
    workspace.save_json("history.json", run.history)
    peaks = [workspace.result(name, "peak_memory_mb") for name in names]
    metrics |= {
        "seconds": {**workspace.seconds(), "evaluation": round(watch.seconds(), 1)},
        "peak_memory_mb": max(*peaks, _peak_memory()),
        "environment": _environment(),
        "arguments": arguments,
    }
    workspace.save_json("metrics.json", metrics)
    report = write_report(workspace.directory)
    target = metrics["target"]
    before, after = target["source_only"]["mpjpe"], target["adapted"]["mpjpe"]
    caution = " (--quick trains too little for this to mean anything)" if quick else ""
    print(
        f"\nTarget test error (MPJPE): {before:.1f} mm before, {after:.1f} mm after adaptation, "
        f"{after / before:.2f} of it{caution}\nReport: {report.resolve()}",
        flush=True,
    )
    return report


def _peak_memory():
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def _environment():
    return {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "platform": platform.platform(),
        "python": platform.python_version(),
        "keras": keras.__version__,
        "backend": keras.backend.backend(),
        "numpy": np.__version__,
    }
