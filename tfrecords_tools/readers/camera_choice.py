"""The option `cameras` of readers of data sets with several cameras."""

from collections.abc import Sequence


def choose_cameras(cameras: str | None, known: Sequence[str]) -> tuple[str, ...]:
    """Names of cameras out of a text such as `"0,1,2"`, in the order of `known`; `None` chooses all.

    Raises:
        ValueError: If the data set has no such camera.
    """
    if cameras is None:
        return tuple(known)
    chosen = [name.strip() for name in str(cameras).split(",")]
    if not set(chosen) <= set(known):
        raise ValueError(f"`cameras` must be some of {','.join(known)}. Received: cameras={cameras!r}")
    return tuple(name for name in known if name in chosen)
