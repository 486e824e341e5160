"""`Setting`: from which data to which, and how it is tested."""

from dataclasses import dataclass

from posealign_keras.experiments.target_test import TargetTest


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One experiment: the labelled source, the unlabelled target, and the tests.

    Args:
        name: Name of the setting.
        title: What a table calls it.
        source: Names of the data sets with labelled images, which the image encoder learns from (split `train`).
        target: Name of the data set whose unlabelled clips it is adapted to (split `train`).
        tests: The tests. One on another data set than the target tests how what was learned transfers.
        labelled_subjects: The people of the target whose labels are used, in the semi-supervised variant.
        notes: What else has to be said beside the figures.

    Raises:
        ValueError: If there is no source, no test, or two tests of one data set.

    Example:
        >>> from posealign_keras.experiments import TargetTest
        >>> setting = Setting(
        ...     name="surreal_to_pw3d",
        ...     title="SURREAL to 3DPW",
        ...     source=("surreal",),
        ...     target="pw3d",
        ...     tests=(TargetTest("pw3d", ("pw3d",)),),
        ... )
        >>> setting.datasets
        ('surreal', 'pw3d')
    """

    name: str
    title: str
    source: tuple[str, ...]
    target: str
    tests: tuple[TargetTest, ...]
    labelled_subjects: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def __post_init__(self):
        tested = [test.dataset for test in self.tests]
        if not self.source or not tested or len(set(tested)) < len(tested):
            raise ValueError(
                "`source` and `tests` must not be empty, and tests must be of different data sets. "
                f"Received: source={self.source}, tests of {tested}"
            )

    @property
    def datasets(self) -> tuple[str, ...]:
        """Names of all data sets that it needs records of, without the motion capture."""
        return tuple(dict.fromkeys([*self.source, self.target, *(test.dataset for test in self.tests)]))
