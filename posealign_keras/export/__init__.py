"""Trained estimators for servers and other runtimes: SavedModel for TensorFlow Serving, ONNX, LiteRT.

All are made by TensorFlow, which is imported when an export begins, never when this package is imported.
"""

from posealign_keras.export.litert import export_litert
from posealign_keras.export.local_server import LocalServer
from posealign_keras.export.onnx import export_onnx
from posealign_keras.export.picture_status import PictureStatus
from posealign_keras.export.saved_model import export_saved_model

__all__ = ["LocalServer", "PictureStatus", "export_litert", "export_onnx", "export_saved_model"]
