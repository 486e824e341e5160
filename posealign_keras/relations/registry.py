"""Relations by name."""

import keras

from posealign_keras.relations.relation import Relation

_RELATIONS: dict[str, type[Relation]] = {}


def register_relation(relation_class: type[Relation]) -> type[Relation]:
    """Class decorator: make a relation known by its name, and to `keras.saving`.

    All arguments of the class's constructor must have defaults.

    Example:
        >>> @register_relation
        ... class HalfSecondLater(Relation):
        ...     order = "higher"
        ...     def __init__(self, frames=30, skeleton="body17"):
        ...         super().__init__(frames, skeleton)
        ...     def counterpart_frames(self):
        ...         return self.anchor_frames() + 15
        >>> get_relation("half_second_later")
        HalfSecondLater(frames=30, skeleton='body17')

    Raises:
        ValueError: If the name is taken, or `order` is neither `"lower"` nor `"higher"`.
    """
    if relation_class.order not in ("lower", "higher"):
        raise ValueError(
            f"`order` of {relation_class.__name__} must be 'lower' or 'higher'. "
            f"Received: order={relation_class.order!r}"
        )
    name = relation_class().name
    known = _RELATIONS.get(name)
    if known is not None and (known.__module__, known.__qualname__) != (
        relation_class.__module__,
        relation_class.__qualname__,
    ):
        raise ValueError(f"A relation named {name!r} is registered already: {known.__module__}.{known.__qualname__}.")
    _RELATIONS[name] = relation_class
    return keras.saving.register_keras_serializable(package="posealign_keras")(relation_class)


def get_relation(relation, **arguments) -> Relation:
    """Return a relation by name; a `Relation` is returned as it is.

    Args:
        relation: A name such as `"pose_flip"`, or a `Relation`.
        **arguments: Passed to the relation's class; none may be given with a `Relation`.

    Raises:
        ValueError: If no relation has that name, or arguments are given with a `Relation`.

    Example:
        >>> get_relation("slow_backward", frames=20)
        SlowBackward(frames=20, skeleton='body17')
    """
    if isinstance(relation, Relation):
        if arguments:
            raise ValueError(f"`arguments` may be given with a name only. Received: {arguments} with {relation!r}")
        return relation
    if relation not in _RELATIONS:
        raise ValueError(f"`relation` must be one of {list_relations()}. Received: relation={relation!r}")
    return _RELATIONS[relation](**arguments)


def list_relations() -> list[str]:
    """Names of all registered relations.

    Example:
        >>> {"pose_flip", "flip_backward", "slow_backward"} <= set(list_relations())
        True
    """
    return sorted(_RELATIONS)
