"""The plan of an experiment: the paper's recipe, and what is refused."""

import inspect

import pytest

from posealign_keras.experiments import PAPER_RECIPE, TrainingPlan
from posealign_keras.training import Adaptation


def test_the_paper_s_recipe_is_what_the_adaptation_does_unless_told_otherwise():
    defaults = {name: one.default for name, one in inspect.signature(Adaptation).parameters.items()}
    # The statistics of normalisation are taken before the adaptation, relations are networks there and so is what
    # places the student's pictures, and places are seen where there are masks.
    of_the_plan = ("normalization_frames", "relations", "adaptation_rate", "replay_in_target_places", "place_student")
    recipe = {name: value for name, value in PAPER_RECIPE.items() if name not in of_the_plan}
    assert {name: defaults[name] for name in recipe} == recipe
    assert PAPER_RECIPE["normalization_frames"] == 0
    assert PAPER_RECIPE["place_student"] is False
    assert defaults["student_placement"] is None
    assert PAPER_RECIPE["relations"] == ("pose_flip", "flip_backward", "slow_backward")
    assert all(getattr(TrainingPlan(**PAPER_RECIPE), name) == value for name, value in PAPER_RECIPE.items())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"source_steps": 0}, r"`source_steps` must be positive\. Received: source_steps=0"),
        ({"replay_weight": -1.0}, r"`replay_weight` must be at least 0"),
        ({"energy_weight": -1.0}, r"`energy_weight` must be at least 0"),
        ({"teacher_weight": -1.0}, r"`teacher_weight` must be at least 0"),
        ({"adaptation_rate": 0.0}, r"`adaptation_rate` must be positive"),
        ({"adapted_layers": "conv3_"}, r"`adapted_layers` must be several texts.*Received: adapted_layers='conv3_'"),
        ({"adapted_layers": ()}, r"`adapted_layers` must be several texts.*Received: adapted_layers=\(\)"),
    ],
)
def test_what_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        TrainingPlan(**arguments)
