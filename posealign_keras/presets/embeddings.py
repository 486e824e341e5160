"""The networks of a preset that know motion alone: its auto-encoders and relation networks."""

import functools
import itertools
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from posealign_keras.data.motion_library import MotionLibrary, to_level_poses
from posealign_keras.data.synthetic.domain import Domain
from posealign_keras.data.synthetic.pose_variation import vary_motion
from posealign_keras.evaluation import embed, embed_pair, embedding_errors, random_views
from posealign_keras.fitting import fit
from posealign_keras.models import Discriminator, MotionAutoencoder, PoseAutoencoder, RelationNetwork
from posealign_keras.models.preset import Preset
from posealign_keras.training import MotionAAE, PoseAAE, RelationRegression
from posealign_keras.training.warmed_adam import warmed_adam
from posealign_keras.workspace import Stopwatch, Workspace

_PREFIX = f"{RelationNetwork.preset_entry}_"
# Each movement is learnt from as it is, and varied as often.
_COPIES = 4
_STRIDE = 15
_POSES, _WINDOWS = 512, 64
# So many poses, at most, are learnt from by the networks of relations between poses.
_RELATED_POSES = 500_000
_RATE = 1e-3
_DISCRIMINATOR_WIDTH = 128
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

    @property
    def frames(self) -> int:
        """How long a movement must be for all of them."""
        return max([self.motion_autoencoder.frames, *(network.relation.window for network in self.relations.values())])

    def errors(self, motion: MotionLibrary, seed: int) -> dict:
        """`embedding_errors` on motion that they have not seen."""
        return embedding_errors(self.pose_autoencoder, self.motion_autoencoder, self.relations.values(), motion, seed)


def train_embeddings(
    embeddings: Embeddings,
    motion: Sequence[MotionLibrary],
    domain: Domain,
    steps: int,
    workspace: Workspace,
    seed: int,
    dependent: Sequence[str] = (),
) -> Embeddings:
    """Go on with embeddings, and then with their relation networks, on motion as a domain varies it.

    Half of the motion is as it was. The latents that networks know already keep about what they mean. Each network is a
    stage of the workspace; those that an earlier call has finished are not trained again.

    Args:
        embeddings: What to go on from.
        motion: Where the movements come from; at least one is as long as `embeddings.frames`.
        domain: How they are varied, see `vary_motion`.
        steps: Steps of the pose auto-encoder, of 512 poses, and half as many of each relation network; the motion
            auto-encoder has a fifth, of 64 movements.
        workspace: Where states of the training, and the networks, are kept.
        seed: Seed of everything random.
        dependent: Stages of the workspace that were made with the pose auto-encoder, to be forgotten if it is trained
            anew.

    Returns:
        The embeddings that were trained.

    Raises:
        ValueError: If no movement is that long.
    """
    networks: dict[str, Any] = {
        "pose_autoencoder": embeddings.pose_autoencoder,
        "motion_autoencoder": embeddings.motion_autoencoder,
        **{f"{_PREFIX}{name}": network for name, network in embeddings.relations.items()},
    }
    stages, examples = list(networks), None
    for index, name in enumerate(stages):
        file = f"{name}.keras"
        if not workspace.finished(name):
            workspace.forget([*stages[index:], *(() if index else dependent)])
            watch = Stopwatch()
            # Every stage starts from the seed, so that a continued run gives what an uninterrupted one gives.
            keras.utils.set_random_seed(seed)
            examples = examples or _Examples(motion, embeddings.frames, domain, seed)
            _train(name, networks, examples, steps, workspace, seed)
            workspace.save_model(file, networks[name])
            workspace.finish(name, [file], watch.seconds())
        networks[name] = workspace.load_model(file)
    pose_autoencoder, motion_autoencoder, *relations = networks.values()
    return Embeddings(pose_autoencoder, motion_autoencoder, dict(zip(embeddings.relations, relations, strict=True)))


def _train(name, networks, examples, steps, workspace, seed):
    arrays: tuple[np.ndarray, ...]
    network, pose_autoencoder = networks[name], networks["pose_autoencoder"]
    if name == "pose_autoencoder":
        model = PoseAAE(network, _discriminator(network), seed=seed)
        rates = {"autoencoder": warmed_adam(_RATE, steps), "discriminator": warmed_adam(5e-4, steps)}
        arrays, size, shown = (examples.poses,), _POSES, "autoencoder_reconstruction"
    elif name == "motion_autoencoder":
        steps = -(-steps // _OF_MOTION)
        model = MotionAAE(network, _discriminator(network), pose_autoencoder, seed=seed)
        rates = {"autoencoder": warmed_adam(_RATE, steps), "discriminator": warmed_adam(2e-4)}
        clips = examples.clips(network.frames)
        arrays, size, shown = (embed(pose_autoencoder.encode, clips), clips), _WINDOWS, "autoencoder_reconstruction"
    else:
        steps = -(-steps // _OF_RELATION)
        model, rates = RelationRegression(network), warmed_adam(_RATE, steps)
        seen = examples.seen_poses if network.relation.order == "lower" else examples.seen
        arrays = embed_pair(network.relation, seen, pose_autoencoder, networks["motion_autoencoder"])
        size, shown = _POSES, "regression"
    model.compile(optimizer=rates)
    fit(model, _batches(arrays, size, [seed, zlib.crc32(name.encode())]), steps, name, shown, workspace)


def _discriminator(autoencoder):
    return Discriminator(autoencoder.latent_dim, _DISCRIMINATOR_WIDTH)


class _Examples:
    """Movements of `frames` frames, as they are and varied, root-relative."""

    def __init__(self, motion, frames, domain, seed):
        cut = [library.windows(frames, _STRIDE)[0] for library in motion if library.lengths.max() >= frames]
        if not cut:
            longest = max(library.lengths.max() for library in motion)
            raise ValueError(f"`motion` must have a sequence of {frames} frames. Received: the longest of {longest}")
        self._seed = seed
        rng = np.random.default_rng(seed)
        movements = np.concatenate(cut)
        varied = [vary_motion(movements, domain, rng).astype("float32") for _ in range(_COPIES)]
        # In the axes of a level camera.
        self._movements = to_level_poses(np.concatenate([*[movements] * _COPIES, *varied]))

    @property
    def poses(self):
        """`(N, joints, 3)`."""
        return self._movements.reshape(-1, *self._movements.shape[2:])

    @functools.cached_property
    def seen(self):
        """`(N, frames, joints, 3)`, from random views."""
        return random_views(self._movements, self._seed)

    @functools.cached_property
    def seen_poses(self):
        """`(N, joints, 3)`, from random views, of some of the poses."""
        chosen = np.random.default_rng(self._seed).permutation(len(self.poses))[:_RELATED_POSES]
        return random_views(self.poses[chosen], self._seed)

    def clips(self, frames):
        """`(N, frames, joints, 3)`, from random views, from anywhere in the movements."""
        last = self.seen.shape[1] - frames
        starts = np.random.default_rng(self._seed).integers(last, size=len(self.seen), endpoint=True)
        return self.seen[np.arange(len(self.seen))[:, None], starts[:, None] + np.arange(frames)]


def _batches(arrays, size, seed) -> Iterator[tuple]:
    """Endless batches of random rows of arrays."""
    for index in itertools.count():
        rows = np.random.default_rng([*seed, index]).integers(len(arrays[0]), size=size)
        yield tuple(array[rows] for array in arrays)
