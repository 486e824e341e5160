"""The pose estimator: what a user deploys."""

import keras
import numpy as np
from keras import ops

from posealign_keras.models.agreement import combine_both_ways
from posealign_keras.models.checked_images import checked_images
from posealign_keras.models.image_encoder import ImageEncoder
from posealign_keras.models.keypoint_head import check_keypoints
from posealign_keras.models.pose_autoencoder import PoseAutoencoder
from posealign_keras.models.preset import Preset
from posealign_keras.models.resizing import resize_to_square
from posealign_keras.models.video_estimation import estimate_video
from posealign_keras.models.video_poses import VideoPoses
from posealign_keras.ops import length
from posealign_keras.relations import PoseFlip

# Metres between the joints of a pose and of what the pose auto-encoder makes of it, at which the plausibility is 1/e.
_USUAL_DISTANCE = 0.05
# What `get_config` tells beside the arguments.
_FACTS = ("joint_names", "unit", "coordinate_frame", "root_joint")


@keras.saving.register_keras_serializable(package="posealign_keras")
class PoseEstimator(keras.Model):
    """Person crops to 3D poses: D_p(G(x)).

    Args:
        image_encoder: The `ImageEncoder` G.
        pose_autoencoder: The `PoseAutoencoder` whose decoder D_p turns latents into poses.

    Call arguments:
        images: `(batch, height, width, 3)` of any size, RGB, values 0 to 255, any dtype. A person fills most of each.
            Those that are not `image_size` wide and high are fitted into that, without stretching.

    Returns:
        `{"pose_3d": (batch, joints, 3), "latent": (batch, latent_dim), "plausibility": (batch,)}`. Poses in metres,
        root-relative, camera frame (x right, y down, z forward), with the canonical bone lengths of the skeleton.
        Plausibility is 1 where the pose auto-encoder gives the pose back, as it does with poses like those that it
        learned from, and exp(-d / 0.05 m) where its joints come back d away on average. It ranks poses, and is no
        probability; see `estimate_both_ways`. If the image encoder finds keypoints, `keypoints (batch, joints, 2)`,
        too: where the joints are in the image, in lengths of its longer side from its middle, x right and y down.

    Raises:
        ValueError: If the two models have different latents, or the encoder finds other joints.

    Example:
        >>> estimator = PoseEstimator.from_preset("small_synthetic")
        >>> images = np.zeros((2, 90, 60, 3), "uint8")  # of any size
        >>> estimator.predict_poses(images).shape
        (2, 17, 3)
        >>> both = estimator.estimate_both_ways(images)
        >>> sorted(both), both["confidence"].shape
        (['confidence', 'disagreement', 'latent', 'plausibility', 'pose_3d'], (2,))
        >>> estimator.predict_video([image for image in images]).shape
        (2, 17, 3)
    """

    def __init__(self, image_encoder: ImageEncoder, pose_autoencoder: PoseAutoencoder, name=None, **kwargs):
        super().__init__(name=name, **kwargs)
        if image_encoder.latent_dim != pose_autoencoder.latent_dim:
            raise ValueError(
                "`image_encoder` and `pose_autoencoder` must have the same `latent_dim`. "
                f"Received: {image_encoder.latent_dim} and {pose_autoencoder.latent_dim}"
            )
        check_keypoints(image_encoder, pose_autoencoder)
        self.image_encoder = image_encoder
        self.pose_autoencoder = pose_autoencoder
        self.built = True

    @classmethod
    def from_preset(
        cls, preset, variant: str | None = None, *, load_weights: bool = True, **arguments
    ) -> "PoseEstimator":
        """Load the image encoder and the pose auto-encoder of a preset.

        Args:
            preset: Name of a preset that comes with the package, one of `presets.preset_names()`; or a directory.
            variant: Which image encoder, if the preset holds several: `presets.describe_preset` tells; `None` for the
                usual one.
            load_weights: Whether to load the weights; otherwise both are new and untrained.
            **arguments: Replace arguments of the `ImageEncoder`, such as `weights="imagenet"` in `"resnet50_paper"`.

        Returns:
            The estimator.

        Raises:
            FileNotFoundError: If there is no such preset, or a file of it is missing.
            ValueError: If it has no such networks or no weights of them, or a file of it is damaged; the message names
                the file.
        """
        return cls(
            ImageEncoder.from_preset(preset, variant, load_weights=load_weights, **arguments),
            PoseAutoencoder.from_preset(preset, load_weights=load_weights),
        )

    def save_to_preset(self, directory, variant: str | None = None, *, overwrite: bool = False) -> None:
        """Save the image encoder, with the name `variant`, and the pose auto-encoder to a preset; see `FromPreset`."""
        encoder, autoencoder = self.image_encoder, self.pose_autoencoder
        networks = {
            encoder.entry(variant): (encoder.arguments_for_preset(), encoder),
            autoencoder.entry(): (autoencoder.arguments_for_preset(), autoencoder),
        }
        Preset.write(directory, networks, overwrite=overwrite)

    @property
    def skeleton(self):
        """The skeleton of the poses."""
        return self.pose_autoencoder.skeleton

    @property
    def image_size(self) -> int:
        """Height and width of the images that the image encoder sees."""
        return self.image_encoder.image_size

    def call(self, images, training=False):
        """Poses, latents and their plausibility of `(batch, height, width, 3)` images."""
        images = resize_to_square(images, self.image_size)
        found = {}
        if self.image_encoder.keypoints:
            seen = self.image_encoder.find_keypoints(images, training)
            latents, found["keypoints"] = seen["latents"], seen["keypoints"]
        else:
            latents = self.image_encoder(images, training=training)
        poses = self.pose_autoencoder.decode(latents)
        distances = ops.mean(length(self.pose_autoencoder(poses) - poses), axis=-1)
        return {"pose_3d": poses, "latent": latents, "plausibility": ops.exp(-distances / _USUAL_DISTANCE), **found}

    def predict_poses(self, images, batch_size: int = 128) -> np.ndarray:
        """Poses of images as one array.

        Args:
            images: `(N, height, width, 3)`, RGB, values 0 to 255.
            batch_size: Images per step.

        Returns:
            `(N, joints, 3)` float32, metres, root-relative, camera frame.

        Raises:
            ValueError: If they are no such images, or numbers up to 1 only.
        """
        return self._predict(checked_images(images), batch_size)["pose_3d"]

    def _predict(self, images, batch_size):
        if len(images):
            return self.predict(images, batch_size=batch_size, verbose=0)
        nothing = self(np.zeros((1, self.image_size, self.image_size, 3), "float32"))
        return {name: ops.convert_to_numpy(value)[:0] for name, value in nothing.items()}

    def estimate_both_ways(self, images, batch_size: int = 128) -> dict[str, np.ndarray]:
        """Poses from images and from their mirror images: better ones, and how far one can trust them.

        Args:
            images: `(N, height, width, 3)`, RGB, values 0 to 255.
            batch_size: Images per step; each is seen twice.

        Returns:
            `pose_3d (N, joints, 3)`: the mean of the pose in the image and of the mirrored pose in its mirror image,
            brought to the canonical bone lengths, or, of two that face contrary ways, the more plausible one; metres,
            root-relative, camera frame; `latent (N, latent_dim)`, what the pose auto-encoder encodes it as;
            `disagreement (N,)`: how far the joints of both poses are apart on average, in metres;
            `plausibility (N,)`, the lower one of the two; `confidence (N,)`: that, times exp(-disagreement / 0.1 m). It
            ranks poses; it is no probability. What it is worth on data with labels, `evaluation.calibration` tells; on
            the demonstration's, see `tests/benchmarks/confidence.py`. If the image encoder finds keypoints,
            `keypoints (N, joints, 2)`, put together as the poses are.

        Raises:
            ValueError: As `predict_poses`.
        """
        flip = PoseFlip(self.skeleton)
        images = checked_images(images)
        straight = self._predict(images, batch_size)
        mirrored = self._predict(ops.convert_to_numpy(flip.transform_images(images)), batch_size)
        return combine_both_ways(self.pose_autoencoder, flip, straight, mirrored)

    def predict_video(self, video, boxes=None, **options) -> np.ndarray:
        """3D poses of a person in every frame of a video.

        Args:
            video: Path of a video or of a folder of numbered pictures; or frames `(T, height, width, 3)`, as an array
                or any sequence of arrays. A video is read frame by frame, however long.
            boxes: Where the person is: `(T, 4)` left, top, right and bottom edge in pixels (the corner of the first
                pixel at (0, 0), NaN where it is not seen); a `.csv`, `.json` or `.npz` file of boxes, as
                `tfrecords_tools` takes them; the name of a detector, such as `"hog"` or `"yolo:WEIGHTS.pt"`;
                `None` takes an `.npz` of boxes of the video's name beside it, or else whole frames.
            **options: See `estimate_video`, which gives more than the poses.

        Returns:
            `(T, joints, 3)` float32, one row for each frame of the video at its own frame rate, NaN where the person is
            not seen. Metres, relative to the root joint, in the axes of the camera that filmed the video (x right,
            y down, z forward), canonical bone lengths.
        """
        return self.estimate_video(video, boxes, **options).poses

    def estimate_video(self, video, boxes=None, **options) -> VideoPoses:
        """As `predict_video`, with keypoints, latents, confidence, times and boxes; see `models.video_estimation`."""
        return estimate_video(self, video, boxes, **options)

    def get_config(self):
        """Arguments that build this model again, and what its poses are."""
        return {
            **super().get_config(),
            "image_encoder": keras.saving.serialize_keras_object(self.image_encoder),
            "pose_autoencoder": keras.saving.serialize_keras_object(self.pose_autoencoder),
            "joint_names": list(self.skeleton.joint_names),
            "unit": "metre",
            "coordinate_frame": "camera: x right, y down, z forward",
            "root_joint": self.skeleton.joint_names[0],
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """Build the model that `get_config` described."""
        networks = {
            name: keras.saving.deserialize_keras_object(config[name], custom_objects=custom_objects)
            for name in ("image_encoder", "pose_autoencoder")
        }
        return cls(**{name: value for name, value in config.items() if name not in _FACTS} | networks)
