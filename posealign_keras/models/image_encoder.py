"""The image encoder: person crops to pose latents."""

import keras
from keras import layers, ops

from posealign_keras.models.backbones import efficientnet_lite0, resnet50_to_res4, small_resnet
from posealign_keras.models.from_preset import FromPreset
from posealign_keras.models.keypoint_head import KeypointHead


@keras.saving.register_keras_serializable(package="posealign_keras")
class ImageEncoder(FromPreset, keras.Model):
    """G: a square person crop to a pose latent in [-1, 1].

    Args:
        backbone: `"resnet50"` (up to Res-4), `"efficientnet_lite0"` or `"small_resnet"`; or a `keras.Model` from images
            `(batch, image_size, image_size, 3)`, values 0 to 255, to a map of features
            `(batch, height, width, channels)`. A network with a model of one's own is saved like any other, but not to
            a preset.
        image_size: Height and width of the images.
        latent_dim: Size of the pose latent z.
        head_filters: Filters of the 3x3 convolutions after the backbone; the first one halves the size.
        head_widths: Units of the fully connected layers after them.
        weights: Initial weights of the ResNet-50 or the EfficientNet: `None`, `"imagenet"` (downloaded by Keras, or out
            of the extra `imagenet`), or the path of a file of weights, that of the ResNet without the classifier. They
            are part of a saved model, so a loaded one never asks for them.
        frozen: Layers of the backbone whose names begin so never learn, statistics of normalisation included, such as
            `("conv1_", "conv2_")`: what ImageNet taught about edges and textures stays, and is the same everywhere.
            Setting `trainable` of the encoder leaves them frozen; setting that of `encoder.backbone` does not.
        keypoints: Number of joints, the root first, that a `KeypointHead` finds in the image, and the latent by where
            they are. `head_filters` and `head_widths` are then those of that head. 0 for none: the latent then comes
            from the features by fully connected layers, as in the paper.
        finer_maps: How many of the finer maps of an `"efficientnet_lite0"`, up to 3, that head works on, too. Heat maps
            are of the size of the finest; without any, of twice the size of the features.
        sharpness: How that head reads keypoints out of heat maps, see there; 1 where there is none.

    Call arguments:
        images: `(batch, image_size, image_size, 3)`, RGB, values 0 to 255, any dtype.

    Returns:
        Latents, `(batch, latent_dim)`.

    Raises:
        ConnectionError: If the weights of ImageNet cannot be downloaded; the message tells what to do instead.
        FileNotFoundError: If there is no such file of weights.
        ImportError: If what holds or reads the weights of the EfficientNet is not installed.
        ValueError: If an argument is not as described, or the file holds other weights.

    Example:
        >>> encoder = ImageEncoder("small_resnet", image_size=32, head_filters=(16,), head_widths=(32,))
        >>> images = np.zeros((2, 32, 32, 3), "uint8")
        >>> encoder.predict(images, verbose=0).shape
        (2, 32)
        >>> encoder.train_only(("conv3_",))  # as in the adaptation
        >>> sorted({variable.path.split("/")[-2].split("_")[0] for variable in encoder.trainable_variables})
        ['conv3']

    Reference:
        Kundu et al., NeurIPS 2021, section 4 (implementation details).
    """

    preset_entry = "image_encoder"

    def __init__(
        self,
        backbone: str | keras.Model = "resnet50",
        image_size: int = 224,
        latent_dim: int = 32,
        head_filters=(512, 256, 128, 64),
        head_widths=(1024, 512, 256, 128),
        weights=None,
        frozen=(),
        keypoints: int = 0,
        finer_maps: int = 0,
        sharpness: float = 1.0,
        name=None,
        **kwargs,
    ):
        super().__init__(name=name, **kwargs)
        coarsest = 32 if backbone == "efficientnet_lite0" else 16
        if image_size % coarsest:
            raise ValueError(f"`image_size` must be a multiple of {coarsest}. Received: image_size={image_size}")
        if finer_maps not in (range(4) if backbone == "efficientnet_lite0" and keypoints else (0,)):
            raise ValueError(
                "`finer_maps` must be 0, or up to 3 for an 'efficientnet_lite0' that finds keypoints. "
                f"Received: finer_maps={finer_maps}, backbone={backbone!r}, keypoints={keypoints}"
            )
        if backbone == "resnet50":
            self.backbone = resnet50_to_res4(image_size, weights)
        elif backbone == "efficientnet_lite0":
            self.backbone = efficientnet_lite0(image_size, weights, finer_maps)
        elif backbone == "small_resnet":
            if weights is not None:
                raise ValueError(f"`weights` must be None for 'small_resnet'. Received: weights={weights!r}")
            self.backbone = small_resnet(image_size)
        elif isinstance(backbone, keras.Model):
            self.backbone = _checked(backbone, image_size, weights)
        else:
            raise ValueError(
                "`backbone` must be 'resnet50', 'efficientnet_lite0', 'small_resnet' or a `keras.Model`. "
                f"Received: backbone={backbone!r}"
            )
        self.backbone_name = backbone if isinstance(backbone, str) else None
        self.image_size = image_size
        self.latent_dim = latent_dim
        self.head_filters = tuple(head_filters)
        self.head_widths = tuple(head_widths)
        _check_several("frozen", frozen)
        self.frozen = tuple(frozen)
        for prefix in self.frozen:
            if not any(layer.weights for layer in _leaf_layers(self.backbone) if layer.name.startswith(prefix)):
                raise ValueError(
                    f"`frozen` must begin names of layers with weights, and {prefix!r} does not. "
                    f"Received: frozen={frozen!r}"
                )
        self._freeze()
        if isinstance(keypoints, bool) or not isinstance(keypoints, int) or keypoints < 0:
            raise ValueError(f"`keypoints` must be a number of joints, or 0. Received: keypoints={keypoints}")
        if not keypoints and sharpness != 1:
            raise ValueError(
                f"`sharpness` must be 1 for an encoder without keypoints. Received: sharpness={sharpness!r}"
            )
        self.keypoints = keypoints
        self.finer_maps = finer_maps
        self.sharpness = sharpness
        self.head = self._make_head()
        self.built = True

    def _make_head(self):
        feature_shapes = [output.shape[1:] for output in self.backbone.outputs]
        if self.keypoints:
            return KeypointHead(
                feature_shapes,
                self.keypoints,
                self.latent_dim,
                self.head_filters,
                self.head_widths,
                self.sharpness,
                name="head",
            )
        return keras.Sequential(
            [
                keras.Input(feature_shapes[0]),
                *(
                    layers.Conv2D(filters, 3, 1 if i else 2, padding="same", activation="relu")
                    for i, filters in enumerate(self.head_filters)
                ),
                layers.Flatten(),
                *(layers.Dense(width, activation="relu") for width in self.head_widths),
                layers.Dense(self.latent_dim, activation="tanh", dtype="float32"),
            ],
            name="head",
        )

    @property
    def trainable(self):
        """Whether it learns. Layers of `frozen` do not, whatever it is set to."""
        return super().trainable

    @trainable.setter
    def trainable(self, value):
        keras.Model.trainable.fset(self, value)  # which reaches every layer inside
        self._freeze()

    def _freeze(self):
        if getattr(self, "frozen", ()):
            for layer in _leaf_layers(self.backbone):
                if layer.name.startswith(self.frozen):
                    layer.trainable = False

    def call(self, images, training=False):
        """Latents of `(batch, image_size, image_size, 3)` images."""
        return self.head(self._features(images, training), training=training)

    def find_keypoints(self, images, training=False):
        """Where joints are in the images, and the latents that follow from it.

        Args:
            images: `(batch, image_size, image_size, 3)`, RGB, values 0 to 255.
            training: Whether normalisation learns its statistics.

        Returns:
            `"heat_maps"` `(batch, height, width, joints)`, whose softmax over the places is where a joint may be;
            `"keypoints"` `(batch, joints, 2)`, the mean of that, sharpened, in image widths from the middle, x right
            and y down;
            `"depths"` `(batch, joints)`, metres from the root away from the camera, on a body of canonical size;
            `"latents"` `(batch, latent_dim)`, as `call` gives them.

        Raises:
            ValueError: If the encoder finds none: `keypoints` is 0.
        """
        if not self.keypoints:
            raise ValueError("`find_keypoints` needs an encoder that finds some. Received: keypoints=0")
        return self.head.find(self._features(images, training), training)

    def _features(self, images, training):
        return self.backbone(ops.cast(images, self.compute_dtype), training=training)

    def _stages(self):
        """The layers up to the features, or up to the heat maps if there are some."""
        yield from _leaf_layers(self.backbone)
        if self.keypoints:
            yield from _leaf_layers(self.head.maps)

    def train_only(self, prefixes=("conv3_",), fully_connected: bool = False):
        """Freeze everything but the convolutions whose names start with one of `prefixes`.

        Batch normalisation stays frozen, its statistics included, and so do the layers of `frozen`. Call it before
        `compile`.

        Args:
            prefixes: `("conv3_",)` is the stage Res-3, which the paper adapts; `("conv6_",)` what makes the heat maps,
                in an encoder that finds keypoints; `("conv",)` all stages.
            fully_connected: Whether layers that are fully connected learn, too; otherwise they are frozen.

        Raises:
            ValueError: If no layer with weights is left to train, or `prefixes` is a text and not several.
        """
        _check_several("prefixes", prefixes)
        self.trainable = True
        for layer in _leaf_layers(self.head.lifting if self.keypoints else self.head):
            layer.trainable = fully_connected and isinstance(layer, layers.Dense)
        chosen = []
        for layer in self._stages():
            layer.trainable = (
                layer.name.startswith(tuple(prefixes))
                and not layer.name.startswith(self.frozen)
                and not isinstance(layer, layers.BatchNormalization)
            )
            chosen += layer.trainable_weights
        if not chosen:
            frozen = f" that may learn (`frozen` is {self.frozen})" if self.frozen else ""
            raise ValueError(f"`prefixes` match no layer with weights{frozen}. Received: prefixes={prefixes!r}")

    def adapt_normalization(self, images, batch_size: int = 128):
        """Replace the statistics of batch normalisation by those of other images, such as unlabelled ones of a target.

        One pass over the images, which must be in random order; each batch is normalised by its own statistics, and
        their mean over the batches is kept. No weight changes, and layers stay frozen or trainable as they are; those
        of `frozen` keep their statistics, which all the others have learnt to expect. Call it before the encoder is
        given to `Adaptation`.

        Args:
            images: `(N, image_size, image_size, 3)`, RGB, values 0 to 255.
            batch_size: Images per batch. Images that do not fill a batch are left out.

        Raises:
            ValueError: If there are fewer images than `batch_size`, or that is not positive.

        Reference:
            Li et al., "Revisiting Batch Normalization For Practical Domain Adaptation", 2016 (AdaBN).
        """
        if not 0 < batch_size <= len(images):
            raise ValueError(
                "`batch_size` must be positive, and no larger than the number of images. "
                f"Received: batch_size={batch_size} for {len(images)} images"
            )
        normalizations = [
            layer
            for layer in self._stages()
            if isinstance(layer, layers.BatchNormalization) and not layer.name.startswith(self.frozen)
        ]
        before = [(layer.trainable, layer.momentum) for layer in normalizations]
        try:
            for index in range(len(images) // batch_size):
                for layer in normalizations:
                    layer.trainable = True  # a frozen layer would not update its statistics
                    layer.momentum = index / (index + 1)  # so that the moving averages are means over all batches
                batch = ops.cast(images[index * batch_size : (index + 1) * batch_size], self.compute_dtype)
                self(batch, training=True)
        finally:
            for layer, (trainable, momentum) in zip(normalizations, before, strict=True):
                layer.trainable, layer.momentum = trainable, momentum

    def get_config(self):
        """Arguments that build this model again, without the initial weights."""
        return {
            **super().get_config(),
            "backbone": self.backbone_name or keras.saving.serialize_keras_object(self.backbone),
            "image_size": self.image_size,
            "latent_dim": self.latent_dim,
            "head_filters": list(self.head_filters),
            "head_widths": list(self.head_widths),
            "frozen": list(self.frozen),
            "keypoints": self.keypoints,
            "finer_maps": self.finer_maps,
            "sharpness": self.sharpness,
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """Build the encoder that `get_config` described."""
        # A file may come from anybody: it must not name another one to be read.
        config = {name: value for name, value in config.items() if name != "weights"}
        backbone = config["backbone"]
        if isinstance(backbone, dict):
            backbone = keras.saving.deserialize_keras_object(backbone, custom_objects=custom_objects)
        return cls(**{**config, "backbone": backbone})

    def arguments_for_preset(self):
        """Arguments of the constructor, as JSON has them."""
        if self.backbone_name is None:
            raise ValueError(
                "`backbone` must be one of this package's in a preset, which is plain data, and no `keras.Model`. "
                f"Received: backbone={self.backbone!r}"
            )
        return super().arguments_for_preset()


def _checked(backbone, image_size, weights):
    """A backbone of the user's own, if it fits."""
    if weights is not None:
        raise ValueError(f"`weights` must be None for a backbone of your own. Received: weights={weights!r}")
    takes, gives = tuple(backbone.input_shape[1:]), tuple(backbone.output_shape[1:])
    if takes != (image_size, image_size, 3) or len(gives) != 3 or None in gives:
        raise ValueError(
            f"`backbone` must take images of shape {(image_size, image_size, 3)} and give a map of features of a known "
            f"size (height, width, channels). Received: a model from {takes} to {gives}"
        )
    return backbone


def _check_several(argument, prefixes):
    if isinstance(prefixes, str):
        raise ValueError(f"`{argument}` must be several texts, such as ('conv3_',). Received: {argument}={prefixes!r}")


def _leaf_layers(layer):
    """The layers inside `layer` that hold no layers themselves."""
    for inner in layer.layers:
        if isinstance(inner, keras.Model):
            yield from _leaf_layers(inner)
        else:
            yield inner
