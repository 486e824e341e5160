"""`TrainingPlan`: how long every stage trains, on how much, and with which energies."""

from dataclasses import dataclass, field, fields
from typing import Any, ClassVar

from posealign_keras.data import ImageAugmentation

PAPER_RECIPE: dict[str, Any] = {
    "relations": ("pose_flip", "flip_backward", "slow_backward"),
    "contrastive": ("lower_order_contrastive", "higher_order_contrastive"),
    "adaptation_rate": 1e-4,
    "energy_weight": 1.0,
    "teacher_weight": 0.0,
    "place_student": False,
    "replay_weight": 0.0,
    "replay_in_target_colours": False,
    "replay_in_target_places": False,
    "measured_on": "latents",
    "normalization_frames": 0,
    "adapted_layers": ("conv3_",),
}
"""The fields of a `TrainingPlan` that make it the paper's recipe. Its rate is lower: alone, at that of a plan with a
teacher and replay, the energies make all poses alike.

Example:
    >>> TrainingPlan(**PAPER_RECIPE, adaptation_steps=300).adapted_layers
    ('conv3_',)

Reference:
    Kundu et al., NeurIPS 2021, sections 3.3 and 4.
"""


@dataclass(frozen=True, kw_only=True)
class TrainingPlan:
    """Lengths of training, sizes of batches, learning rates and the recipe of the adaptation.

    Lengths, batches and rates are meant for one GPU and the data sets as a whole. They are chosen, not measured: those
    data sets need a licence, and no figure of this project comes from those lengths. The recipe (the target's
    normalisation, and in each step `pose_flip`, a mean teacher and replay in the target's colours, over all layers
    that are not frozen) is compared with others on generated people in `docs/benchmarks`; that of the paper is
    `TrainingPlan(**PAPER_RECIPE)`.

    Args:
        pose_steps: Steps of the pose auto-encoder.
        pose_batch: Poses per step.
        motion_steps: Steps of the motion auto-encoder.
        motion_batch: Windows per step.
        windows: Poses, or windows of motion, whose embeddings the stages 2 and 3 learn from, each seen from one random
            direction.
        relation_steps: Steps of each relation network.
        relation_batch: Pairs per step.
        source_steps: Steps of the image encoder on the source.
        source_batch: Images per step.
        source_rate: Largest learning rate of that.
        normalization_frames: Frames of the target from which the statistics of batch normalisation are taken before the
            adaptation; 0 keeps those of the source.
        adaptation_steps: Steps of the adaptation, all energies together.
        clips_per_batch: Clips per step of the energies of higher order.
        images_per_batch: Single frames per step of the other energies and of the teacher, and for the replay's colours
            and places.
        replay_per_batch: Labelled images per step that are replayed.
        adaptation_rate: Largest learning rate of the adaptation.
        relations: Names of the relations.
        contrastive: Names of the contrastive energies.
        energy_weight: See `Adaptation`.
        teacher_weight: See `Adaptation`.
        place_student: Whether the student sees images turned, zoomed and shifted by a `RandomPlacement`, see
            `Adaptation`; without a teacher there is nothing to be taught there.
        replay_weight: See `Adaptation`; 0 wants `adapted_layers=("conv3_",)`. In the semi-supervised variant the
            labelled people of the target are replayed, else the source.
        replay_in_target_colours: See `Adaptation`.
        replay_in_target_places: Whether people of the source are set into the target's places, see `Adaptation`, where
            their pixels are known: in `LABELLED_PERSON` records.
        measured_on: See `Adaptation`.
        adapted_layers: See `Adaptation`; `("conv",)` are all convolutions that are not frozen, `("conv3_",)` is the
            paper's Res-3, which is safer without replay.
        augmentation: Random crops and colours in training on images; `None` for none.
        cache: Keep decoded records in memory (`True`) or in files of a directory (a path), see `Pipeline`.

    Raises:
        ValueError: If a number is too small, or `adapted_layers` is a text and not several.

    Example:
        >>> short = TrainingPlan(adaptation_steps=100, relations=("pose_flip",))
        >>> short.teacher_weight, short.replay_weight
        (1.0, 1.0)
    """

    pose_steps: int = 30_000
    pose_batch: int = 256
    motion_steps: int = 20_000
    motion_batch: int = 64
    windows: int = 30_000
    relation_steps: int = 10_000
    relation_batch: int = 256
    source_steps: int = 60_000
    source_batch: int = 64
    source_rate: float = 3e-4
    normalization_frames: int = 2_048
    adaptation_steps: int = 3_000
    clips_per_batch: int = 8
    images_per_batch: int = 64
    replay_per_batch: int = 64
    adaptation_rate: float = 5e-4
    relations: tuple[str, ...] = ("pose_flip",)
    contrastive: tuple[str, ...] = ()
    energy_weight: float = 0.3
    teacher_weight: float = 1.0
    place_student: bool = False
    replay_weight: float = 1.0
    replay_in_target_colours: bool = True
    replay_in_target_places: bool = True
    measured_on: str = "poses"
    adapted_layers: tuple[str, ...] = ("conv",)
    augmentation: ImageAugmentation | None = field(default_factory=ImageAugmentation)
    cache: bool | str = False

    OF_EMBEDDING: ClassVar[tuple[str, ...]] = (
        *("pose_steps", "pose_batch", "motion_steps", "motion_batch", "windows", "relation_steps", "relation_batch"),
    )
    """What the networks of stages 1 to 3 depend on; which relations there are, none of them does."""

    def __post_init__(self):
        if isinstance(self.adapted_layers, str) or not self.adapted_layers:
            raise ValueError(
                "`adapted_layers` must be several texts, such as ('conv3_',). "
                f"Received: adapted_layers={self.adapted_layers!r}"
            )
        least = {"normalization_frames": 0, "energy_weight": 0, "teacher_weight": 0, "replay_weight": 0}
        for one in fields(self):
            value = getattr(self, one.name)
            if one.type in ("int", "float", int, float) and not (
                value >= least[one.name] if one.name in least else value > 0
            ):
                raise ValueError(
                    f"`{one.name}` must be {'at least 0' if one.name in least else 'positive'}. "
                    f"Received: {one.name}={value}"
                )
