"""The adaptation benchmark: what relation distillation brings, beside its parts and beside the usual alternatives.

    python tests/benchmarks/adaptation --mocap mocap17.npz --out DIR --short
    python tests/benchmarks/adaptation --mocap mocap17.npz --real-videos FOLDER --out DIR --seeds 0 1 2

`--short --methods core` takes 47 minutes on two cores, and 12 more with real videos; without `--short` a night.
`--methods core` leaves out the relations one by one, the ablation and the default without its parts: half an hour of
the short form. Interrupted, the same command goes on. It writes `DIR/adaptation.json`, of which the page in the
documentation is made (`docs/benchmarks`). What that file knows of other seeds, shifts and methods stays in it if
versions and amounts are the same: copied to another `DIR`, it takes in what is found there. Only what it knows of real
videos is replaced as a whole, since the preset may be another one.

Two shifts with labels to measure by: `wild`, bodies of flesh in a studio to other bodies, clothes, places, light and
cameras; and `body`, the built-in people to bodies of flesh in the same studio. A third one without a source of its own:
the preset `base_synthetic` on real videos. Motion of training, target and test are disjoint; the domains were fixed
before a method was tuned; no method but the oracle and the semi-supervised variant sees a label of the target.
"""

import argparse
import json
import os
import platform
from pathlib import Path

import keras
import methods
import numpy as np
from amounts import LONG, SHORT
from measures import with_labels, without_labels
from real_videos import REAL_PROTOCOL, real_video_results
from shifts import SHIFTS
from summary import summary

import posealign_keras
from posealign_keras import data
from posealign_keras.data.motion_library import MotionLibrary, to_upright_camera_frame
from posealign_keras.data.synthetic.recording import record_clips, record_images
from posealign_keras.evaluation import random_views, relation_quality
from posealign_keras.experiments.embedding_stages import stages
from posealign_keras.experiments.setting_run import folder_of
from posealign_keras.fitting import fit
from posealign_keras.models import PoseEstimator
from posealign_keras.presets import get_configuration
from posealign_keras.progress import Progress
from posealign_keras.relations import list_relations
from posealign_keras.training import SourceTraining
from posealign_keras.training.warmed_adam import warmed_adam
from posealign_keras.workspace import Stopwatch, Workspace
from tfrecords_tools import convert

_SHARES = {"train": 0.6, "target": 0.2, "test": 0.2}
_TEST_FRAMES = 30
# One frame in so many of the clips that are adapted to is measured, too.
_OWN_FRAME_STEP = 15


