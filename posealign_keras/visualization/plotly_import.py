"""The one place that imports plotly, so that the package works without it until a figure is asked for."""

from importlib import import_module
from types import ModuleType


def import_plotly(module: str) -> ModuleType:
    """Import `plotly.<module>`.

    Args:
        module: Name of a plotly module: `"graph_objects"`, `"express"`, `"subplots"`, `"offline"`.

    Raises:
        ImportError: If plotly is not installed; the message says how to install it.
    """
    try:
        return import_module(f"plotly.{module}")
    except ImportError as error:
        raise ImportError(
            "Figures need plotly, which is not installed. Install it with: pip install 'posealign_keras[demo]'"
        ) from error
