"""`load_estimator`: a `PoseEstimator` out of a preset, or of whatever file a training left."""

import os
import zipfile
from pathlib import Path

import keras

from posealign_keras.models import ImageEncoder, PoseAutoencoder, PoseEstimator
from posealign_keras.models.preset import INDEX, Preset, preset_names


def load_estimator(model, pose_autoencoder=None) -> PoseEstimator:
    """Load what estimates poses.

    Args:
        model: Name or directory of a preset, with `:` and the variant after it for another image encoder than the usual
            one, such as `"small_synthetic:source"`. Or a `.keras` file of a `PoseEstimator`, of a training stage that
            holds an image encoder and a pose auto-encoder, or of an `ImageEncoder` alone; or such a model.
        pose_autoencoder: A `.keras` file of a `PoseAutoencoder`, or such a model; only for an `ImageEncoder` alone.

    Returns:
        The estimator.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If a file is no such model, or a preset is without weights; the message names it.

    Example:
        >>> load_estimator("small_synthetic").image_size
        64
    """
    preset, variant = find_preset(model)
    if preset is not None:
        entries = (ImageEncoder.entry(variant), PoseAutoencoder.entry())
        untrained = [name for name in entries if not preset.has_weights(name)]
        if untrained:
            raise ValueError(
                f"`model` must be trained, but the preset has no weights of: {', '.join(untrained)}. "
                f"Received: model={_words(model)}"
            )
        return PoseEstimator.from_preset(preset.directory, variant)
    loaded = load_model("model", model)
    if isinstance(loaded, PoseEstimator):
        return loaded
    if isinstance(loaded, ImageEncoder):
        if pose_autoencoder is None:
            raise ValueError(
                "`pose_autoencoder` must be given beside an image encoder, which has no decoder. "
                f"Received: model={_words(model)}"
            )
        decoder = load_model("pose_autoencoder", pose_autoencoder)
        if not isinstance(decoder, PoseAutoencoder):
            raise ValueError(
                f"`pose_autoencoder` must be a `PoseAutoencoder`. Received: a `{type(decoder).__name__}`, "
                f"pose_autoencoder={_words(pose_autoencoder)}"
            )
        return PoseEstimator(loaded, decoder)
    encoder, decoder = (getattr(loaded, name, None) for name in ("image_encoder", "pose_autoencoder"))
    if isinstance(encoder, ImageEncoder) and isinstance(decoder, PoseAutoencoder):
        return PoseEstimator(encoder, decoder)
    raise ValueError(
        "`model` must be a `PoseEstimator`, or hold an image encoder and a pose auto-encoder. "
        f"Received: a `{type(loaded).__name__}`, model={_words(model)}"
    )


def find_preset(model) -> tuple[Preset | None, str | None]:
    """The preset that `model` names, and the variant after a `:`; `None` for what it is not."""
    if not isinstance(model, str | os.PathLike):
        return None, None
    name = os.fspath(model)
    before, _, variant = name.rpartition(":")
    for preset, chosen in ((name, None), (before, variant)):
        if preset and (preset in preset_names() or (Path(preset) / INDEX).is_file()):
            return Preset(preset), chosen
    return None, None


def load_model(argument: str, model) -> keras.Model:
    """A model from a `.keras` file; a model is returned as it is.

    Args:
        argument: Name of the argument, for messages.
        model: The file, or the model.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is no model of Keras.
    """
    if isinstance(model, keras.Model):
        return model
    if not isinstance(model, str | os.PathLike):
        raise ValueError(f"`{argument}` must be a .keras file or a model. Received: {argument}={model!r}")
    path = Path(model)
    if not path.is_file():
        presets = f", or one of the presets {', '.join(preset_names())}" if argument == "model" else ""
        raise FileNotFoundError(f"`{argument}` must be a .keras file{presets}. There is no file {path}")
    if path.suffix != ".keras" or not zipfile.is_zipfile(path):
        raise ValueError(f"`{argument}` must be a .keras file, as `model.save` writes it. Received: {path}")
    import posealign_keras.training  # noqa: F401 - makes the stages known to Keras

    try:
        return keras.saving.load_model(path, compile=False)
    except Exception as error:  # a damaged file can make anything go wrong
        raise ValueError(f"`{argument}` cannot be loaded: {path}: {error}") from error


def _words(model):
    return repr(str(model)) if isinstance(model, str | os.PathLike) else f"a {type(model).__name__}"
