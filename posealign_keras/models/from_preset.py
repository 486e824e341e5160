"""`FromPreset`: what makes a network load itself from a preset, and save itself to one."""

import inspect
import os
from typing import Any, ClassVar, Self

from posealign_keras.models.preset import Preset

# Not from a preset, which anybody may have made: `weights` names a file to read, the others belong to Keras.
_NOT_FROM_PRESETS = ("weights", "name", "dtype", "trainable", "kwargs")


class FromPreset:
    """A network that can be loaded from a preset, and saved to one; comes before `keras.Model` among the bases."""

    preset_entry: ClassVar[str]
    """Under which name the network lies in a preset; those of variants go on with `_` and the variant."""

    @classmethod
    def from_preset(
        cls, preset: str | os.PathLike, variant: str | None = None, *, load_weights: bool = True, **arguments
    ) -> Self:
        """Load the network of a preset.

        Args:
            preset: Name of a preset that comes with the package, one of `presets.preset_names()`; or a directory.
            variant: Which one, if the preset holds several: `presets.describe_preset` tells; `None` for the usual one.
            load_weights: Whether to load its weights; otherwise the network is new and untrained.
            **arguments: Replace arguments of the network's constructor, such as `weights="imagenet"` of an
                `ImageEncoder` in the preset `"resnet50_paper"`.

        Returns:
            The network; it behaves alike on every backend.

        Raises:
            FileNotFoundError: If there is no such preset, or a file of it is missing.
            ValueError: If it has no such network or no weights of it, or a file of it is damaged; the message names
                the file.
        """
        return cls._from(Preset(preset), variant, load_weights, arguments)

    @classmethod
    def _from(cls, preset, variant, load_weights, arguments):
        entry = cls.entry(variant)
        stored = preset.arguments(entry)
        if load_weights:
            preset.weights_file(entry)  # a preset without weights is refused before anything is built
        unknown = sorted(set(stored) - set(inspect.signature(cls.__init__).parameters).difference(_NOT_FROM_PRESETS))
        try:
            if unknown:
                raise ValueError(f"it has no arguments {unknown}")
            model = cls(**{**cls.arguments_from_preset(stored), **arguments})
        except (ValueError, TypeError, KeyError) as error:
            given = f" with {arguments}" if arguments else ""
            raise ValueError(
                f"{entry!r} in {preset.directory} does not build a `{cls.__name__}`{given}: {error}"
            ) from error
        if load_weights:
            preset.load_weights(entry, model)
        return model

    def save_to_preset(
        self, directory: str | os.PathLike, variant: str | None = None, *, overwrite: bool = False
    ) -> None:
        """Save the network to a preset; other networks that it holds stay.

        Args:
            directory: The preset; it is made if it is missing.
            variant: Name beside other networks of this class, of letters, digits and `_`; `None` for the usual one.
            overwrite: Whether to replace another network of that name.

        Raises:
            FileExistsError: If the preset has another such network, and `overwrite` is false.
            ValueError: If `variant` has other characters, or weights are not finite.
            OSError: If it cannot be written.
        """
        Preset.write(directory, {self.entry(variant): (self.arguments_for_preset(), self)}, overwrite=overwrite)

    @classmethod
    def entry(cls, variant: str | None = None) -> str:
        """Name of a variant in a preset."""
        return cls.preset_entry if variant is None else f"{cls.preset_entry}_{variant}"

    def arguments_for_preset(self) -> dict[str, Any]:
        """Arguments of the constructor, as JSON has them."""
        config = self.get_config()  # type: ignore[attr-defined]
        return {name: value for name, value in config.items() if name not in _NOT_FROM_PRESETS}

    @classmethod
    def arguments_from_preset(cls, arguments: dict[str, Any]) -> dict[str, Any]:
        """Arguments of the constructor, of what `arguments_for_preset` gave."""
        return arguments
