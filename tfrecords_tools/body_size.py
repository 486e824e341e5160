"""The size of bodies, which tells whether a unit of length is what it is taken to be."""

import numpy as np

# A body is between these sizes in metres, whatever it does: from a crouching child to a giant who reaches up.
_EXTENT = (0.2, 3.5)


def check_body_size(positions: np.ndarray, where: str, expected: str) -> None:
    """Refuse bodies that are far too small or too large.

    Args:
        positions: `(T, J, 3)` joints, taken to be metres; NaN where a joint is not known.
        where: Where the bodies are from, for the message.
        expected: What would be right, for the message.

    Raises:
        ValueError: If the largest extent of the bodies along an axis is that of no person.
    """
    known = np.isfinite(positions)
    extents = np.where(known, positions, -np.inf).max(axis=1) - np.where(known, positions, np.inf).min(axis=1)
    extent = float(extents.max())
    if not _EXTENT[0] < extent < _EXTENT[1]:
        raise ValueError(f"{where}: bodies are {extent:.3g} m tall. {expected}")
