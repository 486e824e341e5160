"""Stage 5: adaptation to unlabelled videos by relation distillation."""

from typing import Any

import keras
from keras import ops

from posealign_keras.losses import heat_map_loss, info_nce, joint_distance, relation_energy
from posealign_keras.models import ImageEncoder, MotionAutoencoder, PoseAutoencoder
from posealign_keras.models.keypoint_head import check_keypoints
from posealign_keras.models.networks import multilayer_perceptron
from posealign_keras.relations import PoseFlip
from posealign_keras.training.colour_transfer import in_colours_of
from posealign_keras.training.mean_teacher import MeanTeacher
from posealign_keras.training.multi_objective_model import MultiObjectiveModel
from posealign_keras.training.random_appearance import RandomAppearance
from posealign_keras.training.random_placement import RandomPlacement
from posealign_keras.training.supervised_loss import HEAT_MAP_WEIGHT, supervised_loss
from posealign_keras.training.target_places import in_places_of

LOWER_ORDER_CONTRASTIVE = "lower_order_contrastive"
HIGHER_ORDER_CONTRASTIVE = "higher_order_contrastive"
MEAN_TEACHER = "mean_teacher"


@keras.saving.register_keras_serializable(package="posealign_keras")
class Adaptation(MultiObjectiveModel):
    """Adapts an image encoder until its latents obey the relations when the video is mirrored or reversed.

    Objectives, one a step in turn, each with its own optimizer, all over the same few layers of the image encoder
    (Res-3 by default; everything else is frozen, normalisation statistics included):

    - `lower_order_contrastive`: InfoNCE between images and their appearance-changed copies;
    - `higher_order_contrastive`: the same between clips, on their motion latents;
    - one for each relation, under its name: ‖H(G(x)) − G(x⁺)‖ on images, ‖H(E_m G X) − E_m G(X⁺)‖ on clips.

    Two things can be added to each of them, beyond the paper, which keep the network from the degenerate minima of the
    energies:

    - a mean teacher (`teacher_weight`): the mean joint distance in metres between the poses of images whose appearance
      has changed, and those that a teacher sees in the images themselves. The teacher is a running average of the image
      encoder; its poses are the means of what it sees in an image and in the mirrored image. It follows slowly and
      takes no gradient, so unlike the energies it is not lowered by making all poses alike. Without any energy it is
      an objective of its own, `mean_teacher`. The student may see the images turned, zoomed and shifted, too, and its
      poses are then compared with the teacher's as they have moved along; so are its heat maps with the teacher's
      keypoints, if it finds some;
    - replay (`replay_weight`): the supervised loss on a batch of the labelled source. With images of the target's own
      labelled part in that batch this is the semi-supervised variant. Where the pixels of the source's people are
      known, most of these are set into the target's places.

    Args:
        image_encoder: The source-trained `ImageEncoder`; all but the layers in `adapted_layers` are frozen.
        pose_autoencoder: The trained `PoseAutoencoder`; frozen.
        motion_autoencoder: The trained `MotionAutoencoder`; frozen. May be `None` without higher-order energies.
        relation_networks: The trained `RelationNetwork`s, one per relation energy; frozen.
        contrastive: Which contrastive energies to use.
        energy_weight: Weight of each energy beside teacher and replay. The logs hold the weighted sum under the name of
            the energy, and where it has several terms, these without weights: `{name}_energy`, `{name}_teacher` and
            `{name}_replay`.
        teacher_weight: Weight of the distance to the mean teacher; 0 has none.
        teacher_momentum: Share of the old average that the teacher keeps in each step.
        student_placement: A `RandomPlacement`, by which the student sees images placed otherwise than the teacher does;
            `None` for the same places.
        replay_weight: Weight of the supervised source loss in metres, see `SourceTraining`; 0 needs no source data.
        replay_in_target_colours: Whether each source image that is replayed takes on the light and the colours of a
            target image: labelled pictures as the target's camera might have taken them.
        measured_on: How far the two ends of a relation are apart. `"latents"`: the distance of their latents, as in the
            paper, which also falls when all latents shrink towards 0. `"poses"`: the mean joint distance of their
            decoded poses in metres, which shrinking latents do not lower.
        adapted_layers: Prefixes of the names of the convolutions that adapt, see `ImageEncoder.train_only`.
        images_per_clip: Number of frames, evenly spaced, that each clip contributes where single images are wanted and
            the data has no `"images"`.
        temperature: τ of InfoNCE.
        seed: Seed of the appearance changes and of the places.

    Data:
        x: `{"clips": (batch, T, H, W, 3)}`, unlabelled person-centred clips at 30 frames per second, RGB, values 0 to
            255, with T at least the longest window of the relations (60 for `SlowBackward`). Better also `"images"`
            `(batch', H, W, 3)`, single frames of many clips, for all but the energies on clips; where there are none of
            those, `"clips"` may be left out. With replay also `"source_images"` `(batch'', H, W, 3)` and
            `"source_poses"` `(batch'', joints, 3)`, root-relative, camera frame, metres, and if some joints are unknown
            `"source_weights"` `(batch'', joints)`, 0 for those; `"source_masks"` `(batch'', H, W)`, 0 where there is
            nobody to 255 where a person covers the pixel, set people into the target's places; and
            `"source_keypoints"` `(batch'', joints, 2)`, in image widths from the middle, are for an encoder that finds
            some.

    Raises:
        ValueError: If no energy and no teacher is left, a weight is negative, a relation appears twice, a motion
            auto-encoder is missing, or the networks' latents or lengths do not fit together; in training, if clips are
            too short or source data is missing.

    Example:
        >>> from posealign_keras.models import RelationNetwork
        >>> stage = Adaptation(
        ...     ImageEncoder("small_resnet", 16, 4, head_filters=(), head_widths=(8,)),
        ...     PoseAutoencoder(4, width=16, depth=1),
        ...     None,  # no energy on clips here
        ...     [RelationNetwork("pose_flip", latent_dim=4, widths=(8,))],
        ...     contrastive=["lower_order_contrastive"],
        ...     teacher_weight=1.0,
        ...     measured_on="poses",
        ... )
        >>> stage.energies
        ['lower_order_contrastive', 'pose_flip']
        >>> stage.compile(optimizer={energy: keras.optimizers.Adam(1e-4) for energy in stage.energies})
        >>> clips = np.random.default_rng(0).integers(0, 256, (6, 8, 16, 16, 3), "uint8")
        >>> history = stage.fit({"clips": clips}, batch_size=2, epochs=1, verbose=0).history
        >>> sorted(history)[1:4]
        ['lower_order_contrastive', 'lower_order_contrastive_energy', 'lower_order_contrastive_teacher']

    Reference:
        Kundu et al., NeurIPS 2021, section 3.3. Tarvainen and Valpola, "Mean teachers are better role models",
        NeurIPS 2017, for the teacher.
    """

    schedule = "alternate"

    def __init__(
        self,
        image_encoder: ImageEncoder,
        pose_autoencoder: PoseAutoencoder,
        motion_autoencoder: MotionAutoencoder | None,
        relation_networks,
        contrastive=(LOWER_ORDER_CONTRASTIVE, HIGHER_ORDER_CONTRASTIVE),
        energy_weight: float = 1.0,
        teacher_weight: float = 0.0,
        teacher_momentum: float = 0.99,
        student_placement: RandomPlacement | None = None,
        replay_weight: float = 0.0,
        replay_in_target_colours: bool = False,
        measured_on: str = "latents",
        adapted_layers=("conv3_",),
        images_per_clip: int = 8,
        temperature: float = 0.07,
        seed: int | None = None,
        name=None,
    ):
        super().__init__(name=name)
        self.image_encoder = image_encoder
        self.pose_autoencoder = pose_autoencoder
        self.motion_autoencoder: Any = motion_autoencoder  # `None` where no energy asks for it
        self.relation_networks = list(relation_networks)
        self.contrastive = list(contrastive)
        self.energy_weight = energy_weight
        self.teacher_weight = teacher_weight
        self.teacher_momentum = teacher_momentum
        self.student_placement = student_placement
        self.replay_weight = replay_weight
        self.replay_in_target_colours = replay_in_target_colours
        self.measured_on = measured_on
        self.adapted_layers = adapted_layers
        self.images_per_clip = images_per_clip
        self.temperature = temperature
        self.seed = seed

        self._network_of = {network.relation.name: network for network in self.relation_networks}
        if measured_on not in ("latents", "poses"):
            raise ValueError(f"`measured_on` must be 'latents' or 'poses'. Received: measured_on={measured_on!r}")
        for weight in ("energy_weight", "teacher_weight", "replay_weight"):
            if getattr(self, weight) < 0:
                raise ValueError(f"`{weight}` must be at least 0. Received: {weight}={getattr(self, weight)}")
        if student_placement is not None and not teacher_weight:
            raise ValueError(
                "`student_placement` needs a teacher to learn from. "
                f"Received: student_placement={student_placement}, teacher_weight={teacher_weight}"
            )
        unknown = set(self.contrastive) - {LOWER_ORDER_CONTRASTIVE, HIGHER_ORDER_CONTRASTIVE}
        if unknown:
            raise ValueError(
                f"`contrastive` may name {LOWER_ORDER_CONTRASTIVE!r} and {HIGHER_ORDER_CONTRASTIVE!r} only. "
                f"Received: contrastive={contrastive!r}"
            )
        if len(self._network_of) < len(self.relation_networks) or not self.energies:
            raise ValueError(
                "`relation_networks` must have a relation each, no two the same, and there must be at least one "
                "energy, or a teacher (`teacher_weight`). "
                f"Received: {[network.relation for network in self.relation_networks]}, contrastive={contrastive!r}"
            )
        if motion_autoencoder is None and self.needs_clips:
            raise ValueError("`motion_autoencoder` must be given for energies of higher order. Received: None")
        self._check_sizes()

        pose_autoencoder.trainable = False
        if motion_autoencoder is not None:
            motion_autoencoder.trainable = False
        for network in self.relation_networks:
            network.trainable = False
        image_encoder.train_only(self.adapted_layers)
        self.random_appearance = RandomAppearance(seed=seed)
        self.place_seed = keras.random.SeedGenerator(seed)
        self.projections = {}
        for energy in self.contrastive:
            self.projections[energy] = multilayer_perceptron(
                self._latent_dim(energy), [256], 128, name=f"{energy}_projection"
            )
        if teacher_weight:
            self.teacher = MeanTeacher(image_encoder, PoseFlip(pose_autoencoder.skeleton), teacher_momentum)

    @property
    def energies(self) -> list[str]:
        """Names of the energies, in the order in which they take turns."""
        return [*self.contrastive, *self._network_of] or ([MEAN_TEACHER] if self.teacher_weight else [])

    @property
    def needs_clips(self) -> bool:
        """Whether an energy is on clips; if not, `"images"` of the target are enough."""
        return any(self._is_higher_order(energy) for energy in self.energies)

    def call(self, images, training=False):
        """Poses of images."""
        return self.pose_autoencoder.decode(self.image_encoder(images))

    def objective_variables(self):
        """The adapted layers, for all energies; for a contrastive one its projection head too."""
        adapted = self.image_encoder.trainable_variables
        return {
            energy: adapted + (self.projections[energy].trainable_variables if energy in self.projections else [])
            for energy in self.energies
        }

    def compute_objective(self, name, x, y=None, sample_weight=None, training=True):
        """One energy on a batch of clips or images, with the teacher and the replay of the source beside it."""
        terms = {}
        if name != MEAN_TEACHER:
            inputs = self._clips_of(x) if self._is_higher_order(name) else self._images_of(x)
            terms["energy"] = (self._contrast if name in self.projections else self._relation)(name, inputs)
        if self.teacher_weight:
            terms["teacher"] = self._distance_to_teacher(self._images_of(x), training)
        if self.replay_weight:
            terms["replay"] = self._replay(x)
        weights = {"energy": self.energy_weight, "teacher": self.teacher_weight, "replay": self.replay_weight}
        loss = sum(weights[term] * value for term, value in terms.items())
        return (loss, terms) if len(terms) > 1 else loss

    def _distance_to_teacher(self, images, training):
        if training:
            self.teacher.follow(self.image_encoder)
        changed, decode = self.random_appearance(images), self.pose_autoencoder.decode
        if self.student_placement is None:
            return joint_distance(self.teacher.poses(images, decode), self(changed))
        if not self.image_encoder.keypoints:
            changed, poses, _ = self.student_placement(changed, self.teacher.poses(images, decode))
            return joint_distance(poses, self(changed))
        poses, keypoints, trusted = self.teacher.poses_and_keypoints(images, decode)
        changed, poses, keypoints = self.student_placement(changed, poses, keypoints)
        found = self.image_encoder.find_keypoints(changed)
        heat_maps = heat_map_loss(keypoints, found["heat_maps"], trusted)
        return joint_distance(poses, decode(found["latents"])) + HEAT_MAP_WEIGHT * heat_maps

    def _replay(self, x):
        if not {"source_images", "source_poses"} <= set(x):
            raise ValueError(
                "`x` must hold 'source_images' and 'source_poses' for replay; `replay_weight=0` does without. "
                f"Received: {sorted(x)} with replay_weight={self.replay_weight}"
            )
        images, target = x["source_images"], self._images_of(x)
        if self.replay_in_target_colours:
            images = in_colours_of(images, target)
        if "source_masks" in x:
            images = in_places_of(images, x["source_masks"], target, self.place_seed)
        labels = (x["source_poses"], x.get("source_weights"), x.get("source_keypoints"))
        return supervised_loss(self.image_encoder, self.pose_autoencoder, images, *labels)[0]

    def _is_higher_order(self, energy):
        if energy in self._network_of:
            return self._network_of[energy].relation.order == "higher"
        return energy == HIGHER_ORDER_CONTRASTIVE

    def _latent_dim(self, energy):
        """Size of the latents that an energy compares."""
        return self.motion_autoencoder.latent_dim if self._is_higher_order(energy) else self.image_encoder.latent_dim

    def _check_sizes(self):
        """Refuse networks that do not fit together, before a backend does with a message about shapes."""
        size = self.image_encoder.latent_dim
        if self.pose_autoencoder.latent_dim != size:
            raise ValueError(
                f"`pose_autoencoder` must have the latents of `image_encoder`, `latent_dim={size}`. "
                f"Received: latent_dim={self.pose_autoencoder.latent_dim}"
            )
        check_keypoints(self.image_encoder, self.pose_autoencoder)
        if self.motion_autoencoder is not None and self.motion_autoencoder.pose_latent_dim != size:
            raise ValueError(
                f"`motion_autoencoder` must be for the latents of `image_encoder`, `pose_latent_dim={size}`. "
                f"Received: pose_latent_dim={self.motion_autoencoder.pose_latent_dim}"
            )
        for name, network in self._network_of.items():
            if network.latent_dim != self._latent_dim(name):
                raise ValueError(
                    f"`relation_networks` must have latents of the size {self._latent_dim(name)} for {name!r}. "
                    f"Received: latent_dim={network.latent_dim}"
                )
            if self._is_higher_order(name) and network.relation.frames != self.motion_autoencoder.frames:
                raise ValueError(
                    f"`relation_networks` must be for motions of {self.motion_autoencoder.frames} frames, the length "
                    f"of `motion_autoencoder`. Received: {network.relation}"
                )

    def _clips_of(self, x):
        if not isinstance(x, dict) or "clips" not in x:
            received = sorted(x) if isinstance(x, dict) else type(x).__name__
            raise ValueError(f"`x` must be a dictionary with 'clips', see `Adaptation`. Received: {received}")
        if len(x["clips"].shape) != 5:
            raise ValueError(
                f"`x['clips']` must have shape (batch, frames, H, W, 3). Received: shape {tuple(x['clips'].shape)}"
            )
        return x["clips"]

    def _images_of(self, x):
        """The batch of single images: the data's own, or evenly spaced frames of the clips."""
        if isinstance(x, dict) and "images" in x:
            return x["images"]
        clips = self._clips_of(x)
        frames = clips.shape[1]
        chosen = [round((i + 0.5) * frames / self.images_per_clip - 0.5) for i in range(self.images_per_clip)]
        return ops.reshape(ops.take(clips, chosen, axis=1), (-1, *clips.shape[2:]))

    def _embed(self, *inputs):
        """Pose latents of batches of images, or motion latents of batches of clips; one pass for all of them."""
        batch = ops.shape(inputs[0])[0]
        values = ops.concatenate([ops.cast(value, "float32") for value in inputs])
        if len(values.shape) == 4:
            latents = self.image_encoder(values)
        else:
            pose_latents = self.image_encoder(ops.reshape(values, (-1, *values.shape[2:])))
            latents = self.motion_autoencoder.encode(
                ops.reshape(pose_latents, (-1, values.shape[1], self.image_encoder.latent_dim))
            )
        return [latents[i * batch : (i + 1) * batch] for i in range(len(inputs))]

    def _relation(self, name, inputs):
        network = self._network_of[name]
        anchor, counterpart = self._embed(*network.relation.image_pair(inputs))
        predicted = network(anchor)
        if self.measured_on == "latents":
            return relation_energy(predicted, counterpart)
        ends = ops.concatenate([counterpart, predicted])  # one pass for both
        if network.relation.order == "higher":
            ends = self.motion_autoencoder.decode(ends)
        return joint_distance(*ops.split(self.pose_autoencoder.decode(ends), 2))

    def _contrast(self, name, inputs):
        if name == HIGHER_ORDER_CONTRASTIVE:
            frames = self.motion_autoencoder.frames
            if inputs.shape[1] < frames:
                raise ValueError(f"`clips` must have at least {frames} frames. Received: shape {tuple(inputs.shape)}")
            start = (inputs.shape[1] - frames) // 2
            inputs = inputs[:, start : start + frames]
        anchors, positives = self._embed(inputs, self.random_appearance(inputs))
        project = self.projections[name]
        return info_nce(project(anchors), project(positives), self.temperature)
