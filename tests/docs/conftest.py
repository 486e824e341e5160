"""What the tests of the documentation share."""

import sys
from pathlib import Path

import keras
import pytest

REPOSITORY = Path(__file__).parents[2]
sys.path[:0] = [str(REPOSITORY / "docs" / "_extensions")]

# Pages, diagrams and the site are the same on every backend; only examples are run on each.
collect_ignore = (
    []
    if keras.backend.backend() == "tensorflow"
    else [file.name for file in Path(__file__).parent.glob("test_*.py") if file.stem != "test_docstrings"]
)


@pytest.fixture(autouse=True)
def _without_xla(monkeypatch):
    """To compile for XLA takes longer than the trainings of examples; what is trained is the same."""
    from posealign_keras.training import MultiObjectiveModel

    if keras.backend.backend() == "tensorflow":
        compile_stage = MultiObjectiveModel.compile

        def compile_quickly(self, *args, jit_compile=False, **kwargs):
            compile_stage(self, *args, jit_compile=jit_compile, **kwargs)

        monkeypatch.setattr(MultiObjectiveModel, "compile", compile_quickly)


@pytest.fixture
def in_an_empty_directory(tmp_path, monkeypatch):
    """Examples and recipes may write where they are; what they register is forgotten again."""
    from posealign_keras.relations import registry as relations
    from posealign_keras.skeletons import registry as skeletons

    monkeypatch.chdir(tmp_path)
    for module, registered in ((relations, "_RELATIONS"), (skeletons, "_SKELETONS")):
        monkeypatch.setattr(module, registered, dict(getattr(module, registered)))
    custom_objects = dict(keras.saving.get_custom_objects())
    yield tmp_path
    keras.saving.get_custom_objects().clear()
    keras.saving.get_custom_objects().update(custom_objects)
