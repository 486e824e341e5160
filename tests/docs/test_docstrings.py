"""Every public name is documented and has an example that runs, and that prints what it says it prints."""

import doctest

import keras
import numpy as np
import pytest
from public_api import public_names

OF_EVERY_BACKEND = ("losses", "metrics", "models", "ops", "presets", "relations", "skeletons")
if keras.backend.backend() == "torch":
    OF_EVERY_BACKEND += ("evaluation", "training")  # JAX would compile for minutes; their own tests run there
NAMES = [
    name
    for name in public_names()
    if keras.backend.backend() == "tensorflow" or f"{name.module}.".split(".")[1] in OF_EVERY_BACKEND
]
# What takes hours, or data sets and libraries that tests do not have; each has tests of its own.
SHOWN_ONLY = {
    "posealign_keras.data.read_hdf5",
    "posealign_keras.demo.run_demo",
    "posealign_keras.experiments.run_setting",
    "posealign_keras.export.LocalServer",
    "posealign_keras.own_videos.adapt",
}
SLOW = {f"posealign_keras.export.export_{form}" for form in ("saved_model", "onnx", "litert")}
FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


def example_of(name):
    known = {**vars(name.defined_in), "np": np, "keras": keras}
    file = name.defined_in.__file__
    return doctest.DocTestParser().get_doctest(name.documentation, known, name.full_name, file, 0)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, id=name.full_name, marks=[pytest.mark.slow] if name.full_name in SLOW else [])
        for name in NAMES
    ],
)
def test_the_example_runs(name, in_an_empty_directory, capsys):
    example = example_of(name)
    assert example.examples, f"{name.full_name} has no example"
    skipped = any(part.options.get(doctest.SKIP) for part in example.examples)
    assert skipped == (name.full_name in SHOWN_ONLY)
    said = []
    runner = doctest.DocTestRunner(optionflags=FLAGS)
    runner.run(example, out=said.append)
    assert runner.failures == 0, "".join(said)


def test_every_public_name_is_documented():
    assert [name.full_name for name in public_names() if not name.documentation] == []


def test_what_is_shown_only_exists():
    assert {name.full_name for name in public_names()} >= SHOWN_ONLY | SLOW


def test_public_names_are_those_that_one_can_import():
    for name in public_names():
        assert name.kind in ("class", "exception", "function", "constant"), name
        assert name.value is not None
        assert hasattr(name.defined_in, name.name)
