"""The `Feature`: one named field of a record, described once for writing and reading."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from posealign_keras.data.tensorflow_import import import_tensorflow


@dataclass(frozen=True, kw_only=True)
class Feature(ABC):
    """One named field of a record.

    Args:
        name: Key of the field in the example and in the parsed dictionary.
        description: What the field holds: units, coordinate frame, order of the joints.
        shape: Size of each axis; a string names a size that differs from record to record or from set to set
            (`"num_frames"`, `"height"`, ...). Axes of the same name have the same size within one record.
        default: Value of an example that lacks the field; `None` makes the field required.
        listed: Whether the manifest lists the distinct values of the field.

    Example:
        >>> from posealign_keras.data import POSE_SEQUENCE
        >>> features = {feature.name: feature for feature in POSE_SEQUENCE.features}
        >>> features["positions"].shape, features["subject"].required
        (('num_frames', 'num_joints', 3), False)
    """

    name: str
    description: str
    shape: tuple[int | str, ...] = ()
    default: Any = None
    listed: bool = False

    @property
    def required(self) -> bool:
        """Whether every example must have the field."""
        return self.default is None

    @property
    @abstractmethod
    def kind(self) -> str:
        """What the field holds, as the manifest says it: a dtype, `"string"` or `"jpeg"`."""

    @property
    @abstractmethod
    def storage(self) -> str:
        """The list of `tf.train.Feature` that holds the values."""

    def per_frame(self, name: str | None = None) -> Self:
        """The same field for every frame of a clip: a leading axis `num_frames`, and perhaps another name."""
        return replace(self, name=name or self.name, shape=("num_frames", *self.shape))

    def static_shape(self, sizes: Mapping[str, int]) -> tuple[int | None, ...]:
        """Shape with the known `sizes` filled in and `None` for the others."""
        return tuple(sizes.get(axis) if isinstance(axis, str) else axis for axis in self.shape)

    @abstractmethod
    def validate(self, value) -> tuple[Any, tuple[int, ...]]:
        """Check the value of an example; return it normalised, with its shape.

        Raises:
            ValueError: If the value is of the wrong type or out of range; the message names the field.
        """

    @abstractmethod
    def store(self, value, jpeg_quality: int) -> list:
        """Flat list of what is stored for a validated value."""

    @abstractmethod
    def decode(self, stored, shape: tuple[int | None, ...]):
        """Tensor of the field, from `stored`: `(..., *stored_shape)`, any batch axes first."""

    def stored_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Shape of the stored values of a field of this `shape`: an encoded image is one value."""
        return shape

    def parsing(self, sizes: Mapping[str, int]):
        """What `tf.io.parse_example` has to be told about the field."""
        tf = import_tensorflow()
        dtype = {"float_list": tf.float32, "int64_list": tf.int64, "bytes_list": tf.string}[self.storage]
        shape = self.stored_shape(self.static_shape(sizes))
        if None in shape:
            return tf.io.RaggedFeature(dtype)
        return tf.io.FixedLenFeature(shape, dtype, self.default)

    def dense(self, parsed, sizes: Mapping[str, int]):
        """Stored values `(..., *stored_shape)` in one tensor, from what `tf.io.parse_example` returned.

        Raises:
            tensorflow.errors.InvalidArgumentError: When the tensor is computed, if records of one batch differ in
                size or a record lacks the field.
        """
        tf = import_tensorflow()
        stored_shape = self.stored_shape(self.static_shape(sizes))
        if None not in stored_shape:
            return parsed
        if isinstance(parsed, tf.RaggedTensor):
            values, lengths, batch = parsed.flat_values, parsed.row_lengths(), [parsed.nrows()]
        else:
            values, lengths, batch = parsed, tf.size(parsed, tf.int64)[tf.newaxis], []
        present = tf.debugging.Assert(tf.reduce_all(lengths > 0), [f"A record lacks `{self.name}`."])
        equal = tf.debugging.Assert(
            tf.reduce_all(lengths == lengths[:1]),
            [f"Records that differ in the shape of `{self.name}` cannot be parsed as one batch.", lengths],
        )
        with tf.control_dependencies([check for check in (present, equal) if check is not None]):
            shape = [*batch, *(-1 if size is None else size for size in stored_shape)]
            return tf.reshape(values, tf.cast(tf.stack(shape), tf.int64))

    def error(self, expected: str, received) -> ValueError:
        """The error for a value that is not what was `expected`."""
        return ValueError(f"`{self.name}` must be {expected}. Received: {self.name}={received!r}")
