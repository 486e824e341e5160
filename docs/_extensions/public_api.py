"""The public names: all that the `__all__` of a package lists, with the documentation of each.

The site makes a page of each, and the tests run the example of each, from this one list.
"""

import ast
import functools
import importlib
import inspect
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

REPOSITORY = Path(__file__).parents[2]
ROOTS = ("posealign_keras", "tfrecords_tools")


@dataclass(frozen=True)
class PublicName:
    """One public name.

    Args:
        module: Name of the package whose `__all__` lists it.
        name: The name.
    """

    module: str
    name: str

    @property
    def full_name(self) -> str:
        """Name with its module, as one imports it."""
        return f"{self.module}.{self.name}"

    @property
    def value(self) -> Any:
        """What the name stands for."""
        return getattr(importlib.import_module(self.module), self.name)

    @property
    def kind(self) -> str:
        """`"class"`, `"exception"`, `"function"` or `"constant"`."""
        value = self.value
        if inspect.isclass(value):
            return "exception" if issubclass(value, Exception) else "class"
        return "function" if inspect.isroutine(value) else "constant"

    @property
    def defined_in(self) -> ModuleType:
        """The module whose file defines it."""
        return importlib.import_module(_definition(self.module, self.name)[0])

    @property
    def documentation(self) -> str:
        """Its docstring; of a constant, the text below its definition. Empty if there is none."""
        return inspect.cleandoc(_definition(self.module, self.name)[1] or "")

    @property
    def summary(self) -> str:
        """First sentence of the documentation, on one line."""
        paragraph = " ".join(self.documentation.split("\n\n", 1)[0].split())
        return paragraph.split(". ", 1)[0].rstrip(".") + "."


@functools.cache
def public_modules() -> tuple[str, ...]:
    """Names of all packages that have an `__all__` of names, in the order of the alphabet."""
    modules = []
    for root in ROOTS:
        for file in sorted((REPOSITORY / root).rglob("__init__.py")):
            module = ".".join(file.parent.relative_to(REPOSITORY).parts)
            if module != "posealign_keras" and _listed(module):  # which lists its parts
                modules.append(module)
    return tuple(modules)


@functools.cache
def public_names() -> tuple[PublicName, ...]:
    """All public names, by module, each in the order of its `__all__`."""
    return tuple(PublicName(module, name) for module in public_modules() for name in _listed(module))


def _source(module):
    path = REPOSITORY.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


@functools.cache
def _statements(module):
    return ast.parse(_source(module).read_text(encoding="utf-8")).body


def _listed(module):
    for statement in _statements(module):
        if isinstance(statement, ast.Assign) and _target(statement) == "__all__":
            return tuple(ast.literal_eval(statement.value))
    return ()


def _target(statement):
    target = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target
    return target.id if isinstance(target, ast.Name) else None


@functools.cache
def _definition(module, name):
    """Module that defines a name, and its documentation; imports are followed."""
    statements = _statements(module)
    for statement, following in zip(statements, [*statements[1:], None], strict=True):
        match statement:
            case ast.ImportFrom() if statement.module and statement.module.split(".")[0] in ROOTS:
                for alias in statement.names:
                    if (alias.asname or alias.name) == name:
                        return _definition(statement.module, alias.name)
            case ast.ClassDef() | ast.FunctionDef() if statement.name == name:
                return module, ast.get_docstring(statement)
            case ast.Assign() | ast.AnnAssign() if _target(statement) == name:
                below = following.value if isinstance(following, ast.Expr) else None
                text = below.value if isinstance(below, ast.Constant) and isinstance(below.value, str) else None
                return module, text
    raise LookupError(f"{module} lists {name!r} in `__all__`, but neither defines nor imports it")
