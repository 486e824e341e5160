"""Docstrings in the Markdown that the package writes them in, made into the reStructuredText that Sphinx reads.

What is understood: code in single backticks, fenced code, tables, and lists that begin right below a paragraph.
Everything else is the same in both.
"""

import re

_CODE = re.compile(r"(?<!`)`(?!`)([^`]+)`(?!`)")
_NAME = re.compile(r"[A-Za-z_]\w*(\.\w+)*(\(\))?")
_FENCE = re.compile(r"^(\s*)```(\w*)\s*$")
_TABLE_RULE = re.compile(r"^\s*\|[\s:|-]+\|\s*$")
_ITEM = re.compile(r"^(\s*)[-*] ")


def to_restructured_text(lines: list[str]) -> list[str]:
    """Translate a docstring.

    Args:
        lines: Its lines, without the indentation that all share.

    Returns:
        The lines in reStructuredText.
    """
    result: list[str] = []
    prose: list[str] = []
    in_fence = in_example = False
    for line in _tables(_lists(lines)):
        fence = _FENCE.match(line)
        # An example ends with an empty line: what it prints belongs to it.
        in_example = bool(line.strip()) and (in_example or line.lstrip().startswith(">>> "))
        if not (fence or in_fence or in_example):
            prose.append(line)
            continue
        result += _translated(prose)
        prose = []
        if not fence:
            result.append(f"    {line}" if in_fence and line.strip() else line)
        elif in_fence:
            result.append("")
        else:
            result += ["", f"{fence[1]}.. code-block:: {fence[2] or 'text'}", ""]
        in_fence ^= bool(fence)
    return result + _translated(prose)


def _translated(prose):
    return _code("\n".join(prose)).split("\n") if prose else []


def _code(text):
    """Code in backticks: a reference where it is a name, else literal text."""

    def replace(match):
        code = match[1]
        plain = " ".join(code.split())
        marked = f":py:obj:`{plain}`" if _NAME.fullmatch(plain) else f"``{plain}``"
        # A letter right behind, as in a plural, would hide the end of the mark.
        following = text[match.end() : match.end() + 1]
        return marked + ("\\ " if following.isalnum() else "")

    return _CODE.sub(replace, text)


def _lists(lines):
    """An empty line between a paragraph and the list below it, and behind the list."""
    result: list[str] = []
    for line in lines:
        item = _ITEM.match(line)
        before = result[-1] if result else ""
        if item and before.strip() and not _ITEM.match(before) and not before.startswith(f"{item[1]}  "):
            result.append("")
        result.append(line)
    return result


def _tables(lines):
    result: list[str] = []
    index = 0
    while index < len(lines):
        if index + 1 < len(lines) and lines[index].lstrip().startswith("|") and _TABLE_RULE.match(lines[index + 1]):
            margin = lines[index][: len(lines[index]) - len(lines[index].lstrip())]
            rows = [_cells(lines[index])]
            index += 2
            while index < len(lines) and lines[index].lstrip().startswith("|"):
                rows.append(_cells(lines[index]))
                index += 1
            result += ["", f"{margin}.. list-table::", f"{margin}   :header-rows: 1", ""]
            for row in rows:
                result += [f"{margin}   {'* -' if not column else '  -'} {cell}" for column, cell in enumerate(row)]
            result.append("")
        else:
            result.append(lines[index])
            index += 1
    return result


def _cells(line):
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def _translate(app, what, name, value, options, lines):
    lines[:] = to_restructured_text(lines)


def setup(app):
    """Translate before napoleon reads the sections."""
    app.connect("autodoc-process-docstring", _translate, priority=100)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
