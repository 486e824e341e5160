"""Generated people: motions (NumPy) and pictures of them, so that everything runs without any data set."""

from posealign_keras.data.synthetic.motion import MOTION_FAMILIES, generate_motion, generate_motion_library

__all__ = [
    "MOTION_FAMILIES",
    "generate_motion",
    "generate_motion_library",
]
