"""What pages say is true: commands exist and take these options, imports can be imported, tables are as the package."""

import ast
import importlib
import importlib.util
import re
import shlex
import tomllib

import pytest
from markdown_code import DOCS, PAGES, blocks

from posealign_keras import __version__, cli
from posealign_keras.evaluation import PROTOCOLS
from posealign_keras.relations import get_relation, list_relations
from posealign_keras.skeletons import BODY17
from tfrecords_tools import READERS
from tfrecords_tools import __main__ as tools

REPOSITORY = DOCS.parent
PYPROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
EXTRAS = set(PYPROJECT["project"]["optional-dependencies"])
TEXTS = [*PAGES, REPOSITORY / "README.md"]


def commands(page):
    for block in blocks(page, "bash"):
        for line in block.replace("\\\n", " ").splitlines():
            for command in line.split("&&"):
                if words := shlex.split(command, comments=True):
                    yield words


def commands_of(program):
    return [
        pytest.param(words[len(program) :], id=f"{page.stem}: {' '.join(words)}")
        for page in TEXTS
        for words in commands(page)
        if words[: len(program)] == program
    ]


@pytest.mark.parametrize("words", commands_of(["posealign"]))
def test_the_command_line_takes_it(words):
    options = cli._parser().parse_args(words)
    assert callable(options.run)


@pytest.mark.parametrize("words", commands_of(["python", "-m", "tfrecords_tools"]))
def test_the_tools_take_it(words):
    if "--help" in words:
        with pytest.raises(SystemExit, match=r"^0$"):
            tools._parser(words[0]).parse_args(words)
    else:
        assert callable(tools._parser(words[0]).parse_args(words).run)


@pytest.mark.parametrize("page", TEXTS, ids=lambda page: page.stem)
def test_programs_and_modules_are_there(page):
    for words in commands(page):
        while words and re.fullmatch(r"[A-Z_]+=\S*", words[0]):
            words = words[1:]
        match words:
            case ["python", "-m", ("tfrecords_tools" | "pip" | "sphinx" | "venv"), *_]:
                pass
            case ["python", "-m", module, *_]:
                assert importlib.util.find_spec(module), words
            case ["python", program, *_] if "/" in program:
                assert (REPOSITORY / program).exists(), words


@pytest.mark.parametrize("page", TEXTS, ids=lambda page: page.stem)
def test_extras_are_there(page):
    named = re.findall(r"(?:posealign_keras|[\"'(` ]\.)\[([a-z0-9_,]+)\]", page.read_text(encoding="utf-8"))
    assert {extra for group in named for extra in group.split(",")} <= EXTRAS


@pytest.mark.parametrize("page", TEXTS, ids=lambda page: page.stem)
def test_python_can_be_compiled_and_its_imports_exist(page):
    for block in blocks(page, "python"):
        for node in ast.walk(ast.parse(block)):
            if isinstance(node, ast.ImportFrom) and node.module.split(".")[0] in ("posealign_keras", "tfrecords_tools"):
                module = importlib.import_module(node.module)
                missing = [alias.name for alias in node.names if not _has(module, alias.name)]
                assert missing == [], f"{page.name}: {node.module} has no {missing}"


def _has(module, name):
    return hasattr(module, name) or importlib.util.find_spec(f"{module.__name__}.{name}") is not None


def rows(page, first_cell):
    """The table of a page whose first title is given, as lists of cells."""
    lines = (DOCS / page).read_text(encoding="utf-8").splitlines()
    start = next(index for index, line in enumerate(lines) if line.startswith(f"| {first_cell} |"))
    table = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        table.append([cell.strip() for cell in line.strip("|").split("|")])
    return table


def test_the_table_of_joints():
    names = BODY17.joint_names
    assert rows("conventions.md", "index") == [
        [
            str(index),
            name,
            names[BODY17.parents[index]] if index else "–",
            names[BODY17.mirror[index]],
            f"{BODY17.bone_lengths[index]:.2f}" if index else "–",
        ]
        for index, name in enumerate(names)
    ]


def test_the_table_of_relations():
    named = {name for row in rows("concepts.md", "relation") for name in re.findall(r"`(\w+)`", row[0])}
    # Other tests of the same process register relations of their own.
    built_in = {name for name in list_relations() if type(get_relation(name)).__module__.startswith("posealign_keras.")}
    assert named == built_in


def test_the_table_of_readers():
    assert [row[0].strip("`") for row in rows("data_sets.md", "name")] == list(READERS)


def test_the_table_of_extras():
    named = {name for row in rows("get_started.md", "extra") for name in re.findall(r"`(\w+)`", row[0])}
    assert named == EXTRAS


def test_protocols_are_there():
    text = (DOCS / "faq.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(human36m_protocol_\d|pw3d|mpi_inf_3dhp)`", text))
    assert named
    assert named - {"mpi_inf_3dhp"} <= set(PROTOCOLS)


def test_how_to_cite():
    lines = (DOCS / "CITATION.cff").read_text(encoding="utf-8").splitlines()
    top = dict(line.split(": ", 1) for line in lines if re.match(r"[a-z-]+: ", line))
    assert top["cff-version"] == "1.2.0"
    assert top["version"] == __version__
    assert top["license"] == PYPROJECT["project"]["license"]
    assert {"title", "message"} <= set(top)
    assert "authors:" in lines


def test_the_changelog_knows_the_version():
    text = (REPOSITORY / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(rf"^## {re.escape(__version__)}\b", text, re.MULTILINE)
