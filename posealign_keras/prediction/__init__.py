"""3D poses of people in videos, as files: arrays, JSON, BVH, an overlay video and a page to look at."""

from posealign_keras.prediction.bvh_writer import write_bvh
from posealign_keras.prediction.load_estimator import load_estimator
from posealign_keras.prediction.placement import root_positions
from posealign_keras.prediction.predict import predict

__all__ = ["load_estimator", "predict", "root_positions", "write_bvh"]
