"""A model with two opposed objectives, and the same training written in NumPy."""

import keras
import numpy as np
from keras import ops

from posealign_keras.training import MultiObjectiveModel

LEARNING_RATES = {"fit": 0.05, "oppose": 0.02}
MOMENTUM = {"fit": 0.9, "oppose": 0.0}


def dense(inputs, outputs, name, **kwargs):
    return keras.Sequential([keras.Input((inputs,)), keras.layers.Dense(outputs, **kwargs)], name=name)


@keras.saving.register_keras_serializable(package="tests")
class Opposed(MultiObjectiveModel):
    """`fit` trains `first` to make second(first(x)) = y; `oppose` trains `second` to make it -y."""

    def __init__(self, first, second, schedule="together", name=None):
        super().__init__(name=name)
        self.first = first
        self.second = second
        self.schedule = schedule

    def objective_variables(self):
        return {"fit": self.first.trainable_variables, "oppose": self.second.trainable_variables}

    def call(self, x, training=False):
        return self.second(self.first(x, training=training), training=training)

    def compute_objective(self, name, x, y=None, sample_weight=None, training=True):
        prediction = self(x, training=training)
        if name == "fit":
            return ops.mean((prediction - y) ** 2), {"error": ops.mean(ops.abs(prediction - y))}
        return ops.mean((prediction + y) ** 2)


def opposed(schedule="together", model_class=Opposed, **kwargs):
    """A model with the same weights each time."""
    keras.utils.set_random_seed(0)
    model = model_class(dense(3, 4, "first"), dense(4, 1, "second"), schedule=schedule)
    random = np.random.default_rng(0)
    for variable in model.trainable_variables:
        variable.assign(random.normal(size=variable.shape) * 0.5)
    model.compile(optimizer=optimizers(), **kwargs)
    return model


def optimizers():
    return {name: keras.optimizers.SGD(LEARNING_RATES[name], momentum=MOMENTUM[name]) for name in LEARNING_RATES}


def data(count=10):
    random = np.random.default_rng(1)
    return random.normal(size=(count, 3)).astype("float32"), random.normal(size=(count, 1)).astype("float32")


class NumpyOpposed:
    """The training of `opposed()`, in float64, with gradients derived by hand."""

    def __init__(self, weights, schedule):
        self.weights = [np.asarray(weight, "float64") for weight in weights]
        self.velocity = [np.zeros_like(weight) for weight in self.weights]
        self.schedule = schedule
        self.iterations = 0

    def losses(self, x, y):
        prediction = self._forward(x)[1]
        return {
            "fit": np.mean((prediction - y) ** 2),
            "fit_error": np.mean(np.abs(prediction - y)),
            "oppose": np.mean((prediction + y) ** 2),
        }

    def step(self, x, y):
        """Trains on a batch; returns what was reported."""
        reported = {}
        names = ["fit", "oppose"]
        for name in names if self.schedule == "together" else [names[self.iterations % 2]]:
            reported |= {key: value for key, value in self.losses(x, y).items() if key.startswith(name)}
            self._minimize(name, x, y)
        self.iterations += 1
        return reported

    def _forward(self, x):
        kernel_1, bias_1, kernel_2, bias_2 = self.weights
        hidden = x @ kernel_1 + bias_1
        return hidden, hidden @ kernel_2 + bias_2

    def _minimize(self, name, x, y):
        hidden, prediction = self._forward(x)
        sign = 1 if name == "fit" else -1
        slope = 2 * (prediction - sign * y) / len(x)
        back = slope @ self.weights[2].T
        gradients = {"fit": [x.T @ back, back.sum(0)], "oppose": [hidden.T @ slope, slope.sum(0)]}[name]
        for index, gradient in zip({"fit": (0, 1), "oppose": (2, 3)}[name], gradients, strict=True):
            self.velocity[index] = MOMENTUM[name] * self.velocity[index] - LEARNING_RATES[name] * gradient
            self.weights[index] = self.weights[index] + self.velocity[index]


def values(variables):
    return [np.array(ops.convert_to_numpy(variable)) for variable in variables]


def equal(first, second):
    return len(first) == len(second) and all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
