"""The `ArrayFeature`: numbers in an array of any rank, stored exactly."""

import numbers
from dataclasses import dataclass

import numpy as np

from posealign_keras.data.feature import Feature
from posealign_keras.data.tensorflow_import import import_tensorflow


@dataclass(frozen=True, kw_only=True)
class ArrayFeature(Feature):
    """Numbers in an array of any rank, a scalar included, stored exactly.

    Arrays must have the dtype of the feature already, so that no conversion is hidden here; scalars may be
    Python numbers.

    Args:
        dtype: `"float32"`, `"int64"` or `"bool"`.
        minimum: Smallest value allowed.
        maximum: Largest value allowed. Bounds catch the wrong unit, such as millimetres.
        root_relative: Whether joint 0 (axis -2) must be exactly zero.
        **kwargs: The arguments of `Feature`.

    Example:
        >>> weight = ArrayFeature(
        ...     name="weight", description="Mass of the person in kilograms.", dtype="float32", minimum=1, maximum=400
        ... )
        >>> weight.validate(72.5)
        (array(72.5, dtype=float32), ())
        >>> weight.validate(72500.0)
        Traceback (most recent call last):
            ...
        ValueError: `weight` must be at most 400. Received: weight='72500.0'
    """

    dtype: str
    minimum: float | None = None
    maximum: float | None = None
    root_relative: bool = False

    def __post_init__(self):
        if self.dtype not in ("float32", "int64", "bool"):
            raise ValueError(f"`dtype` must be 'float32', 'int64' or 'bool'. Received: dtype={self.dtype!r}")

    @property
    def kind(self) -> str:
        """The dtype."""
        return self.dtype

    @property
    def storage(self) -> str:
        """Floats are floats; integers and truth values are 64-bit integers."""
        return "float_list" if self.dtype == "float32" else "int64_list"

    def validate(self, value):
        """Check dtype, finiteness and bounds; see `Feature.validate`."""
        array = self._as_array(value)
        if not np.isfinite(array).all():
            raise self.error("finite", self._first(array, ~np.isfinite(array)))
        if self.minimum is not None and (array < self.minimum).any():
            raise self.error(f"at least {self.minimum}", self._first(array, array < self.minimum))
        if self.maximum is not None and (array > self.maximum).any():
            raise self.error(f"at most {self.maximum}", self._first(array, array > self.maximum))
        if self.root_relative and array.ndim >= 2 and array[..., 0, :].any():
            raise self.error("relative to the root: joint 0 exactly zero", array[..., 0, :])
        return array, array.shape

    def store(self, value, jpeg_quality):
        """All numbers, last axis fastest."""
        return value.ravel().astype("float32" if self.dtype == "float32" else "int64").tolist()

    def decode(self, stored, shape):
        """Cast to `dtype` and tell TensorFlow the shape."""
        tf = import_tensorflow()
        values = tf.cast(stored, self.dtype)
        batch = values.shape[: values.shape.rank - len(shape)]
        return tf.ensure_shape(values, batch.concatenate(shape))

    def _as_array(self, value) -> np.ndarray:
        expected = {"float32": numbers.Real, "int64": numbers.Integral, "bool": bool}[self.dtype]
        is_scalar = isinstance(value, numbers.Number | np.generic) and not self.shape
        truth_as_number = isinstance(value, bool | np.bool_) and self.dtype != "bool"
        if is_scalar and isinstance(value, expected) and not truth_as_number:
            try:
                return np.asarray(value, dtype=self.dtype)
            except OverflowError as error:
                raise self.error(f"within the range of {self.dtype}", value) from error
        dtype = getattr(value, "dtype", None)
        if dtype is None:
            raise self.error(f"a NumPy array of dtype {self.dtype}", value)
        array = np.asarray(value)
        if array.dtype != self.dtype:
            raise self.error(f"of dtype {self.dtype}", array.dtype.name)
        return array

    def _first(self, array, wrong) -> str:
        position = tuple(int(index) for index in np.argwhere(wrong)[0])
        return f"{array[position]} at {position}" if position else f"{array}"
