"""Adapts a 3D human pose network to unlabelled videos by non-local relation distillation.

Its parts (`posealign_keras.models`, `.training`, `.relations`, …) are imported on first use, with Keras and the one
backend that Keras runs on. To load a saved model, import `posealign_keras.models` before: Keras then knows its classes.
Inside the package lengths are metres; poses are root-relative joints of `skeletons.BODY17` in the camera frame (x
right, y down, z forward).
"""

import importlib

__version__ = "0.1.0"

__all__ = [
    "data",
    "demo",
    "evaluation",
    "experiments",
    "export",
    "info",
    "losses",
    "metrics",
    "models",
    "ops",
    "own_videos",
    "prediction",
    "presets",
    "relations",
    "skeletons",
    "training",
    "video",
    "visualization",
]


def __getattr__(name):
    if name in __all__:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted([*globals(), *__all__])
