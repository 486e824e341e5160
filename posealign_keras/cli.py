"""The command `posealign`: a thin face over public functions of the package."""

import argparse
import logging
import os
import sys


def main(arguments=None) -> int:
    """Run the command line.

    Args:
        arguments: The words after `posealign`; `None` takes those of the process.

    Returns:
        The exit code: 0, 1 for a failure, 2 for wrong arguments or input, 130 for an interruption.
    """
    # TensorFlow tells of its processor features on every start, and that many models are many functions; errors show.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    options = _parser().parse_args(arguments)
    try:
        options.run(options)
    except KeyboardInterrupt:
        print("\nposealign: interrupted. The same command continues after the last finished stage.", file=sys.stderr)
        return 130
    except (ValueError, FileNotFoundError, ImportError) as error:
        print(f"posealign: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"posealign: {error}. The same command continues after the last finished stage.", file=sys.stderr)
        return 1
    return 0


def _parser():
    from posealign_keras import __version__

    parser = argparse.ArgumentParser(
        prog="posealign", description="Adapts a 3D human pose network to your own unlabelled videos."
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(title="commands", required=True)
    demo = commands.add_parser(
        "demo",
        help="run every stage of the method on built-in data, and write a report",
        description="Generates people and pictures, trains every stage, adapts to a domain without labels, and "
        "writes records, models, metrics.json and report.html. Run again, it continues after the last finished stage.",
    )
    demo.add_argument("--out", default="posealign-demo", metavar="DIR", help="where to write (default: %(default)s)")
    demo.add_argument("--mocap", metavar="FILE.npz", help="motion capture that replaces the generated motion")
    demo.add_argument("--preset", default="small", choices=["small", "paper"], help="sizes of the networks")
    demo.add_argument("--seed", default=0, type=int, help="seed of all data and training (default: %(default)s)")
    demo.add_argument("--quick", action="store_true", help="a little of everything, in three minutes; poor results")
    demo.add_argument("--fresh", action="store_true", help="start over, even if stages are finished")
    demo.set_defaults(run=_demo)
    return parser


def _demo(options):
    from posealign_keras.demo.run import run_demo

    run_demo(options.out, options.mocap, options.preset, options.seed, options.quick, options.fresh)


if __name__ == "__main__":
    sys.exit(main())
