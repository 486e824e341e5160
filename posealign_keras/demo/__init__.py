"""The demonstration: every stage on built-in data, from nothing to a report with pictures."""

from posealign_keras.demo.run import run_demo

__all__ = ["run_demo"]
