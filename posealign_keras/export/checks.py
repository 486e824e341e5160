"""What is wrong with the arguments of an export, found before any work is done."""

from importlib.util import find_spec

from posealign_keras.models import PoseEstimator


def check_estimator(model) -> None:
    """Refuse what is not a `PoseEstimator`.

    Raises:
        ValueError: If it is none.
    """
    if not isinstance(model, PoseEstimator):
        raise ValueError(f"`model` must be a `PoseEstimator`. Received: model={model!r} of type {type(model).__name__}")


def check_installed(package: str, extra: str) -> None:
    """Refuse to begin without a package that is needed later, perhaps in another process. It is not imported.

    Args:
        package: Name of the package.
        extra: The extra of this package that brings it.

    Raises:
        ImportError: If it is not installed, with the command that installs it.
    """
    if find_spec(package) is None:
        raise ImportError(
            f"This export needs {package}, which is not installed. "
            f"Install it with: pip install 'posealign_keras[{extra}]'"
        )