class Run:
    """One seed of the benchmark: its data and networks, made once, and the methods on them."""

    def __init__(self, mocap, out, amounts, seed):
        self.amounts, self.plan, self.seed, self.verbose = amounts, amounts.plan, seed, True
        self.configuration = get_configuration("small")
        arguments = {"amounts": str(amounts), "seed": seed, "version": posealign_keras.__version__}
        arguments |= {"mocap": mocap.name, "backend": keras.backend.backend()}
        self.workspace = self.embedding = Workspace(out / f"seed-{seed}", arguments)
        self._mocap = mocap
        self.mocap = [folder_of(self.workspace.path("motion"), data.POSE_SEQUENCE)]

    def stage(self, name, function):
        """Do a stage unless it is done."""
        if not self.workspace.finished(name):
            print(f"[seed {self.seed}] {name}", flush=True)
            watch = Stopwatch()
            keras.utils.set_random_seed(self.seed)
            files, result = function()
            self.workspace.finish(name, files, watch.seconds(), result=result)
            keras.backend.clear_session()
        return self.workspace.result(name, "result")

    def embed(self):
        """Motion capture, and the networks that know it alone, with all relations."""
        path = self.workspace.path("motion")
        self.stage("motion", lambda: (self._convert(path), None))
        for name, function in stages(list_relations()).items():
            self.stage(name, lambda function=function: (function(self), None))
        return self.stage("relation quality", lambda: ([], self._relation_quality()))

    def _convert(self, path):
        convert("arrays", self._mocap, path, splits=_SHARES, seed=self.seed, overwrite=True)
        return [str(file.relative_to(self.workspace.directory)) for file in sorted(path.rglob("*")) if file.is_file()]

    def _relation_quality(self):
        library = MotionLibrary.from_records(self.mocap[0], "test")
        sequences = [to_upright_camera_frame(motion - motion[:, :1]) for motion in library.sequences]
        networks = [self.network(f"relation_{name}") for name in list_relations()]
        found = {}
        for network in networks:
            relation = network.relation
            frames = relation.window if relation.order == "higher" else 1
            windows = [s[i : i + frames] for s in sequences for i in range(0, len(s) - frames + 1, 15)]
            poses = random_views(np.stack(windows), self.seed + 1, self.configuration.skeleton)
            poses = poses if relation.order == "higher" else poses[:, 0]
            autoencoders = self.network("pose_autoencoder"), self.network("motion_autoencoder")
            found[relation.name] = relation_quality(network, poses, *autoencoders)
        return found

    def network(self, name):
        """A network of this seed."""
        return self.workspace.load_model(f"{name}.keras")

    def film(self, shift):
        """Pictures of a shift."""
        size, amounts = self.configuration.image_size, self.amounts
        libraries = {split: MotionLibrary.from_records(self.mocap[0], split) for split in _SHARES}
        seeds = [int(state) for state in np.random.SeedSequence(self.seed).generate_state(3)]

        def record(record, split, domain, people, name, *numbers):
            path = self.workspace.path(f"{shift.name}/{name}")
            record(libraries[split], domain, path, "train", *numbers, Progress(f"{shift.name} {name}"), people)
            return [str(file.relative_to(self.workspace.directory)) for file in sorted(path.iterdir())]

        source, target = (shift.source, shift.source_people), (shift.target, shift.target_people)
        for name, arguments in {
            "source": (record_images, "train", *source, "source", amounts.source_images, size, seeds[0]),
            "target": (record_clips, "target", *target, "target", amounts.target_clips, 60, size, True, seeds[1]),
            "test": (record_clips, "test", *target, "test", amounts.test_clips, _TEST_FRAMES, size, True, seeds[2]),
        }.items():
            self.stage(f"{shift.name}: {name} pictures", lambda arguments=arguments: (record(*arguments), None))

    def train_source(self, shift):
        """Stage 4 on the source of a shift."""
        model = SourceTraining(self.configuration.image_encoder(), self.network("pose_autoencoder"))
        plan, name = self.plan, f"{shift.name}_source"
        model.compile(optimizer=warmed_adam(plan.source_rate, plan.source_steps))
        images, poses = self.source(shift)
        batches = data.load_labelled_images((images, poses), plan.source_batch, seed=self.seed)
        fit(model, batches, plan.source_steps, name, "supervised", self.workspace, True)
        self.workspace.save_model(f"{name}.keras", PoseEstimator(model.image_encoder, model.pose_autoencoder))
        return [f"{name}.keras"], None

    def source(self, shift):
        """Labelled images of the source of a shift."""
        records = data.load_arrays(self.workspace.path(f"{shift.name}/source"), "train", data.LABELLED_IMAGE)
        return records["image"], records["joints"]

    def clips(self, shift, name):
        """Clips of a shift with their labels."""
        records = data.load_arrays(self.workspace.path(f"{shift.name}/{name}"), "train", data.LABELLED_CLIP)
        return records["frames"], records["joints"]

    def experiment(self, shift):
        """What the methods may use on a shift, made where it is missing."""
        self.film(shift)
        self.stage(f"{shift.name}: source training", lambda: self.train_source(shift))
        clips, poses = self.clips(shift, "target")
        return methods.Experiment(
            estimator=lambda: self.network(f"{shift.name}_source"),
            motion_autoencoder=lambda: self.network("motion_autoencoder"),
            relation_network=lambda name: self.network(f"relation_{name}"),
            clips=clips,
            poses=poses,
            source=self.source(shift),
            plan=self.plan,
            workspace=self.workspace,
            seed=self.seed,
        )

    def compare(self, shift, chosen):
        """The results of the methods on a shift."""
        experiment = self.experiment(shift)
        test_clips, test_poses = self.clips(shift, "test")
        images, truth = _frames(test_clips), _frames(test_poses)
        own = [_frames(values[:, ::_OWN_FRAME_STEP]) for values in (experiment.clips, experiment.poses)]

        def measured(method):
            estimator = method(experiment)
            errors = with_labels(estimator, images, truth)
            errors |= {f"own_{name}": error for name, error in with_labels(estimator, *own).items()}
            return [], {**errors, "unlabelled": without_labels(estimator, experiment.clips)}

        results = {}
        for name, method in chosen.items():
            results[name] = self.stage(f"{shift.name}: {name}", lambda method=method: measured(method))
            print(f"   {shift.name} {name}: {results[name]['mpjpe']:.1f} ({results[name]['pa_mpjpe']:.1f})", flush=True)
        return results


def _frames(clips):
    return clips.reshape(-1, *clips.shape[2:])


