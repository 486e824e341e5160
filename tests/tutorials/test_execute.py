"""The command that runs the tutorials, on small notebooks."""

import importlib.util
import json
from pathlib import Path

import nbformat
import pytest
from nbclient.exceptions import CellExecutionError
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

REPOSITORY = Path(__file__).parents[2]
FIGURE = {"data": [{"type": "scatter", "x": [1, 2], "y": [3, 4]}], "layout": {"height": 120}}


@pytest.fixture(scope="module")
def execute():
    specification = importlib.util.spec_from_file_location("execute", REPOSITORY / "tutorials" / "execute.py")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def stored(path, *cells):
    notebook = new_notebook(cells=[new_markdown_cell("# Title", id="title"), *cells])
    nbformat.write(notebook, path)
    return path


def with_output(output, source="1", count=1, name="cell"):
    return new_code_cell(source, id=name, execution_count=count, outputs=[output])


def clean_file(execute, path, *cells):
    notebook = execute.cleaned(nbformat.read(stored(path, *cells), as_version=4))
    nbformat.write(notebook, path)
    return path


@pytest.mark.slow
def test_a_notebook_runs_elsewhere_and_is_stored_clean(execute, tmp_path):
    path = stored(
        tmp_path / "one.ipynb",
        new_code_cell("import os, tempfile, warnings\nprint(sorted(os.listdir()))", id="first", metadata={"a": 1}),
        new_code_cell("print(tempfile.mkdtemp(prefix='mine_').split('mine_')[0])", id="second"),
        new_code_cell("warnings.warn('careful')", id="third"),
        new_code_cell("2 + 3", id="fourth", metadata={"tags": ["kept"]}),
    )
    assert execute.execute(path) > 0
    notebook = nbformat.read(path, as_version=4)
    first, second, third, fourth = notebook.cells[1:]
    assert first.outputs[0].text == "[]\n"  # not in the folder of the notebook
    assert second.outputs[0].text == "/tmp/\n"
    assert third.outputs[0].text.startswith("cell:1: UserWarning: careful")
    assert fourth.outputs[0].data == {"text/plain": "5"}
    assert [cell.id for cell in notebook.cells] == ["title", "first", "second", "third", "fourth"]
    assert [first.metadata, fourth.metadata] == [{}, {"tags": ["kept"]}]
    assert execute.problems(path) == []
    before = path.read_bytes()
    execute.execute(path)
    assert path.read_bytes() == before


@pytest.mark.slow
def test_a_failing_notebook_stays_as_it_was(execute, tmp_path):
    path = stored(tmp_path / "one.ipynb", new_code_cell("raise ValueError('no')", id="first"))
    before = path.read_bytes()
    with pytest.raises(CellExecutionError, match="no"):
        execute.execute(path)
    assert path.read_bytes() == before


def test_paths_of_the_checkout_are_removed(execute):
    text = f"{REPOSITORY}/posealign_keras/fitting.py:3: UserWarning"
    notebook = new_notebook(cells=[with_output(new_output("stream", name="stderr", text=text))])
    (cell,) = execute.cleaned(notebook).cells
    assert cell.outputs[0].text == "posealign_keras/fitting.py:3: UserWarning"


def test_the_log_of_tensorflow_is_removed(execute):
    log = "WARNING: All log messages before absl::InitializeLog() are\nI0000 00:00:17 13 a.cc:31] no GPU\n"
    cells = [
        with_output(new_output("stream", name="stderr", text=text), name=name)
        for name, text in {"log": log, "more": f"{log}UserWarning: I mean it\n"}.items()
    ]
    first, second = execute.cleaned(new_notebook(cells=cells)).cells
    assert first.outputs == []
    assert second.outputs[0].text == "UserWarning: I mean it\n"


def test_a_clean_notebook_has_no_problems(execute, tmp_path):
    figure = new_output("display_data", {execute.FIGURE: FIGURE, execute.PICTURE: "aGk="})
    assert execute.problems(clean_file(execute, tmp_path / "one.ipynb", with_output(figure))) == []


@pytest.mark.parametrize(
    ("cell", "problem"),
    [
        (with_output(new_output("error", ename="ValueError", evalue="no", traceback=[])), "it failed: ValueError"),
        (with_output(new_output("stream", text="/home/somebody/data")), "place of one machine: /home/somebody"),
        (with_output(new_output("stream", text="1"), count=7), "not run once each"),
        (with_output(new_output("stream", text="1"), source="a = 1\n" * 26), "26 lines"),
        (with_output(new_output("display_data", {"application/vnd.plotly.v1+json": FIGURE})), "has no picture"),
        (
            with_output(
                new_output("display_data", {"application/vnd.plotly.v1+json": FIGURE, "image/png": "aGk="}),
                source="# NBVAL_CHECK_OUTPUT\nfigure",
            ),
            "cannot be compared",
        ),
        (with_output(new_output("stream", text="long " * 500_000)), "bytes, more than"),
    ],
)
def test_problems_are_found(execute, tmp_path, cell, problem):
    (found,) = execute.problems(clean_file(execute, tmp_path / "one.ipynb", cell))
    assert problem in found


def test_metadata_of_a_run_is_found(execute, tmp_path):
    path = clean_file(execute, tmp_path / "one.ipynb", with_output(new_output("stream", text="1")))
    content = json.loads(path.read_text())
    content["metadata"]["language_info"]["version"] = "3.11.7"
    path.write_text(json.dumps(content))
    assert any("metadata" in problem for problem in execute.problems(path))


def test_unknown_names_are_refused(execute, capsys):
    with pytest.raises(SystemExit):
        execute.main(["--check", "no_such_notebook"])
    assert "no_such_notebook" in capsys.readouterr().err


def test_the_stored_tutorials_are_clean(execute, capsys):
    assert execute.main(["--check"]) == 0, capsys.readouterr().err
