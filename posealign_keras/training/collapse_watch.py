"""The `CollapseWatch` callback: tells when the poses of different images become alike."""

import math
import warnings

import keras
import numpy as np
from keras import ops


class CollapseWatch(keras.callbacks.Callback):
    """Measures after every epoch how spread out the latents of some images are, and warns or stops on a collapse.

    Energies that compare a network's outputs with one another are low, too, where all outputs are alike. The spread,
    the standard deviation over the images, averaged over the latent's dimensions, then falls towards 0 while the
    losses look well. It is logged as `latent_spread`.

    Args:
        images: `(N, image_size, image_size, 3)`, unlabelled images of many people and poses, RGB, values 0 to 255.
        smallest_share: The latents have collapsed if their spread is below this share of what it was before training.
        stop: Whether to stop training on a collapse. Otherwise the first one is warned of, and training goes on.
        batch_size: Images per step.

    Raises:
        ValueError: If there are fewer than two images, or `smallest_share` is not between 0 and 1; in training, if
            the model has no `image_encoder`.

    Example:
        >>> from posealign_keras.models import ImageEncoder, PoseAutoencoder
        >>> from posealign_keras.training import SourceTraining
        >>> keras.utils.set_random_seed(0)
        >>> encoder = ImageEncoder("small_resnet", 16, 4, head_filters=(), head_widths=(8,))
        >>> stage = SourceTraining(encoder, PoseAutoencoder(4, width=16, depth=1))
        >>> stage.compile(optimizer=keras.optimizers.Adam(1e-5))
        >>> images = np.random.default_rng(0).integers(0, 256, (8, 16, 16, 3), "uint8")
        >>> watch = CollapseWatch(images)
        >>> history = stage.fit(images, np.zeros((8, 17, 3)), epochs=2, callbacks=[watch], verbose=0).history
        >>> len(history["latent_spread"])
        2
    """

    def __init__(self, images, smallest_share: float = 0.5, stop: bool = False, batch_size: int = 128):
        super().__init__()
        if len(images) < 2:
            raise ValueError(f"`images` must be at least two. Received: {len(images)} images")
        if not 0 <= smallest_share <= 1:
            raise ValueError(f"`smallest_share` must be between 0 and 1. Received: smallest_share={smallest_share}")
        self.images = images
        self.smallest_share = smallest_share
        self.stop = stop
        self.batch_size = batch_size
        self.spread_before = math.nan  # until training begins
        self.collapsed = False

    def on_train_begin(self, logs=None):
        """Measure what later spreads are compared with, unless this is training that goes on."""
        if not hasattr(self.model, "image_encoder"):
            raise ValueError(
                "`CollapseWatch` needs a model with an `image_encoder`, such as `Adaptation`. "
                f"Received: {type(self.model).__name__}"
            )
        if math.isnan(self.spread_before):
            self.spread_before = self._spread()

    def on_epoch_end(self, epoch, logs=None):
        """Measure the spread, log it, and warn or stop if it is too small."""
        before, spread = self.spread_before, self._spread()
        if logs is not None:
            logs["latent_spread"] = spread
        if spread >= self.smallest_share * before:
            return
        if not self.collapsed or self.stop:
            warnings.warn(
                f"The latents collapsed in epoch {epoch + 1}: their spread is {spread:.3f}, "
                f"{spread / before:.0%} of the {before:.3f} before training, so the poses of "
                "different images become alike while the losses fall. Use smaller learning rates, fewer steps, "
                "`teacher_weight=1`, or more `replay_weight`." + (" Training stops." if self.stop else ""),
                stacklevel=2,
            )
        self.collapsed = True
        if self.stop:
            self.model.stop_training = True

    def _spread(self):
        latents = [
            ops.convert_to_numpy(self.model.image_encoder(self.images[start : start + self.batch_size]))
            for start in range(0, len(self.images), self.batch_size)
        ]
        return float(np.concatenate(latents).std(axis=0).mean())
