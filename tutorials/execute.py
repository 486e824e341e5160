"""Runs the tutorials and stores their outputs, clean; or checks, with `--check`, that what is stored is clean.

    python tutorials/execute.py            # all of them
    python tutorials/execute.py 00 05      # some, by the beginning of their names
    python tutorials/execute.py --check    # runs nothing

Each notebook runs in a new kernel, in an empty directory. Beside every plotly figure its picture is stored, for pages
that show notebooks without running them; that needs the extra `docs`, and Chrome or Chromium.
"""

import argparse
import base64
import copy
import io
import json
import os
import re
import sys
import tempfile
import time
from pathlib import Path

import nbclient
import nbformat

REPOSITORY = Path(__file__).resolve().parents[1]
FIGURE, PICTURE = "application/vnd.plotly.v1+json", "image/png"
LONGEST_CELL = 25
LARGEST_FILE = 2_000_000

_WIDTH = 860
_METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
# What is kept of the metadata of a cell: tags, such as those that a page of the documentation obeys.
_CELL_METADATA = ("tags",)
_TEXTS = ("text/plain", "text/html", "text/markdown")
# What TensorFlow writes before anybody can ask it not to, such as that there is no GPU.
_NATIVE_LOG = re.compile(r"^(?:WARNING: All log messages before absl|[IWE]\d{4} \d\d:).*\n?", re.MULTILINE)
_CELL_FILE = re.compile(r"[^\s\"']*/ipykernel_\d+/\d+\.py")
_OTHER_HOME = re.compile(r"/(?:home|root|Users)/\w*")


def execute(path: Path) -> float:
    """Run a notebook, and store it with its outputs.

    Args:
        path: The notebook.

    Returns:
        Seconds that it took, without its pictures.

    Raises:
        nbclient.exceptions.CellExecutionError: If a cell fails; the file stays as it was.
    """
    notebook = nbformat.read(path, as_version=4)
    with tempfile.TemporaryDirectory() as directory:
        environment = {**os.environ, "PLOTLY_RENDERER": "plotly_mimetype", "TMPDIR": directory}
        environment.pop("KERAS_BACKEND", None)  # the notebooks choose
        client = nbclient.NotebookClient(
            notebook,
            timeout=600,
            kernel_name="python3",
            record_timing=False,
            coalesce_streams=True,
            resources={"metadata": {"path": directory}},
        )
        start = time.monotonic()
        client.execute(env=environment)
        seconds = time.monotonic() - start
        notebook = cleaned(notebook, {directory: "/tmp"})
    add_pictures(notebook)
    partial = path.with_suffix(".partial")
    nbformat.write(notebook, partial)
    partial.replace(path)
    return seconds


def cleaned(notebook, replaced=None):
    """The notebook without anything that another run, or another machine, would have differently.

    Args:
        notebook: The notebook.
        replaced: `{path: what to write in its place}`, beside those of the checkout and of Python.
    """
    notebook = copy.deepcopy(notebook)
    notebook.metadata = nbformat.from_dict(_METADATA)
    replaced = {**(replaced or {}), f"{REPOSITORY}/": "", f"{sys.prefix}/": "", f"{Path.home()}/": "~/"}
    for cell in notebook.cells:
        cell.metadata = nbformat.from_dict(
            {name: cell.metadata[name] for name in _CELL_METADATA if name in cell.metadata}
        )
        for output in cell.get("outputs", []):
            output.pop("transient", None)
            if "metadata" in output:
                output["metadata"] = nbformat.from_dict({})
            if "text" in output:
                output["text"] = _without_paths(_NATIVE_LOG.sub("", output["text"]), replaced)
            for kind in _TEXTS:
                if kind in output.get("data", {}):
                    output["data"][kind] = _without_paths(output["data"][kind], replaced)
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if output.get("text") != ""]
    return notebook


def _without_paths(text, replaced):
    text = _CELL_FILE.sub("cell", text)
    for path, replacement in replaced.items():
        text = text.replace(path, replacement)
    return text


