"""The `TextFeature`: a name, stored as UTF-8."""

from dataclasses import dataclass

from posealign_keras.data.feature import Feature
from posealign_keras.data.tensorflow_import import import_tensorflow


@dataclass(frozen=True, kw_only=True)
class TextFeature(Feature):
    """A text of any length, stored as UTF-8 and parsed as a scalar string tensor of those bytes.

    Args:
        choices: The texts allowed; empty for any.
        **kwargs: The arguments of `Feature`.

    Example:
        >>> side = TextFeature(name="side", description="Which hand writes.", choices=("left", "right"))
        >>> side.validate("left")
        ('left', ())
        >>> side.validate("both")
        Traceback (most recent call last):
            ...
        ValueError: `side` must be one of 'left', 'right'. Received: side='both'
    """

    choices: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """Always `"string"`."""
        return "string"

    @property
    def storage(self) -> str:
        """Texts are byte strings."""
        return "bytes_list"

    def validate(self, value):
        """Check that the value is a text that UTF-8 can hold; see `Feature.validate`."""
        if not isinstance(value, str):
            raise self.error("a str", value)
        if self.choices and value not in self.choices:
            raise self.error(f"one of {', '.join(map(repr, self.choices))}", value)
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise self.error("text that UTF-8 can hold", value) from error
        return value, ()

    def store(self, value, jpeg_quality):
        """The text as UTF-8."""
        return [value.encode()]

    def decode(self, stored, shape):
        """The bytes as they are."""
        return import_tensorflow().identity(stored)
