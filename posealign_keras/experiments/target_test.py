"""`TargetTest`: one data set on which a setting is tested, and what the paper reports for it."""

from dataclasses import dataclass

from posealign_keras.evaluation import get_protocol


@dataclass(frozen=True)
class TargetTest:
    """One test of a setting, on labelled images of the split `test`.

    Args:
        dataset: Name of the data set.
        protocols: Names of the protocols by which it is measured.
        reported: `(measure, figure)` of the paper, in millimetres or percent.

    Raises:
        ValueError: If a protocol is unknown or for another data set, or no protocol has a measure that is reported.

    Example:
        >>> TargetTest("pw3d", ("pw3d",), reported=(("pa_mpjpe", 72.1),)).protocols
        ('pw3d',)
    """

    dataset: str
    protocols: tuple[str, ...]
    reported: tuple[tuple[str, float], ...] = ()

    def __post_init__(self):
        protocols = [get_protocol(name) for name in self.protocols]
        others = [protocol.name for protocol in protocols if protocol.dataset not in (self.dataset, None)]
        if others or not protocols:
            raise ValueError(f"`protocols` must be of {self.dataset!r}, at least one. Received: {self.protocols}")
        measures = {measure.name for protocol in protocols for measure in protocol.measures}
        if not measures.issuperset(dict(self.reported)):
            raise ValueError(
                f"`reported` must be of measures of the protocols, {sorted(measures)}. Received: {self.reported}"
            )