def add_pictures(notebook) -> None:
    """Store a picture beside every plotly figure of a notebook."""
    figures = [data for data in _figures(notebook) if PICTURE not in data]
    if not figures:
        return
    import kaleido
    import plotly.io

    kaleido.start_sync_server(silence_warnings=True)
    try:
        for data in figures:
            figure = plotly.io.from_json(json.dumps(data[FIGURE]), skip_invalid=True)
            options = {"format": "png", "width": _WIDTH, "height": figure.layout.height}
            layers = [kaleido.calc_fig_sync(layer.to_dict(), opts=options) for layer in _layers(figure)]
            data[PICTURE] = base64.b64encode(_flattened(layers)).decode()
    finally:
        kaleido.stop_sync_server(silence_warnings=True)


def _layers(figure):
    """Copies of a figure with one 3D scene each: in a picture of several, plotly lets one hide parts of another."""
    scenes = sorted({trace.scene or "scene" for trace in figure.data if trace.type == "scatter3d"})
    for scene in scenes or [None]:
        layer = copy.deepcopy(figure)
        layer.frames = ()
        for trace in layer.data:
            if trace.type == "scatter3d" and (trace.scene or "scene") != scene:
                trace.update(x=[None], y=[None], z=[None], text=None)
        yield layer


def _flattened(layers):
    """Transparent pictures on top of one another, in 256 colours, which take a quarter of the room."""
    from PIL import Image

    picture, *others = (Image.open(io.BytesIO(layer)).convert("RGBA") for layer in layers)
    for other in others:
        picture.alpha_composite(other)
    file = io.BytesIO()
    picture.quantize(256, method=Image.Quantize.FASTOCTREE).save(file, "png", optimize=True)
    return file.getvalue()


def _figures(notebook):
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if FIGURE in output.get("data", {}):
                yield output["data"]


def problems(path: Path) -> list[str]:
    """What is wrong with a stored notebook, a sentence each; nothing if it is clean.

    Args:
        path: The notebook.
    """
    notebook = nbformat.read(path, as_version=4)
    found = []
    if path.stat().st_size > LARGEST_FILE:
        found.append(f"the file has {path.stat().st_size:,} bytes, more than {LARGEST_FILE:,}")
    if cleaned(notebook) != notebook:
        found.append("its metadata or outputs hold what belongs to one run or one machine")
    ids = [cell.get("id") for cell in notebook.cells]
    if None in ids or len(set(ids)) < len(ids):
        found.append("its cells need an id each, no two the same")
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    if [cell.execution_count for cell in cells] != list(range(1, len(cells) + 1)):
        found.append("its cells were not run once each, from top to bottom")
    for cell in notebook.cells:
        found += [f"cell {cell.get('id')}: {problem}" for problem in _problems_of_cell(cell)]
    return found


def _problems_of_cell(cell):
    if cell.cell_type != "code":
        return
    lines = len(cell.source.splitlines())
    if lines > LONGEST_CELL:
        yield f"it has {lines} lines, more than {LONGEST_CELL}"
    is_compared = cell.source.startswith("# NBVAL_CHECK_OUTPUT")
    for output in cell.outputs:
        data = output.get("data", {})
        if output.output_type == "error":
            yield f"it failed: {output.ename}"
        if FIGURE in data and PICTURE not in data:
            yield "a figure has no picture"
        if FIGURE in data and is_compared:
            yield "the output of a cell with a figure cannot be compared"
        text = output.get("text", "") + "".join(data.get(kind, "") for kind in _TEXTS)
        if _OTHER_HOME.search(text):
            yield f"its output names a place of one machine: {_OTHER_HOME.search(text)[0]}"


def main(arguments=None) -> int:
    """The command line; returns its exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="beginnings of the names of notebooks; all by default")
    parser.add_argument("--check", action="store_true", help="run nothing, and fail if a stored notebook is not clean")
    options = parser.parse_args(arguments)
    folder = Path(__file__).parent
    names = [Path(name).name for name in options.names] or [""]
    paths = [path for path in sorted(folder.glob("*.ipynb")) if path.name.startswith(tuple(names))]
    unknown = [name for name in names if not any(path.name.startswith(name) for path in paths)]
    if unknown:
        parser.error(f"there is no notebook whose name begins with {', '.join(unknown)}")
    failed = False
    for path in paths:
        took = "" if options.check else f"{execute(path):6.1f} s"
        print(f"{path.name:36}{took} {path.stat().st_size / 1000:6.0f} kB", flush=True)
        for problem in problems(path):
            failed = True
            print(f"    {problem}", file=sys.stderr)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
