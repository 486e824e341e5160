"""`preview`: a page that shows samples of records, since what people would rather look at than read is a picture."""

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from posealign_keras.data import Manifest
from posealign_keras.data.motion_library import to_upright_camera_frame
from posealign_keras.data.schema import get_schema
from posealign_keras.data.tensorflow_import import import_tensorflow
from posealign_keras.visualization import samples_figure
from posealign_keras.visualization.page import html_facts, html_figure, html_page, html_section
from tfrecords_tools.check import inspect

_IN_A_ROW = 4
_FRAMES_IN_A_ROW = 6
# A browser keeps about 16 scenes in 3D alive on a page; what is more, it leaves empty.
_SCENES = 14


def preview(out: str | os.PathLike, page: str | os.PathLike | None = None, samples: int = 8, seed: int = 0) -> Path:
    """Write a page of samples: images with the skeleton drawn over them and in 3D below, clips, movements.

    The page needs no network. It shows what is in the records, as training will see it: if the skeleton is not on the
    person, or left (blue) is not the person's left, the records are wrong.

    Args:
        out: Directory of the records; see `inspect`.
        page: Where to write; by default `preview.html` in `out`.
        samples: Samples of each split; fewer where the page would have more scenes in 3D than a browser can show.
        seed: Which ones.

    Returns:
        Path of the page.

    Raises:
        FileNotFoundError: If there are no records.
        ValueError: If an argument is not as described, or the records are damaged; the message names the file.
        ImportError: If plotly is not installed.

    Example:
        >>> from posealign_keras.data.synthetic import generate_motion_library
        >>> from tfrecords_tools import convert
        >>> generate_motion_library(sequences=4, frames=60, seed=0).save("motion.npz")
        >>> _ = convert("arrays", "motion.npz", "records", splits={"train": 0.5, "test": 0.5})
        >>> preview("records", samples=1).name
        'preview.html'
    """
    if samples < 1:
        raise ValueError(f"`samples` must be at least 1. Received: samples={samples}")
    path = Path(out) / "preview.html" if page is None else Path(page)
    sections, number = [], 0
    found = inspect(out)
    scenes = max(1, _SCENES // sum(len(manifests) for manifests in found.values()))
    for directory, manifests in found.items():
        for split, manifest in manifests.items():
            figures = []
            for figure, caption in _figures(Path(out) / directory, manifest, samples, scenes, seed):
                figures.append(html_figure(f"figure{number}", figure, caption))
                number += 1
            title = f"{directory} · {split}" if directory != "." else split
            note = f"{manifest.num_records:,} records of kind {manifest.schema['name']}"
            sections.append(html_section(title, note, "".join(figures) + html_facts(_facts(manifest))))
    content = html_page(
        "Preview of records",
        "What is in these records",
        "Samples drawn at random, as training will see them. Blue is the person's left, vermilion the right.",
        "".join(sections),
        "Made by tfrecords_tools.",
    )
    temporary = path.with_name(f".{path.name}.partial")
    try:
        temporary.write_text(content, encoding="utf-8")
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    return path


def _facts(manifest):
    sizes = {axis: low if low == high else f"{low} to {high}" for axis, (low, high) in manifest.sizes.items()}
    values = {name: values[:12] for name, values in manifest.values.items() if values != [""] and name != "split"}
    return {**sizes, **values, **{f"left out: {k}": v for k, v in manifest.metadata.get("dropped", {}).items()}}


def _figures(directory, manifest: Manifest, samples, scenes, seed) -> Iterator[tuple]:
    """Figures of some records, of which at most `scenes` are in 3D, each with its caption."""
    kind = manifest.schema["name"]
    if kind in ("pose_sequence", "labelled_clip"):
        samples = min(samples, scenes)
    elif kind in ("labelled_image", "labelled_person"):
        samples = min(samples, scenes * _IN_A_ROW)
    records = _drawn(directory, manifest, samples, seed)
    if kind == "pose_sequence":
        for record in records:
            yield _movement(record), _origin(record)
    elif kind in ("unlabelled_clip", "labelled_clip"):
        for record in records:
            yield _clip(record), _origin(record)
    else:
        records = list(records)
        for first in range(0, len(records), _IN_A_ROW):
            yield _images(records[first : first + _IN_A_ROW]), ""


def _drawn(directory, manifest, samples, seed):
    """Some records, any of the split; the others are not taken apart."""
    tf = import_tensorflow()
    schema = get_schema(manifest.schema["name"])
    manifest.check_schema(schema)
    total = manifest.num_records
    chosen = set(np.random.default_rng(seed).choice(total, min(samples, total), replace=False).tolist())
    first = 0
    for shard in manifest.shards:
        last = max((index for index in chosen if index < first + shard.num_records), default=-1)
        path = shard.check(directory)
        try:
            records = tf.data.TFRecordDataset(str(path)).take(max(last + 1 - first, 0))
            for index, serialized in enumerate(records.as_numpy_iterator(), first):
                if index in chosen:
                    record = {name: value.numpy() for name, value in schema.parse(serialized).items()}
                    yield {name: v.decode() if isinstance(v, bytes) else v for name, v in record.items()}
        except tf.errors.OpError as error:
            raise ValueError(f"{path} is damaged: {error.message}") from error
        first += shard.num_records


def _images(records):
    images = np.stack([record["image"] for record in records])
    validity = np.stack([record["joint_validity"] for record in records])[..., None]
    poses = None
    if "joints" in records[0]:
        poses = np.stack([record["joints"] for record in records])
        keypoints = _projected(
            poses, np.stack([r["root_position"] for r in records]), [r["intrinsics"] for r in records]
        )
        poses = np.where(validity, poses, np.nan)
    else:
        keypoints = np.stack([record["keypoints"] for record in records])
    captions = [f"{record['sequence']}\n{record['camera']} frame {record['frame_index']}" for record in records]
    return samples_figure(images, np.where(validity, keypoints, np.nan), poses, captions)


def _clip(record):
    chosen = _spread(len(record["frames"]), _IN_A_ROW if "joints" in record else _FRAMES_IN_A_ROW)
    keypoints = poses = None
    if "joints" in record:
        validity, poses = record["joint_validity"][chosen][..., None], record["joints"][chosen]
        keypoints = _projected(poses, record["root_position"][chosen], [record["intrinsics"]] * len(chosen))
        keypoints, poses = np.where(validity, keypoints, np.nan), np.where(validity, poses, np.nan)
    return samples_figure(record["frames"][chosen], keypoints, poses, _times(record, chosen))


def _movement(record):
    chosen = _spread(len(record["positions"]), _IN_A_ROW)
    poses = record["positions"][chosen]
    if record["coordinate_frame"] == "world":
        poses = to_upright_camera_frame(poses)
    return samples_figure(poses=poses - poses[:, :1], captions=_times(record, chosen))


def _projected(joints, root, intrinsics):
    points = joints + root[:, None]
    pixels = np.einsum("nij,nkj->nki", np.stack(intrinsics), points)
    return pixels[..., :2] / pixels[..., 2:]


def _spread(count, wanted):
    return np.linspace(0, count - 1, min(wanted, count)).round().astype(int)


def _times(record, chosen):
    return [f"{index / record['fps']:.1f} s" for index in chosen]


def _origin(record):
    parts = (record["dataset"], record["subject"], record["sequence"], record["camera"])
    return " / ".join(part for part in parts if part) + f", frame {record['frame_index']}"
