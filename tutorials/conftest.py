"""Which tutorials pytest runs, through nbval."""

import os
from pathlib import Path

if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # for the kernels: there is a process for each core already

import keras

# What these show is the same on every backend, and shown on every one; the others run once.
_ON_EVERY_BACKEND = ("00_", "01_", "05_")

collect_ignore = (
    []
    if keras.backend.backend() == "tensorflow"
    else [path.name for path in Path(__file__).parent.glob("*.ipynb") if not path.name.startswith(_ON_EVERY_BACKEND)]
)
