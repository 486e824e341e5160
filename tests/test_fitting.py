"""How many steps `fit` takes."""

from types import SimpleNamespace

import pytest

from posealign_keras.fitting import fit
from posealign_keras.workspace import Workspace


class Stage:
    """Remembers what it was told to do."""

    def fit(self, batches, **options):
        self.options = options
        return SimpleNamespace(history={"loss": [1.0]})


@pytest.mark.parametrize(
    ("steps", "expected"), [(1, 1), (3, 3), (25, 25), (30, 30), (70, 72), (120, 120), (200, 200), (6000, 6000)]
)
def test_steps_are_rounded_to_whole_epochs(steps, expected, tmp_path):
    stage = Stage()
    assert fit(stage, None, steps, "stage", "loss", Workspace(tmp_path, {}), verbose=False) == {"loss": [1.0]}
    epochs, each = stage.options["epochs"], stage.options["steps_per_epoch"]
    assert epochs * each == expected
    assert abs(expected - steps) < each
    assert epochs <= 30
