"""`SettingRun`: what the stages of one run of a setting share."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from posealign_keras.data import LABELLED_IMAGE, POSE_SEQUENCE, UNLABELLED_CLIP, Manifest, RecordSchema
from posealign_keras.experiments.setting import Setting
from posealign_keras.experiments.training_plan import TrainingPlan
from posealign_keras.presets import Configuration
from posealign_keras.workspace import Workspace


@dataclass(frozen=True, kw_only=True)
class SettingRun:
    """One run of a setting.

    Args:
        setting: The `Setting`.
        configuration: Sizes of the networks.
        plan: Lengths of training and so on.
        records: `{data set: directory}`, each with the folders that `tfrecords_tools.convert` writes into its `out`.
        mocap: Directories of `POSE_SEQUENCE` records.
        workspace: The output directory.
        embedding: The directory of the networks that know motion capture alone.
        seed: Seed of everything random.
        weights: Initial weights of the image encoder, see `ImageEncoder`.
        verbose: Whether to show the progress.
    """

    setting: Setting
    configuration: Configuration
    plan: TrainingPlan
    records: Mapping[str, str | os.PathLike]
    mocap: Sequence[str | os.PathLike]
    workspace: Workspace
    embedding: Workspace
    seed: int
    weights: Any = None
    verbose: bool = True

    def labelled_images(self, *datasets: str) -> list[str]:
        """Directories of the labelled images of data sets."""
        return [folder_of(self.records[name], LABELLED_IMAGE) for name in datasets]

    def unlabelled_clips(self, dataset: str) -> str:
        """Directory of the clips of a data set."""
        return folder_of(self.records[dataset], UNLABELLED_CLIP)

    def say(self, text: str) -> None:
        """Show a line of progress."""
        if self.verbose:
            print(text, flush=True)


def folder_of(directory, schema: RecordSchema) -> str:
    """Where a conversion keeps the records of a kind."""
    return os.path.join(os.fspath(directory), schema.name)


def check_records(setting: Setting, configuration: Configuration, plan: TrainingPlan, records, mocap):
    """Look at the manifests of everything that a run will read, before it trains for days.

    Returns:
        `{what: number of records and checksums}` of the images and of the motion, on which the results depend.

    Raises:
        FileNotFoundError: If records of a kind and split are missing.
        ValueError: If a data set is not named, the pictures have another size than the image encoder wants, the clips
            or sequences are too short, or people are missing whose labels the setting uses.
    """
    missing = [name for name in setting.datasets if name not in records]
    if missing:
        raise ValueError(
            f"`records` must name a directory for each of {', '.join(setting.datasets)}. Received: {sorted(records)}"
        )
    window = max(
        [configuration.motion_frames, *(configuration.relation(name).window for name in _higher(configuration, plan))]
    )
    found, motion = {}, {}
    for directory in mocap:
        manifest = _manifest(directory, "train", POSE_SEQUENCE)
        motion[os.fspath(directory)] = _content_of(manifest)
        if manifest.sizes["num_frames"][1] < window:
            raise ValueError(
                f"`mocap` must have sequences of at least {window} frames. "
                f"Received: {os.fspath(directory)!r}, the longest of {manifest.sizes['num_frames'][1]}"
            )
    labelled = [*setting.source, *([setting.target] if setting.labelled_subjects else [])]
    wanted = [
        *((name, "train", LABELLED_IMAGE) for name in dict.fromkeys(labelled)),
        (setting.target, "train", UNLABELLED_CLIP),
        *((test.dataset, "test", LABELLED_IMAGE) for test in setting.tests),
    ]
    for name, split, schema in wanted:
        directory = folder_of(records[name], schema)
        manifest = _manifest(directory, split, schema)
        found[f"{name} {schema.name} {split}"] = _content_of(manifest)
        sizes = manifest.common_sizes
        size = (sizes.get("height"), sizes.get("width"))
        if split == "train" and size != (configuration.image_size, configuration.image_size):
            raise ValueError(
                f"`records` must have pictures of {configuration.image_size} x {configuration.image_size} for the "
                f"configuration {configuration.name!r}. Received: {size[1]} x {size[0]} in {directory}"
            )
        if schema is UNLABELLED_CLIP and (sizes.get("num_frames") or 0) < window:
            raise ValueError(
                f"`records` must have clips of one length, at least {window} frames. "
                f"Received: {manifest.sizes['num_frames']} in {directory}"
            )
        if name == setting.target and schema is LABELLED_IMAGE and split == "train":
            unknown = set(setting.labelled_subjects) - set(manifest.values["subject"])
            if unknown:
                raise ValueError(
                    f"`records` must have labelled images of {', '.join(sorted(unknown))} for the setting "
                    f"{setting.name!r}. Received: {manifest.values['subject']} in {directory}"
                )
    return found, motion


def _higher(configuration, plan):
    return [name for name in plan.relations if configuration.relation(name).order == "higher"]


def _manifest(directory, split, schema):
    manifest = Manifest.load(directory, split)
    manifest.check_schema(schema)
    return manifest


def _content_of(manifest):
    return f"{manifest.num_records} records, {' '.join(shard.sha256[:16] for shard in manifest.shards)}"
