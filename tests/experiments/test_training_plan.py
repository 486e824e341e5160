"""The plan of an experiment: the paper's recipe, and what is refused."""

import inspect

import pytest

from posealign_keras.experiments import PAPER_RECIPE, TrainingPlan
from posealign_keras.training import Adaptation


def test_the_paper_s_recipe_is_what_the_adaptation_does_unless_told_otherwise():
    defaults = {name: one.default for name, one in inspect.signature(Adaptation).parameters.items()}
    # The statistics of normalisation are taken before the adaptation; the paper keeps those of the source.
    assert {name: defaults.get(name, 0) for name in PAPER_RECIPE} == PAPER_RECIPE
    assert set(PAPER_RECIPE) - set(defaults) == {"normalization_frames"}
    assert all(getattr(TrainingPlan(**PAPER_RECIPE), name) == value for name, value in PAPER_RECIPE.items())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"source_steps": 0}, r"`source_steps` must be positive\. Received: source_steps=0"),
        ({"replay_weight": -1.0}, r"`replay_weight` must be at least 0"),
        ({"adapted_layers": "conv3_"}, r"`adapted_layers` must be several texts.*Received: adapted_layers='conv3_'"),
        ({"adapted_layers": ()}, r"`adapted_layers` must be several texts.*Received: adapted_layers=\(\)"),
    ],
)
def test_what_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        TrainingPlan(**arguments)
