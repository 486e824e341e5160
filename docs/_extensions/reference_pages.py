"""Pages of the reference: one for each public module, one for each of its names. They are made anew by each build.

References in docstrings may be as short as the package writes them, such as `PoseEstimator` or `skeletons.BODY17`.
"""

import functools
import inspect
import shutil
from enum import Enum
from pathlib import Path

from markdown_docstrings import to_restructured_text
from public_api import ROOTS, PublicName, public_modules, public_names
from sphinx.ext.napoleon import GoogleDocstring
from sphinx.pycode import ModuleAnalyzer
from sphinx.util.inspect import stringify_signature
from sphinx.util.nodes import make_refnode

_TITLES = {"class": "Classes", "exception": "Exceptions", "function": "Functions", "constant": "Constants"}
_PLUMBING = ("get_config", "from_config", "get_compile_config", "compile_from_config", "make_train_function", "built")
"""What a Keras object has to have, and a reader of the reference has not to read."""


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
    return "\n".join(parts)


def _line(name: PublicName):
    return " ".join(to_restructured_text([name.summary]))


def _name_page(name: PublicName, config):
    # Not in the tree of contents: with so many pages, a tree on each of them would take minutes. Its module leads here.
    lines = [":orphan:\n", f"‹ :doc:`{name.module}`\n", _heading(name.name, "="), f".. currentmodule:: {name.module}\n"]
    if name.kind in ("class", "exception"):
        members = _members(name.value)
        shown = f":members: {', '.join(members)}" if members else ":no-members:"
        lines.append(f".. auto{name.kind}:: {name.name}\n   {shown}")
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


def _members(value):
    """Documented members of a class, those that it inherits from classes of ours included; the nearest first."""
    if issubclass(value, Enum):
        return list(value.__members__)
    names: dict[str, None] = {}
    for base in value.__mro__:
        if base.__module__.split(".")[0] in ROOTS:
            documented = {attribute for owner, attribute in _attributes(base.__module__) if owner == base.__name__}
            for name, member in vars(base).items():
                is_documented = name in documented or (inspect.getdoc(member) and _is_method(member))
                if is_documented and not name.startswith("_") and name not in _PLUMBING:
                    names.setdefault(name)
    return list(names)


def _is_method(member):
    return inspect.isroutine(member) or isinstance(member, property | functools.cached_property | classmethod)


@functools.cache
def _attributes(module):
    """`(class, attribute)` of all attributes that are documented below their definition."""
    return set(ModuleAnalyzer.for_module(module).find_attr_docs())


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


def _constructor(app, what, name, value, options, signature, returns):
    """The arguments of a class are those of its `__init__`; autodoc would take the `__new__` of Keras."""
    if what != "class" or "__init__" not in vars(value) or value.__new__ is object.__new__:
        return None
    own = inspect.signature(value.__init__)
    return stringify_signature(own.replace(parameters=list(own.parameters.values())[1:])), returns


def setup(app):
    """Write the pages before Sphinx looks for them, and resolve short references."""
    app.connect("builder-inited", _write_pages)
    app.connect("missing-reference", _resolve)
    app.connect("autodoc-process-signature", _constructor)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
