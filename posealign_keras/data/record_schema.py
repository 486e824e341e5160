"""The `RecordSchema`: what one kind of record holds, written once for both encoding and parsing."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from posealign_keras.data.feature import Feature
from posealign_keras.data.tensorflow_import import import_tensorflow
from posealign_keras.skeletons import BODY17, Skeleton


@dataclass(frozen=True)
class RecordSchema:
    """One kind of record: it encodes examples and parses records, from one list of features.

    Records are `tf.train.Example` messages in TFRecord files, one list per feature, so that other programs can
    read them.

    Args:
        name: Name of the kind of record.
        version: Raised by one whenever the features change; records of another version are refused.
        features: The fields. The size `"num_joints"` in their shapes is that of `skeleton`.
        skeleton: The body whose joints, in whose order, the records hold.

    Raises:
        ValueError: If two features have the same name.

    Example:
        >>> import dataclasses
        >>> from posealign_keras.data import POSE_SEQUENCE
        >>> from posealign_keras.skeletons import Skeleton
        >>> arm = Skeleton("arm3", ("shoulder", "elbow", "wrist"), (-1, 0, 1), (0, 1, 2), (0, 0.28, 0.25))
        >>> arms = dataclasses.replace(POSE_SEQUENCE, name="arm_sequence", skeleton=arm)
        >>> arms.describe()["name"], arms.skeleton.num_joints
        ('arm_sequence', 3)
    """

    name: str
    version: int
    features: tuple[Feature, ...]
    skeleton: Skeleton = BODY17

    def __post_init__(self):
        names = self.feature_names
        if len(set(names)) != len(names):
            raise ValueError(f"`features` must have different names. Received: features={names}")

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Names of the features, in order."""
        return tuple(feature.name for feature in self.features)

    def encode(self, example: Mapping[str, Any], jpeg_quality: int = 95) -> bytes:
        """Serialize one example.

        Args:
            example: `{feature name: value}`: NumPy arrays of exactly the dtype and shape of the feature, Python
                numbers for scalars, `str` for texts, uint8 pixels or JPEG `bytes` for images.
            jpeg_quality: Quality, 1 to 100, of images given as pixels.

        Returns:
            The record; the same bytes for the same example.

        Raises:
            ValueError: If a required feature is missing, a name is unknown, or a value has the wrong dtype,
                shape or range or is not finite. The message names the feature.
        """
        values, _ = self.validate(example)
        return self.serialize(values, jpeg_quality)

    def validate(self, example: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, int]]:
        """Check `example` and return its values with the defaults filled in, and the sizes of its named axes.

        Raises:
            ValueError: See `encode`.
        """
        unknown = sorted(set(example) - set(self.feature_names))
        if unknown:
            raise ValueError(
                f"`example` must hold features of {self.name!r} only: {', '.join(self.feature_names)}. "
                f"Received unknown: {', '.join(unknown)}"
            )
        missing = [feature.name for feature in self.features if feature.required and feature.name not in example]
        if missing:
            raise ValueError(f"`example` lacks required features of {self.name!r}: {', '.join(missing)}")
        values: dict[str, Any] = {}
        sizes = {"num_joints": self.skeleton.num_joints}
        for feature in self.features:
            value, shape = feature.validate(example.get(feature.name, feature.default))
            if len(shape) != len(feature.shape) or 0 in shape:
                raise self._shape_error(feature, sizes, shape)
            for axis, size in zip(feature.shape, shape, strict=True):
                if size != (sizes.setdefault(axis, size) if isinstance(axis, str) else axis):
                    raise self._shape_error(feature, sizes, shape)
            values[feature.name] = value
        return values, sizes

    def serialize(self, values: Mapping[str, Any], jpeg_quality: int = 95) -> bytes:
        """The record of values that `validate` returned."""
        tf = import_tensorflow()
        message = tf.train.Example()
        for feature in self.features:
            stored = getattr(message.features.feature[feature.name], feature.storage)
            stored.value.extend(feature.store(values[feature.name], jpeg_quality))
        return message.SerializeToString(deterministic=True)

    def parse(self, serialized, sizes: Mapping[str, int] | None = None, decode_images: bool = True) -> dict:
        """Parse one record, or a batch of records that agree in their shapes; for use in `dataset.map`.

        Args:
            serialized: String tensor, `()` or `(batch,)`.
            sizes: Sizes of named axes (`num_frames`, `height`, `width`) that all records share, where known:
                they become static shapes, and a record that differs is an error.
            decode_images: Whether images become uint8 pixels, or stay JPEG byte strings.

        Returns:
            `{feature name: tensor}` with the batch axis, if any, first. Texts are UTF-8 byte strings.

        Raises:
            tensorflow.errors.InvalidArgumentError: When the tensors are computed, if a record is not of this
                schema, or records of one batch differ in shape.
        """
        tf = import_tensorflow()
        serialized = tf.convert_to_tensor(serialized, tf.string)
        sizes = {**(sizes or {}), "num_joints": self.skeleton.num_joints}
        parsed = tf.io.parse_example(serialized, {feature.name: feature.parsing(sizes) for feature in self.features})
        tensors = {}
        for feature in self.features:
            stored = feature.dense(parsed[feature.name], sizes)
            keep = feature.kind == "jpeg" and not decode_images
            tensors[feature.name] = stored if keep else feature.decode(stored, feature.static_shape(sizes))
        return tensors

    def describe(self) -> dict[str, Any]:
        """Name, version and features as plain data, as the manifest keeps them."""
        return {
            "name": self.name,
            "version": self.version,
            "features": [
                {"name": feature.name, "kind": feature.kind, "shape": list(feature.shape)} for feature in self.features
            ],
        }

    def _shape_error(self, feature: Feature, sizes: Mapping[str, int], shape) -> ValueError:
        expected = ", ".join(str(sizes.get(axis, axis) if isinstance(axis, str) else axis) for axis in feature.shape)
        return ValueError(
            f"`{feature.name}` must have shape ({expected}), no axis empty. Received: shape={tuple(shape)}"
        )
