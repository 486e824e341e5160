"""The networks of a preset that know motion alone: its auto-encoders and relation networks."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from posealign_keras.data.motion_library import MotionLibrary, to_upright_camera_frame
from posealign_keras.data.synthetic.domain import Domain
from posealign_keras.data.synthetic.pose_variation import vary_motion
from posealign_keras.evaluation import embed, embed_pair, embedding_errors, random_views
from posealign_keras.fitting import fit
from posealign_keras.models import Discriminator, MotionAutoencoder, PoseAutoencoder, RelationNetwork
from posealign_keras.models.preset import Preset
from posealign_keras.training import MotionAAE, PoseAAE, RelationRegression
from posealign_keras.training.warmed_adam import warmed_adam
from posealign_keras.workspace import Stopwatch, Workspace

_STAGE = "embeddings"
_PREFIX = f"{RelationNetwork.preset_entry}_"
# Each movement is learnt from as it is, and varied as often.
_COPIES = 4
_STRIDE = 15
_POSES, _WINDOWS = 512, 64
# So many poses, at most, are learnt from by the networks of relations between poses.
_RELATED_POSES = 500_000
_RATE = 1e-3
# One step of the motion auto-encoder takes ten times as long as one of the others: it has fewer, by these factors.
_OF_MOTION, _OF_RELATION = 5, 2


@dataclass(frozen=True)
class Embeddings:
    """The auto-encoders and relation networks of a preset.

    Args:
        pose_autoencoder: E_p and D_p.
        motion_autoencoder: E_m and D_m.
        relations: The relation networks by the names of their relations.
    """

    pose_autoencoder: PoseAutoencoder
    motion_autoencoder: MotionAutoencoder
    relations: dict[str, RelationNetwork]

    @classmethod
    def from_preset(cls, preset: Preset) -> "Embeddings":
        """Those of a preset."""
        names = [entry.removeprefix(_PREFIX) for entry in preset.networks if entry.startswith(_PREFIX)]
        return cls(
            PoseAutoencoder.from_preset(preset.directory),
            MotionAutoencoder.from_preset(preset.directory),
            {name: RelationNetwork.from_preset(preset.directory, name) for name in names},
        )

    def save_to_preset(self, directory) -> None:
        """Write them into a preset."""
        self.pose_autoencoder.save_to_preset(directory)
        self.motion_autoencoder.save_to_preset(directory)
        for name, network in self.relations.items():
            network.save_to_preset(directory, name)

    def errors(self, motion: MotionLibrary, seed: int) -> dict:
        """`embedding_errors` on motion that they have not seen."""
        sequences = [to_upright_camera_frame(positions - positions[:, :1]) for positions in motion.sequences]
        return embedding_errors(
            self.pose_autoencoder, self.motion_autoencoder, self.relations.values(), sequences, seed
        )


def train_embeddings(
    embeddings: Embeddings,
    motion: Sequence[MotionLibrary],
    domain: Domain,
    steps: int,
    workspace: Workspace,
    seed: int,
) -> Embeddings:
    """Go on with embeddings, and then with their relation networks, on motion as a domain varies it.

    Half of the motion is as it was. The latents that networks know already keep about what they mean. What an earlier
    call has finished is taken from the workspace.

    Args:
        embeddings: What to go on from; they are trained in place.
        motion: Where the movements come from.
        domain: How they are varied, see `vary_motion`.
        steps: Steps of the pose auto-encoder, of 512 poses, and half as many of each relation network; the motion
            auto-encoder has a fifth, of 64 movements.
        workspace: Where states of the training, and the networks, are kept.
        seed: Seed of everything random.

    Returns:
        The embeddings.

    Raises:
        ValueError: If no movement is as long as the relations want it.
    """
    files = [f"{name}.keras" for name in _names(embeddings)]
    if workspace.finished(_STAGE):
        pose_autoencoder, motion_autoencoder, *networks = map(workspace.load_model, files)
        return Embeddings(pose_autoencoder, motion_autoencoder, dict(zip(embeddings.relations, networks, strict=True)))
    watch, rng = Stopwatch(), np.random.default_rng(seed)
    pose_autoencoder, motion_autoencoder = embeddings.pose_autoencoder, embeddings.motion_autoencoder
    windows = [network.relation.window for network in embeddings.relations.values()]
    movements = _varied(motion, max([motion_autoencoder.frames, *windows]), domain, rng)
    poses = movements.reshape(-1, *movements.shape[2:])

    _train_poses(pose_autoencoder, poses, steps, workspace, seed, rng)
    seen = random_views(movements, seed, pose_autoencoder.skeleton)
    _train_motion(motion_autoencoder, pose_autoencoder, seen, -(-steps // _OF_MOTION), workspace, seed, rng)
    chosen = poses[rng.permutation(len(poses))[:_RELATED_POSES]]
    examples = {"lower": random_views(chosen, seed, pose_autoencoder.skeleton), "higher": seen}
    for name, network in embeddings.relations.items():
        ends = embed_pair(network.relation, examples[network.relation.order], pose_autoencoder, motion_autoencoder)
        stage, count = RelationRegression(network), -(-steps // _OF_RELATION)
        stage.compile(optimizer=warmed_adam(_RATE, count))
        fit(stage, _batches(ends, _POSES, rng), count, f"relation_{name}", "regression", workspace)

    trained = (pose_autoencoder, motion_autoencoder, *embeddings.relations.values())
    for file, model in zip(files, trained, strict=True):
        workspace.save_model(file, model)
    workspace.finish(_STAGE, files, watch.seconds())
    return embeddings


def _train_poses(autoencoder, poses, steps, workspace, seed, rng):
    stage = PoseAAE(autoencoder, _discriminator(autoencoder.latent_dim), seed=seed)
    stage.compile(optimizer={"autoencoder": warmed_adam(_RATE, steps), "discriminator": warmed_adam(5e-4, steps)})
    fit(stage, _batches((poses,), _POSES, rng), steps, "pose_autoencoder", "autoencoder_reconstruction", workspace)


def _train_motion(autoencoder, pose_autoencoder, movements, steps, workspace, seed, rng):
    clips = movements[:, : autoencoder.frames]
    latents = embed(pose_autoencoder.encode, clips)
    stage = MotionAAE(autoencoder, _discriminator(autoencoder.latent_dim), pose_autoencoder, seed=seed)
    stage.compile(optimizer={"autoencoder": warmed_adam(_RATE, steps), "discriminator": warmed_adam(2e-4)})
    batches = _batches((latents, clips), _WINDOWS, rng)
    fit(stage, batches, steps, "motion_autoencoder", "autoencoder_reconstruction", workspace)


def _names(embeddings):
    return ("pose_autoencoder", "motion_autoencoder", *(f"relation_{name}" for name in embeddings.relations))


def _discriminator(latent_dim):
    return Discriminator(latent_dim, 128)


def _varied(motion, frames, domain, rng):
    """`(N, frames, joints, 3)` movements, as they are and varied, root-relative, in the axes of a level camera."""
    cut = [library.windows(frames, _STRIDE)[0] for library in motion if library.lengths.max() >= frames]
    if not cut:
        longest = max(library.lengths.max() for library in motion)
        raise ValueError(f"`motion` must have a sequence of {frames} frames. Received: the longest of {longest}")
    movements = np.concatenate(cut)
    movements = movements - movements[:, :, :1]
    varied = [vary_motion(movements, domain, rng).astype("float32") for _ in range(_COPIES)]
    return to_upright_camera_frame(np.concatenate([*[movements] * _COPIES, *varied]))


def _batches(arrays, size, rng) -> Iterator[tuple]:
    """Endless batches of random rows of arrays."""
    while True:
        rows = rng.integers(len(arrays[0]), size=size)
        yield tuple(array[rows] for array in arrays)
