"""Conversion on Apache Beam: the same recordings and records, on a cluster (Dataflow, Flink, Spark) or here."""

from collections.abc import Callable, Sequence

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions

from tfrecords_tools.part import Part


def beam_runner(options: Sequence[str] = ()) -> Callable[[Sequence[Part], Callable[[float], None]], list[dict]]:
    """Make a `runner` for `convert`, which has Apache Beam write the parts.

    Every worker reads the data set and writes its parts at the same paths as this machine: both must be on a file
    system that all of them share, and this package must be installed on all. Putting the parts together is done here.

    Args:
        options: Words of the command line of Beam, such as `["--runner=FlinkRunner", "--flink_master=host:8081"]`; none
            for the direct runner, in this process.

    Returns:
        The runner. It fails if a recording does.

    Raises:
        ImportError: On import, if Apache Beam is missing: `pip install 'posealign_keras[beam]'`.

    Example:
        >>> convert("human36m", root, out, runner=beam_runner(["--runner=SparkRunner"]))  # doctest: +SKIP
    """

    def run(parts, progress):
        with beam.Pipeline(options=PipelineOptions(list(options))) as pipeline:
            # Without the reshuffle, a runner may fuse everything into one task.
            _ = pipeline | beam.Create(parts) | beam.Reshuffle() | beam.Map(_write)
        progress(len(parts))
        reports = [part.finished_report() for part in parts]
        lost = [str(part.recording_id) for part, report in zip(parts, reports, strict=True) if report is None]
        if lost:
            raise ValueError(
                f"Beam has written {', '.join(lost[:5])} somewhere else: `root` and `out` must be on a file system "
                f"that all workers share. {len(lost)} of {len(parts)} recordings are not in "
                f"{parts[0].directory.parent}"
            )
        return reports

    return run


def _write(part):
    # A part that this worker, or an attempt before, has finished is not written again.
    return part.finished_report() or part.write()
