"""The command line: `python -m tfrecords_tools <data set> --root DIR --out DIR`, `inspect`, `verify`, `preview`."""

import argparse
import inspect as python_inspect
import os
import shlex
import sys

from posealign_keras.progress import Progress
from tfrecords_tools.check import inspect, verify
from tfrecords_tools.convert import convert
from tfrecords_tools.options import add_options
from tfrecords_tools.preview import preview
from tfrecords_tools.readers import READERS, get_reader
from tfrecords_tools.settings import Settings

_PROGRAM = "tfrecords_tools"
_NOTES = 20
_RESUME = "The same command goes on after the last finished recording."


def main(arguments=None) -> int:
    """Run the command line.

    Args:
        arguments: The words after `python -m tfrecords_tools`; `None` takes those of the process.

    Returns:
        The exit code: 0, 1 for a failure, 2 for wrong arguments or input, 130 for an interruption.
    """
    # TensorFlow tells of its processor features on every start; errors still show.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    try:
        options = _parser(arguments[0] if arguments else None).parse_args(arguments)
        options.run(options)
    except KeyboardInterrupt:
        print(f"\n{_PROGRAM}: interrupted. {_RESUME}", file=sys.stderr)
        return 130
    except (ValueError, FileNotFoundError, FileExistsError, ImportError) as error:
        print(f"{_PROGRAM}: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"{_PROGRAM}: {error}." + (f" {_RESUME}" if arguments[0] in READERS else ""), file=sys.stderr)
        return 1
    return 0


def _parser(command):
    parser = argparse.ArgumentParser(
        prog=f"python -m {_PROGRAM}",
        description="Converts data sets, and your own videos, into the TFRecords that posealign_keras reads.",
    )
    commands = parser.add_subparsers(title="data sets and commands", required=True, metavar="COMMAND")
    for name in READERS:
        # Only the reader that is asked for is imported: others may need libraries that are not there.
        _add_data_set(commands, name, get_reader(name) if name == command else None)
    for name, run, text in (
        ("inspect", _inspect, "show counts, schema and statistics of records"),
        ("verify", _verify, "check every record, and that splits do not overlap"),
        ("preview", _preview, "write a page of samples with the skeleton drawn over and beside the image"),
    ):
        sub = commands.add_parser(name, help=text, description=text)
        sub.add_argument("out", metavar="DIR", help="directory of the records")
        sub.set_defaults(run=run)
        if name == "preview":
            sub.add_argument("--page", metavar="FILE.html", help="the page to write (default: DIR/preview.html)")
            sub.add_argument("--samples", type=int, default=8, help="samples of each split (default: %(default)s)")
            sub.add_argument("--seed", type=int, default=0, help="which ones (default: %(default)s)")
    return parser


def _add_data_set(commands, name, reader):
    summary = (python_inspect.getdoc(reader) or "").splitlines()[0] if reader else None
    parser = commands.add_parser(name, help=f"convert the data set {name}", description=summary)
    if reader is None:
        return
    parser.add_argument("--root", required=True, metavar="DIR", help="directory (or file) of the data set")
    parser.add_argument("--out", required=True, metavar="DIR", help="directory of the records")
    parser.add_argument(
        "--kinds", nargs="+", choices=reader.kinds, help="kinds of record (default: all that the data set can yield)"
    )
    parser.add_argument(
        "--split",
        nargs="+",
        metavar="NAME[=SHARE]",
        help="splits of the data set, or with shares (train=0.8 test=0.2) splits to be drawn",
    )
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes (default: %(default)s)")
    parser.add_argument("--shard-size", type=float, default=64, metavar="MB", help="size of a shard (default: 64)")
    parser.add_argument("--seed", type=int, default=0, help="decides which recordings go where, if splits are drawn")
    parser.add_argument("--skip-damaged", action="store_true", help="leave out and count what cannot be read")
    parser.add_argument(
        "--beam",
        metavar="OPTIONS",
        help="convert on Apache Beam, with these options of its command line, such as '--runner=SparkRunner'; "
        "'' is its direct runner",
    )
    parser.add_argument("--overwrite", action="store_true", help="replace complete splits of other arguments")
    shared = add_options(parser.add_argument_group("records"), Settings)
    own = add_options(parser.add_argument_group(f"options of {name}"), reader)
    parser.set_defaults(run=_convert, dataset=name, passed_on=[*shared, *own])


def _convert(options):
    shown: dict[str, Progress] = {}

    def progress(what, done, total):
        shown.setdefault(what, Progress(what))(done, total)

    result = convert(
        options.dataset,
        options.root,
        options.out,
        kinds=options.kinds,
        splits=_splits(options.split),
        seed=options.seed,
        workers=options.workers,
        shard_size_mb=options.shard_size,
        skip_damaged=options.skip_damaged,
        overwrite=options.overwrite,
        progress=progress,
        runner=None if options.beam is None else _beam_runner(options.beam),
        **{name: getattr(options, name) for name in options.passed_on},
    )
    for kind, manifests in result.items():
        for split, manifest in manifests.items():
            _tell(f"{options.out}/{kind}", split, manifest)


def _beam_runner(words):
    try:
        from tfrecords_tools.beam import beam_runner
    except ImportError as error:
        raise ImportError(f"`--beam` needs {error.name}: pip install 'posealign_keras[beam]'") from error
    return beam_runner(shlex.split(words))


def _splits(words):
    if not words:
        return None
    pairs = [word.partition("=") for word in words]
    if not any(equals for _, equals, _ in pairs):
        return words
    try:
        return {name: float(share) for name, _, share in pairs}
    except ValueError as error:
        raise ValueError(
            f"`--split` must be names, or names with shares for all. Received: {' '.join(words)}"
        ) from error


def _tell(directory, split, manifest):
    print(
        f"{directory} {split}: {manifest.num_records:,} records in {len(manifest.shards)} shards, "
        f"{manifest.num_bytes / 1e6:,.1f} MB"
    )
    for axis, (smallest, largest) in manifest.sizes.items():
        print(f"   {axis}: {smallest}" + (f" to {largest}" if largest != smallest else ""))
    for name, values in manifest.values.items():
        if name != "split":
            more = f" and {len(values) - 8} more" if len(values) > 8 else ""
            print(f"   {name}: {', '.join(str(value) for value in values[:8])}{more}")
    for reason, count in manifest.metadata.get("dropped", {}).items():
        print(f"   left out: {count:,} {reason}")
    notes = manifest.metadata.get("notes", ())
    for note in notes[:_NOTES]:
        print(f"   note: {note}")
    if len(notes) > _NOTES:
        print(f"   and {len(notes) - _NOTES:,} more notes, in the manifest")


def _inspect(options):
    for directory, manifests in inspect(options.out).items():
        for split, manifest in manifests.items():
            _tell(directory, split, manifest)
            for feature in manifest.schema["features"]:
                print(f"   {feature['name']}: {feature['kind']} {tuple(feature['shape'])}")


def _verify(options):
    found = verify(options.out, progress=lambda what: print(f"   {what}", flush=True))
    count = sum(manifest.num_records for manifests in found.values() for manifest in manifests.values())
    print(f"{options.out}: all {count:,} records are whole.")
    unknown = [
        f"{directory} {split}"
        for directory, manifests in found.items()
        for split, manifest in manifests.items()
        if not manifest.metadata.get("groups")
    ]
    if unknown:
        print(f"Who or what is in them was not recorded, so splits may overlap: {', '.join(unknown)}")
    else:
        print("No person or recording, or what else was to stay together, is in two splits.")


def _preview(options):
    page = preview(options.out, options.page, samples=options.samples, seed=options.seed)
    print(f"{page}")


if __name__ == "__main__":
    sys.exit(main())
