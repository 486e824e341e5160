"""Pages of the reference: one for each public module, one for each of its names. They are made anew by each build.

References in docstrings may be as short as the package writes them, such as `PoseEstimator` or `skeletons.BODY17`.
"""

import inspect
import shutil
from enum import Enum
from pathlib import Path

from markdown_docstrings import to_restructured_text
from public_api import PublicName, public_modules, public_names
from sphinx.ext.napoleon import GoogleDocstring
from sphinx.util.nodes import make_refnode

_TITLES = {"class": "Classes", "exception": "Exceptions", "function": "Functions", "constant": "Constants"}
_NOT_OURS = (
    *("Model", "Layer", "Metric", "Callback", "Optimizer", "Operation", "KerasSaveable", "Trainer"),
    *("ABC", "Protocol", "Generic", "tuple", "int", "IntEnum", "Enum", "Exception", "object"),
)
"""Classes of Keras and Python whose members have pages elsewhere."""


def _write_pages(app):
    directory = Path(app.srcdir) / "reference" / "generated"
    pages = {}
    for module in public_modules():
        names = [name for name in public_names() if name.module == module]
        pages[f"{module}.rst"] = _module_page(module, names)
        pages |= {f"{name.full_name}.rst": _name_page(name, app.config) for name in names}
    if directory.is_dir() and {file.name for file in directory.iterdir()} - set(pages):
        shutil.rmtree(directory)
    directory.mkdir(parents=True, exist_ok=True)
    for name, text in pages.items():
        file = directory / name
        if not file.is_file() or file.read_text(encoding="utf-8") != text:  # what did not change is not read again
            file.write_text(text, encoding="utf-8")


def _heading(text, line):
    return f"{text}\n{line * len(text)}\n"


def _module_page(module, names):
    parts = [_heading(module, "="), f".. automodule:: {module}\n   :no-members:\n"]
    for kind, title in _TITLES.items():
        chosen = [name for name in names if name.kind == kind]
        if chosen:
            rows = "".join(
                f"   * - :py:obj:`{name.name} <{name.full_name}>`\n     - {_line(name)}\n" for name in chosen
            )
            parts += [_heading(title, "-"), f".. list-table::\n   :widths: 30 70\n\n{rows}"]
    entries = "".join(f"   {name.name} <{name.full_name}>\n" for name in names)
    return "\n".join([*parts, f".. toctree::\n   :hidden:\n\n{entries}"])


def _line(name: PublicName):
    return " ".join(to_restructured_text([name.summary]))


def _name_page(name: PublicName, config):
    lines = [_heading(name.name, "="), f".. currentmodule:: {name.module}\n"]
    if name.kind in ("class", "exception"):
        lines.append(f".. auto{name.kind}:: {name.name}\n   :members:\n   :inherited-members: {','.join(_NOT_OURS)}")
        if issubclass(name.value, Enum):
            lines.append("   :undoc-members:")
    elif name.kind == "function":
        lines.append(f".. autofunction:: {name.name}")
    else:
        # What autodoc knows of a value is the documentation of its class.
        lines.append(f".. py:data:: {name.name}\n   :type: {type(name.value).__name__}\n")
        translated = to_restructured_text(name.documentation.splitlines())
        text = GoogleDocstring(translated, config, what="data", name=name.full_name).lines()
        lines += [f"   {line}" if line else "" for line in text]
    lines.append(f"\nDefined in :py:mod:`{name.defined_in.__name__}`.")
    return "\n".join(lines) + "\n"


def _resolve(app, env, node, contnode):
    """A short reference to one of our names; anything else stays plain code."""
    if node.get("refdomain") != "py" or node.get("reftype") not in ("obj", "class", "func", "data"):
        return None
    target = node["reftarget"].removesuffix("()").removeprefix("posealign_keras.")
    objects = env.get_domain("py").objects
    matching = {
        full_name: entry
        for full_name, entry in objects.items()
        if full_name.endswith(f".{target}") and ("." in target or full_name in _full_names())
    }
    if len(matching) != 1:
        return None
    ((_, entry),) = matching.items()
    return make_refnode(app.builder, node["refdoc"], entry.docname, entry.node_id, [contnode], target)


def _full_names():
    return {name.full_name for name in public_names()}


def _skip_plumbing(app, what, name, value, skip, options):
    """Leave out what a Keras model has to have, and a reader of the reference has not to read."""
    plumbing = ("get_config", "from_config", "get_compile_config", "compile_from_config", "make_train_function")
    if name in plumbing or (name in ("train_step", "test_step", "built") and not inspect.isclass(value)):
        return True
    return None


def setup(app):
    """Write the pages before Sphinx looks for them, and resolve short references."""
    app.connect("builder-inited", _write_pages)
    app.connect("missing-reference", _resolve)
    app.connect("autodoc-skip-member", _skip_plumbing)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
