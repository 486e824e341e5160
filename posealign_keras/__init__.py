"""Adapts a 3D human pose network to unlabelled videos by non-local relation distillation.

Importing this package imports Keras and the backend that Keras runs on, and no other.
Inside the package lengths are metres; poses are root-relative joints of `skeletons.BODY17` in the
camera frame (x right, y down, z forward).
"""

__version__ = "0.1.0"
