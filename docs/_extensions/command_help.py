"""The directive `command-help`: what a command says when it is asked for help."""

import contextlib
import io
import os
import shlex
from unittest.mock import patch

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

_WIDTH = "100"


class CommandHelp(SphinxDirective):
    """Shows the help of `posealign …` or `python -m tfrecords_tools …`."""

    required_arguments = 1
    final_argument_whitespace = True

    def run(self):
        """One block of text."""
        return [nodes.literal_block(text := help_of(self.arguments[0]), text, language="text")]


def help_of(command: str) -> str:
    """What a command says about itself.

    Args:
        command: Such as `"posealign predict"` or `"python -m tfrecords_tools videos"`.

    Raises:
        ValueError: If it is no command of this package.
    """
    from posealign_keras import cli
    from tfrecords_tools import __main__ as tools

    words = shlex.split(command)
    if words[:1] == ["posealign"]:
        main, arguments = cli.main, words[1:]
    elif words[:3] == ["python", "-m", "tfrecords_tools"]:
        main, arguments = tools.main, words[3:]
    else:
        raise ValueError(f"`command` must begin with `posealign` or `python -m tfrecords_tools`. Received: {command!r}")
    said, complaints = io.StringIO(), io.StringIO()
    with (
        patch.dict(os.environ, COLUMNS=_WIDTH, NO_COLOR="1"),
        contextlib.redirect_stdout(said),
        contextlib.redirect_stderr(complaints),
    ):
        try:
            main([*arguments, "--help"])
        except SystemExit as end:
            if end.code:
                raise ValueError(f"{command!r} is no command: {complaints.getvalue()}") from end
    return said.getvalue().strip()


def setup(app):
    """Register the directive."""
    app.add_directive("command-help", CommandHelp)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
