"""What the methods of the benchmark of adaptation have of their own."""

import numpy as np
from methods import PAPER_ABLATION, WITHOUT, KeepMostConfident

from posealign_keras.experiments import PAPER_RECIPE, TrainingPlan


class Estimator:
    """Its confidence is its weight."""

    def __init__(self, weight):
        self.weight = weight

    def get_weights(self):
        return [self.weight]

    def set_weights(self, weights):
        (self.weight,) = weights

    def estimate_both_ways(self, images):
        return {"confidence": np.full(len(images), self.weight)}


def test_the_most_confident_epoch_is_kept():
    estimator = Estimator(0.2)
    callback = KeepMostConfident(estimator, np.zeros((3, 2, 2, 3)))
    for epoch, weight in enumerate((0.3, 0.7, 0.5)):
        estimator.weight = weight
        callback.on_epoch_end(epoch)
    callback.on_train_end()
    assert estimator.weight == 0.7


def test_the_start_is_kept_where_nothing_is_better():
    estimator = Estimator(0.9)
    callback = KeepMostConfident(estimator, np.zeros((3, 2, 2, 3)))
    estimator.weight = 0.1
    callback.on_epoch_end(0)
    callback.on_train_end()
    assert estimator.weight == 0.9


def test_each_row_without_something_differs_from_the_default_in_that_alone():
    default = TrainingPlan()
    changed = {key for method in WITHOUT.values() for key in method.keywords}
    # These sources have no masks, without which nobody is set into places, and the default's student is not placed: the
    # real videos have those rows.
    assert changed == set(PAPER_RECIPE) - {"adaptation_rate", "replay_in_target_places", "place_student"}
    for name, method in WITHOUT.items():
        assert len(method.keywords) == 1, name
        ((key, value),) = method.keywords.items()
        assert getattr(default, key) != value, name


def test_the_paper_s_rows_add_one_energy_each():
    rows = [method.keywords for name, method in PAPER_ABLATION.items() if name[len("paper_")].isdigit()]
    assert [len(row["relations"]) for row in rows] == [0, 1, 2, 3]
    for row in rows:
        assert {key for key, value in PAPER_RECIPE.items() if row[key] != value} <= {"relations", "adaptation_rate"}
    assert rows[-1]["relations"] == PAPER_RECIPE["relations"]
