"""Skeletons by name, so that saved models and records can refer to one."""

from posealign_keras.skeletons.skeleton import BODY17, Skeleton

_SKELETONS: dict[str, Skeleton] = {}


def register_skeleton(skeleton: Skeleton) -> Skeleton:
    """Make `skeleton` known under its name, for saved models and records that refer to it.

    Raises:
        ValueError: If another skeleton has that name already.

    Example:
        >>> finger = Skeleton("finger", ("base", "middle", "tip"), (-1, 0, 1), (0, 1, 2), (0, 0.04, 0.03))
        >>> register_skeleton(finger) is get_skeleton("finger")
        True
    """
    known = _SKELETONS.setdefault(skeleton.name, skeleton)
    if known != skeleton:
        raise ValueError(f"`skeleton` differs from the one already registered as {skeleton.name!r}.")
    return skeleton


def get_skeleton(name: str | Skeleton) -> Skeleton:
    """Return the skeleton registered as `name`; a `Skeleton` is returned as it is.

    Raises:
        ValueError: If no skeleton has that name.

    Example:
        >>> get_skeleton("body17").num_joints
        17
    """
    if isinstance(name, Skeleton):
        return name
    if name not in _SKELETONS:
        raise ValueError(f"`name` must be one of {sorted(_SKELETONS)}. Received: name={name!r}")
    return _SKELETONS[name]


register_skeleton(BODY17)
