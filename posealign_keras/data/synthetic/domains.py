"""The domains that come with the package."""

from posealign_keras.data.synthetic.domain import Domain

STUDIO = Domain(
    name="studio",
    limb_length=(0.95, 1.05),
    girth=(0.92, 1.08),
    belly=(0.95, 1.05),
    cloth_saturation=(0.05, 0.35),
    cloth_value=(0.25, 0.75),
    skin=(0.6, 1.0),
    pattern=0.0,
    pattern_period=(0.1, 0.2),
    open_front=0.3,
    sleeve_length=(0.6, 2.1),
    leg_length=(1.9, 2.1),
    ambient=(0.65, 0.8),
    lamp=(0.25, 0.4),
    lamp_azimuth=(0, 40),
    lamp_elevation=(30, 60),
    light_tint=0.02,
    place_saturation=(0.0, 0.1),
    place_value=(0.7, 0.95),
    floor=0.5,
    texture=(0.0, 0.0),
    clutter=(0, 0),
    clutter_size=(0.04, 0.3),
    clutter_softness=(0.02, 0.2),
    occluders=(0, 0),
    occluder_size=(0.05, 0.1),
    azimuth=(0, 360),
    elevation=(-5, 10),
    roll=(0, 0),
    focal_length=(2.3, 2.7),
    fill=(0.84, 0.92),
    shift=0.01,
    exposure=(0.95, 1.05),
    colour_cast=0.02,
    gamma=(0.95, 1.05),
    contrast=(0.95, 1.05),
    saturation=(0.95, 1.05),
    blur=(0.0, 0.004),
    noise=(0.0, 0.01),
)
"""Plain backdrops, even light, plain clothes, a level camera: pictures with labels are easy to make there.

Example:
    >>> STUDIO.name, STUDIO.clutter
    ('studio', (0, 0))
"""

WILD = Domain(
    name="wild",
    limb_length=(0.92, 1.08),
    girth=(0.95, 1.2),
    belly=(0.95, 1.2),
    cloth_saturation=(0.3, 1.0),
    cloth_value=(0.3, 1.0),
    skin=(0.25, 1.0),
    pattern=0.35,
    pattern_period=(0.1, 0.3),
    open_front=0.4,
    sleeve_length=(0.6, 2.1),
    leg_length=(1.4, 2.1),
    ambient=(0.4, 0.65),
    lamp=(0.4, 0.9),
    lamp_azimuth=(10, 100),
    lamp_elevation=(10, 75),
    light_tint=0.15,
    place_saturation=(0.0, 0.25),
    place_value=(0.6, 0.95),
    floor=0.8,
    texture=(0.0, 0.03),
    clutter=(1, 4),
    clutter_size=(0.04, 0.3),
    clutter_softness=(0.06, 0.25),
    occluders=(0, 1),
    occluder_size=(0.02, 0.06),
    azimuth=(0, 360),
    elevation=(-8, 12),
    roll=(-3, 3),
    focal_length=(1.8, 3.6),
    fill=(0.78, 0.92),
    shift=0.02,
    exposure=(0.35, 0.65),
    colour_cast=0.12,
    gamma=(1.0, 1.6),
    contrast=(0.8, 1.2),
    saturation=(0.7, 1.2),
    blur=(0.0, 0.01),
    noise=(0.0, 0.025),
)
"""Dusk, cluttered places, a strong lamp, bright patterns, other bodies and cameras: the pictures without labels.

Example:
    >>> import dataclasses
    >>> empty = dataclasses.replace(WILD, name="empty", clutter=(0, 0), occluders=(0, 0))
    >>> len(empty.sample_scene(np.random.default_rng(0)).occluders)
    0
"""

VARIED = Domain(
    name="varied",
    limb_length=(0.92, 1.08),
    girth=(0.92, 1.2),
    belly=(0.95, 1.2),
    cloth_saturation=(0.0, 0.8),
    cloth_value=(0.05, 1.0),
    skin=(0.0, 1.0),
    pattern=0.25,
    pattern_period=(0.05, 0.3),
    open_front=0.3,
    sleeve_length=(0.5, 2.1),
    leg_length=(0.5, 2.1),
    ambient=(0.45, 0.85),
    lamp=(0.2, 0.7),
    lamp_azimuth=(0, 180),
    lamp_elevation=(5, 85),
    light_tint=0.1,
    place_saturation=(0.0, 0.4),
    place_value=(0.15, 1.0),
    floor=0.8,
    texture=(0.0, 0.08),
    clutter=(0, 16),
    clutter_size=(0.03, 0.4),
    clutter_softness=(0.0, 0.1),
    occluders=(0, 1),
    occluder_size=(0.02, 0.08),
    azimuth=(0, 360),
    elevation=(-10, 40),
    roll=(-25, 25),
    focal_length=(1.1, 3.6),
    fill=(0.55, 0.95),
    shift=0.06,
    exposure=(0.8, 1.25),
    colour_cast=0.1,
    gamma=(0.75, 1.3),
    contrast=(0.8, 1.25),
    saturation=(0.5, 1.2),
    blur=(0.0, 0.008),
    noise=(0.0, 0.02),
    more_lamps=(0, 2),
    age=(0.4, 1.0),
    muscle=(0.1, 0.9),
    weight=(0.1, 0.9),
    height=(0.2, 0.8),
    skirt=0.08,
    bare_chest=0.4,
    barefoot=0.25,
    cap=0.25,
    other_limbs=0.3,
    limb_turn=(0, 30),
    lean=(0, 20),
)
"""Everything varied, cameras from the ground to high above, and tilted: for a network that must begin on real pictures.

Example:
    >>> VARIED.name, VARIED.clutter
    ('varied', (0, 16))
"""

_DOMAINS = {domain.name: domain for domain in (STUDIO, WILD, VARIED)}


def get_domain(name: str | Domain) -> Domain:
    """Return the domain called `name`: "studio", "wild" or "varied"; a `Domain` is returned as it is.

    Raises:
        ValueError: If there is no such domain.

    Example:
        >>> get_domain("wild") is WILD
        True
    """
    if isinstance(name, Domain):
        return name
    if name not in _DOMAINS:
        raise ValueError(f"`name` must be one of {sorted(_DOMAINS)}. Received: name={name!r}")
    return _DOMAINS[name]