def chosen_methods(shift, which):
    """The methods for a shift: all of them where it is `wild` and `which` is not "core"."""
    paper = ("paper_4_slow_backward", "paper_best_by_confidence")
    core = {**methods.BOUNDS, **methods.ALTERNATIVES, **methods.DEFAULT}
    core |= {name: methods.PAPER_ABLATION[name] for name in paper}
    if shift.name != "wild" or which == "core":
        return core
    singles = methods.single_relations(list_relations())
    return {**core, **methods.PAPER_ABLATION, **methods.WITHOUT, **singles, **methods.COLLAPSE}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mocap", type=Path, required=True, help="motion capture, see MotionLibrary.load")
    parser.add_argument("--out", type=Path, required=True, help="directory of networks, pictures and results")
    parser.add_argument("--real-videos", type=Path, help="folder of videos with joints beside them (.npz)")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0], help="default: 0")
    parser.add_argument("--shifts", nargs="+", choices=[*SHIFTS, "real"], help="default: all that there is data for")
    parser.add_argument("--methods", choices=["all", "core"], default="all", help="default: all, on wild and on real")
    parser.add_argument("--short", action="store_true", help="less of everything, for two cores and an hour")
    options = parser.parse_args()
    if options.shifts is None:
        options.shifts = [*SHIFTS, *(["real"] if options.real_videos else [])]
    if "real" in options.shifts and options.real_videos is None:
        parser.error("--shifts real needs --real-videos FOLDER")
    amounts = SHORT if options.short else LONG
    runs = known(options.out / "adaptation.json", amounts, options.mocap)
    for seed in options.seeds:
        run = runs.setdefault(str(seed), {"shifts": {}})
        benchmark = Run(options.mocap, options.out, amounts, seed)
        if set(options.shifts) & set(SHIFTS):
            run["relations"] = benchmark.embed()
        for shift in (SHIFTS[name] for name in options.shifts if name in SHIFTS):
            results = benchmark.compare(shift, chosen_methods(shift, options.methods))
            run["shifts"][shift.name] = {**run["shifts"].get(shift.name, {}), **results}
            write(options, amounts, runs)
        if "real" in options.shifts:
            results = real_video_results(options.real_videos, benchmark.workspace, seed, options.methods)
            run["shifts"]["real"] = results
        run["seconds"] = {**run.get("seconds", {}), **benchmark.workspace.seconds()}
        write(options, amounts, runs)


def known(path, amounts, mocap) -> dict:
    """The runs of an earlier file of results, if they are of this version with these amounts and this motion."""
    if not path.exists():
        return {}
    earlier = json.loads(path.read_text())
    same = earlier["amounts"] == str(amounts) and earlier["environment"] == environment()
    if not same or earlier["protocol"]["motion"] != motion(mocap):
        raise ValueError(
            "`out` holds results of other amounts or motion, another version or machine, which these would replace: "
            f"{path}"
        )
    return earlier["runs"]


def motion(mocap) -> str:
    """What the people do."""
    return f"{mocap.name}, divided by sequences: {_SHARES}"


def environment() -> dict:
    """What the results depend on beside the command."""
    return {
        "backend": keras.backend.backend(),
        "keras": keras.__version__,
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "version": posealign_keras.__version__,
    }


def write(options, amounts, runs):
    """Write what is known so far."""
    shifts = list(dict.fromkeys(shift for run in runs.values() for shift in run["shifts"]))
    content = {
        "command": "python tests/benchmarks/adaptation --mocap FILE --out DIR"
        + (" --short" if options.short else "")
        + f" --seeds {' '.join(runs)}"
        + f" --shifts {' '.join(shifts)}"
        + (" --real-videos FOLDER" if "real" in shifts else ""),
        "protocol": {
            "motion": motion(options.mocap),
            "joints": "all 17 joints of body17",
            "root": "pelvis",
            "scale": "estimated bone directions, chained with the true bone lengths",
            "frames": f"{amounts.test_clips * _TEST_FRAMES} of the test; clips adapted to: {60 // _OWN_FRAME_STEP} of "
            "each, which the methods have seen without labels, the oracle with them",
            "selection": "none: a fixed number of steps; `paper_best_by_confidence` keeps the epoch of the highest "
            "confidence",
            **({"real videos": REAL_PROTOCOL} if "real" in shifts else {}),
        },
        "environment": environment(),
        "amounts": str(amounts),
        "runs": runs,
        "summary": summary(runs),
    }
    partial = options.out / ".adaptation.json"
    partial.write_text(json.dumps(content, indent=1) + "\n")
    os.replace(partial, options.out / "adaptation.json")


if __name__ == "__main__":
    main()
