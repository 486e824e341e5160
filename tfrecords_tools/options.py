"""Command line options made from the parameters of a function or class: names, types, defaults and help."""

import argparse
import inspect
import re
import types
import typing
from collections.abc import Callable


def add_options(parser, function: Callable) -> list[str]:
    """Add an option to `parser` for each parameter of `function` that has a default.

    Args:
        parser: An `argparse` parser or group.
        function: Function or class; its docstring has an `Args` section.

    Returns:
        Names of the parameters that got an option.
    """
    help_of = _argument_help(inspect.getdoc(function) or "")
    names = []
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.default is parameter.empty:
            continue
        names.append(name)
        keywords = _keywords(parameter.annotation, parameter.default)
        text = help_of.get(name, "").replace("`", "").replace("%", "%%")
        if parameter.default not in (None, False, "", ()):
            text += " (default: %(default)s)"
        parser.add_argument(f"--{name.replace('_', '-')}", default=parameter.default, help=text, **keywords)
    return names


def _keywords(annotation, default):
    if annotation is bool or isinstance(default, bool):
        return {"action": argparse.BooleanOptionalAction}
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        annotation = next(choice for choice in typing.get_args(annotation) if choice is not type(None))
    if typing.get_origin(annotation) is typing.Literal:
        return {"choices": typing.get_args(annotation)}
    return {"type": annotation if annotation in (int, float, str) else str}


def _argument_help(docstring):
    """The entries of the `Args` section."""
    section = re.search(r"^Args:\n((?:[ \t]+.*\n?|\n)*)", docstring, re.MULTILINE)
    entries = re.findall(
        r"^ {4}\*{0,2}(\w+): ((?:.*\n?)(?: {5,}.*\n?)*)", section.group(1) if section else "", re.MULTILINE
    )
    return {name: " ".join(text.split()) for name, text in entries}
