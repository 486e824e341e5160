"""The command `posealign`: a thin face over public functions of the package, each command over the one of its name."""

import argparse
import json
import logging
import os
import sys

from posealign_keras.quiet_imports import quiet_imports

_FORMATS = {".onnx": "onnx", ".tflite": "litert"}
_RESUME = "The same command continues; about half a minute of training is lost."


def main(arguments=None) -> int:
    """Run the command line.

    Args:
        arguments: The words after `posealign`; `None` takes those of the process.

    Returns:
        The exit code: 0, 1 for a failure, 2 for wrong arguments or input, 130 for an interruption.
    """
    # TensorFlow tells of its processor features, and that many models are many functions; errors show.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    options = _parser().parse_args(arguments)
    resume = f" {_RESUME}" if options.resumes else ""
    try:
        options.run(options)
    except KeyboardInterrupt:
        print(f"\nposealign: interrupted.{resume}", file=sys.stderr)
        return 130
    except NotADirectoryError as error:
        print(f"posealign: {error}", file=sys.stderr)
        return 1
    except (ValueError, FileNotFoundError, ImportError) as error:
        print(f"posealign: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"posealign: {error}.{resume}", file=sys.stderr)
        return 1
    return 0


def _parser():
    from posealign_keras import __version__

    parser = argparse.ArgumentParser(
        prog="posealign", description="Adapts a 3D human pose network to your own unlabelled videos."
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for add in (_add_demo, _add_adapt, _add_predict, _add_evaluate, _add_export, _add_info):
        add(commands)
    return parser


def _import_libraries(records):
    """Import what a command needs in any case, and what reads records if it does so."""
    with quiet_imports():
        import keras  # noqa: F401

        if records:
            from posealign_keras.data.tensorflow_import import import_tensorflow

            import_tensorflow()


def _command(commands, run, name, text, more="", resumes=False):
    command = commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}. {more}".rstrip())
    command.set_defaults(run=run, resumes=resumes)
    return command


def _add_demo(commands):
    demo = _command(
        commands,
        _demo,
        "demo",
        "run every stage of the method on built-in data, and write a report",
        "Generates people and pictures, trains every stage, adapts to a domain without labels, and writes records, "
        "models, metrics.json and report.html. Run again, it continues after the last finished stage.",
        resumes=True,
    )
    demo.add_argument("--out", default="posealign-demo", metavar="DIR", help="where to write (default: %(default)s)")
    demo.add_argument("--mocap", metavar="FILE.npz", help="motion capture that replaces the generated motion")
    demo.add_argument("--preset", default="small", choices=["small", "paper"], help="sizes of the networks")
    demo.add_argument("--seed", default=0, type=int, help="seed of all data and training (default: %(default)s)")
    demo.add_argument("--quick", action="store_true", help="a little of everything, in three minutes; poor results")
    demo.add_argument("--fresh", action="store_true", help="start over, even if stages are finished")


def _demo(options):
    _import_libraries(records=True)
    from posealign_keras.demo import run_demo

    run_demo(options.out, options.mocap, options.preset, options.seed, options.quick, options.fresh)


def _add_adapt(commands):
    adapt = _command(
        commands,
        _adapt,
        "adapt",
        "adapt the network of a preset to your own videos, without any label",
        "Cuts the person out of the videos, adapts, and writes adapted.keras, metrics.json and report.html. Run again, "
        "it continues where it stopped.",
        resumes=True,
    )
    adapt.add_argument("videos", metavar="VIDEO", nargs="+", help="a video, or a folder of videos or numbered pictures")
    adapt.add_argument("--out", required=True, metavar="DIR", help="directory to write")
    adapt.add_argument("--preset", default="base_synthetic", help="name or directory (default: %(default)s)")
    adapt.add_argument(
        "--boxes",
        metavar="FILE|DETECTOR",
        help="where the person is: a .csv, .json or .npz file of boxes, or a detector, with :WEIGHTS or "
        "without: hog, faster_rcnn, yolo, mediapipe (default: a file .npz beside each video, or else the person "
        "fills the frame)",
    )
    adapt.add_argument("--steps", type=int, metavar="N", help="training steps (default: 200)")
    adapt.add_argument("--seed", default=0, type=int, help="seed of everything random (default: %(default)s)")
    adapt.add_argument("--fresh", action="store_true", help="start over, even if stages are finished")


def _adapt(options):
    _import_libraries(records=True)
    import dataclasses

    from posealign_keras.own_videos import adapt
    from posealign_keras.own_videos.adapt import PLAN

    plan = PLAN if options.steps is None else dataclasses.replace(PLAN, adaptation_steps=options.steps)
    adapt(
        options.videos,
        options.out,
        options.preset,
        boxes=options.boxes,
        plan=plan,
        seed=options.seed,
        fresh=options.fresh,
    )


def _add_predict(commands):
    predict = _command(
        commands,
        _predict,
        "predict",
        "write the 3D pose of the person in every frame of a video",
        "The directory gets poses.npz, poses.json, poses.bvh, overlay.mp4 and report.html. Poses are in metres, "
        "relative to the pelvis, in the axes of the camera: x right, y down, z forward.",
    )
    predict.add_argument("video", metavar="VIDEO", help="a video, or a folder of numbered pictures")
    _add_model(predict)
    predict.add_argument("--out", required=True, metavar="DIR", help="directory to write")
    predict.add_argument(
        "--boxes",
        metavar="FILE|DETECTOR",
        help="where the person is: a .csv, .json or .npz file of boxes, or a detector, with :WEIGHTS or "
        "without: hog, faster_rcnn, yolo, mediapipe (default: a file .npz beside the video, or else the person "
        "fills the frame)",
    )
    predict.add_argument("--track", metavar="NAME", help="which person, if the file of boxes tells several apart")
    predict.add_argument(
        "--smooth",
        nargs="?",
        const=True,
        default=False,
        metavar="FILE.keras",
        help="take out jitter with a motion auto-encoder (default: that of the preset, or motion_autoencoder.keras "
        "beside the model)",
    )
    predict.add_argument(
        "--flip-average",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="also look at the mirror image: better poses, and their confidence, for twice the time (default: yes)",
    )
    predict.add_argument(
        "--fps",
        type=float,
        help="frames per second of a folder of pictures (default: 30), or of a video that says it wrongly",
    )
    predict.add_argument(
        "--intrinsics",
        type=float,
        nargs=4,
        metavar=("FX", "FY", "CX", "CY"),
        help="focal lengths and principal point in pixels (default: the focal length is the picture's diagonal)",
    )
    predict.add_argument(
        "--distortion",
        type=float,
        nargs=5,
        default=(),
        metavar=("K1", "K2", "P1", "P2", "K3"),
        help="distortion of the lens, as OpenCV has it",
    )
    predict.add_argument(
        "--batch-size", type=int, default=32, metavar="N", help="frames per step (default: %(default)s)"
    )
    predict.add_argument("--overwrite", action="store_true", help="replace what an earlier call wrote there")


def _add_model(command):
    command.add_argument(
        "--model",
        required=True,
        metavar="FILE|PRESET",
        help="the pose estimator: a .keras file or a preset, with :VARIANT or without",
    )
    command.add_argument(
        "--pose-autoencoder", metavar="FILE.keras", help="the decoder, if the model is an image encoder alone"
    )


def _predict(options):
    _import_libraries(records=False)
    from posealign_keras.prediction import predict

    intrinsics = options.intrinsics
    if intrinsics is not None:
        fx, fy, cx, cy = intrinsics
        intrinsics = [[fx, 0.0, cx], [0.0, fy, cy], [0.0, 0.0, 1.0]]
    directory = predict(
        options.video,
        options.model,
        options.out,
        boxes=options.boxes,
        track=options.track,
        smooth=options.smooth,
        pose_autoencoder=options.pose_autoencoder,
        flip_average=options.flip_average,
        fps=options.fps,
        intrinsics=intrinsics,
        distortion=tuple(options.distortion),
        batch_size=options.batch_size,
        overwrite=options.overwrite,
        progress=_progress(),
    )
    print(_what_was_seen(directory / "poses.npz"))
    print(f"Poses, overlay and report: {directory.resolve()}")


def _what_was_seen(path):
    """In how many frames there is a pose, and how sure they are."""
    import numpy as np

    from posealign_keras.prediction.report import LOW_CONFIDENCE

    with np.load(path, allow_pickle=False) as found:
        seen = np.isfinite(found["poses"]).all(axis=(1, 2))
        confidence = found["confidence"][seen]
    words = f"A pose in {seen.sum()} of {len(seen)} frames"
    if not np.isfinite(confidence).all():
        return f"{words}."
    unsure = np.mean(confidence < LOW_CONFIDENCE)
    words += f", {unsure:.0%} of them unsure (confidence below {LOW_CONFIDENCE})."
    return words + (" Do the boxes fit the person? Is the network adapted to this video?" if unsure > 0.5 else "")


def _progress():
    """Something to tell progress to: one line for each kind of work."""
    from posealign_keras.progress import Progress

    shown: dict[str, Progress] = {}
    return lambda what, done, total: shown.setdefault(what, Progress(what))(done, total)


def _add_evaluate(commands):
    evaluate = _command(
        commands,
        _evaluate,
        "evaluate",
        "measure a pose estimator on labelled records, by a protocol",
        "Prints a table, and what has to be known beside it.",
    )
    evaluate.add_argument("records", metavar="RECORDS", nargs="+", help="directories of labelled records")
    _add_model(evaluate)
    evaluate.add_argument(
        "--protocol",
        required=True,
        metavar="NAME",
        help="all_joints, for records of your own; human36m_protocol_1, human36m_protocol_2, mpi_inf_3dhp, pw3d; each "
        "of these also with _bone_lengths behind it (true bone lengths, so that directions alone count); "
        "human36m_released_code; real_video",
    )
    evaluate.add_argument("--split", default="test", help="split of the records (default: %(default)s)")
    evaluate.add_argument(
        "--flip-average", action="store_true", help="also look at the mirror image, as predict does (default: no)"
    )
    evaluate.add_argument(
        "--batch-size", type=int, default=128, metavar="N", help="images per step (default: %(default)s)"
    )
    evaluate.add_argument("--out", metavar="FILE", help="file for the result as well: .json, .md or .tex")


def _evaluate(options):
    _import_libraries(records=True)
    from posealign_keras.evaluation import evaluate
    from posealign_keras.prediction import load_estimator

    writers = {".json": "to_json", ".md": "to_markdown", ".tex": "to_latex"}
    suffix = None if options.out is None else os.path.splitext(options.out)[1]
    if suffix not in (None, *writers):
        raise ValueError(f"`--out` must end with {', '.join(writers)}. Received: {options.out!r}")
    estimator = load_estimator(options.model, options.pose_autoencoder)
    both_ways = lambda images: estimator.estimate_both_ways(images, options.batch_size)["pose_3d"]  # noqa: E731
    model = both_ways if options.flip_average else estimator
    result = evaluate(model, options.records, options.protocol, options.batch_size, options.split)
    if suffix is not None:
        partial = f"{options.out}.partial"
        with open(partial, "w", encoding="utf-8") as file:
            file.write(getattr(result, writers[suffix])())
        os.replace(partial, options.out)
    print(result.to_markdown())


def _add_export(commands):
    export = _command(commands, _export, "export", "write a pose estimator for servers and other runtimes")
    _add_model(export)
    export.add_argument(
        "--format",
        choices=["saved_model", *_FORMATS.values()],
        help="default: by the end of the name of --out; saved_model, if it is neither .onnx nor .tflite",
    )
    export.add_argument(
        "--out", required=True, metavar="PATH", help="directory of the SavedModel, or file: .onnx or .tflite"
    )
    export.add_argument(
        "--verify",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="run what was written, and compare it with the model (default: yes)",
    )


def _export(options):
    _import_libraries(records=False)
    from posealign_keras import export
    from posealign_keras.prediction import load_estimator

    by_name = _FORMATS.get(os.path.splitext(options.out)[1].lower(), "saved_model")
    write = getattr(export, f"export_{options.format or by_name}")
    model = load_estimator(options.model, options.pose_autoencoder)
    try:
        written = write(model, options.out, verify=options.verify)
    except RuntimeError as error:
        raise OSError(str(error)) from error
    print(f"Exported: {written}")


def _add_info(commands):
    info = _command(commands, _info, "info", "tell what a file or directory is", "Prints JSON.")
    info.add_argument(
        "path", metavar="PATH", help="a .keras file, a preset, a run, records, poses, motion capture, boxes or a video"
    )


def _info(options):
    from posealign_keras.info import info

    with quiet_imports():  # of what knows presets, if it is one
        found = info(options.path)
    print(json.dumps(found, indent=2, default=str))


if __name__ == "__main__":
    sys.exit(main())
