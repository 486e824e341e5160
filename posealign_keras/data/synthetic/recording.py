"""Writes records of generated pictures of people: labelled images, and clips with or without labels."""

from collections.abc import Callable, Iterator

import numpy as np

from posealign_keras.data.motion_library import MotionLibrary
from posealign_keras.data.record_writer import RecordWriter
from posealign_keras.data.schema import LABELLED_CLIP, LABELLED_IMAGE, LABELLED_PERSON, UNLABELLED_CLIP
from posealign_keras.data.synthetic.domain import Domain
from posealign_keras.data.synthetic.filming import Film, film
from posealign_keras.data.synthetic.people import People, get_people
from posealign_keras.data.synthetic.pose_variation import vary_poses
from posealign_keras.skeletons import BODY17

_IMAGES_AT_ONCE = 128
Progress = Callable[[int, int], None]


def record_images(
    library: MotionLibrary,
    domain: Domain,
    directory,
    split: str,
    count: int,
    size: int = 64,
    seed: int = 0,
    progress: Progress | None = None,
    people: str | People = "cones",
    masks: bool = False,
) -> None:
    """Write `LABELLED_IMAGE` records: single poses of a library, each a new person in a new scene of a domain.

    Args:
        library: Where the poses come from.
        domain: What the pictures look like.
        directory: Directory of the records.
        split: Name of the split.
        count: Number of images.
        size: Height and width of the images in pixels.
        seed: The same seed gives the same images.
        progress: Called with the number of images written and of all.
        people: Who is in the pictures, as in `film`; the labels are the joints of these people.
        masks: Whether to write `LABELLED_PERSON` records, which say which pixels the person covers.

    Example:
        >>> from posealign_keras.data import describe
        >>> from posealign_keras.data.synthetic import STUDIO, generate_motion_library
        >>> motion = generate_motion_library(sequences=2, frames=60, seed=0)
        >>> record_images(motion, STUDIO, "records", "train", count=3, size=32)
        >>> describe("records")["train"]["num_records"]
        3
    """
    people = get_people(people)
    with RecordWriter(
        directory,
        LABELLED_PERSON if masks else LABELLED_IMAGE,
        split,
        overwrite=True,
        metadata=_metadata(domain, people, seed),
    ) as writer:
        done = 0
        for windows, filmed in film_single_poses(library, domain, count, size, np.random.default_rng(seed), people):
            for (sequence, start), images, covered, joints, intrinsics in zip(
                windows, filmed.images, filmed.masks, filmed.joints, filmed.intrinsics, strict=True
            ):
                mask = {"mask": _grey(covered[0])} if masks else {}
                writer.write(
                    {
                        **_origin(library, sequence, start),
                        **_labels(joints[0], intrinsics),
                        "image": images[0],
                        **mask,
                        "camera": domain.name,
                    }
                )
            done += len(windows)
            if progress:
                progress(done, count)


def film_single_poses(
    library: MotionLibrary,
    domain: Domain,
    count: int,
    size: int,
    rng: np.random.Generator,
    people: str | People,
    threads: int | None = None,
) -> Iterator[tuple[list[tuple[int, int]], Film]]:
    """Film single poses of a library, each of them a new person in a new scene of a domain.

    Args:
        library: Where the poses come from; the domain may vary them.
        domain: What the pictures look like.
        count: Number of pictures.
        size: Height and width of the pictures in pixels.
        rng: What everything random is drawn from.
        people: Who is in the pictures, as in `film`.
        threads: How many threads paint, as in `film`.

    Yields:
        Some pictures at a time: from which sequence and frame of the library each pose is, and a `Film` of clips of one
        frame.
    """
    drawn = list(zip(*_draw_windows(library, 1, count, rng), strict=True))
    for first in range(0, count, _IMAGES_AT_ONCE):
        windows = drawn[first : first + _IMAGES_AT_ONCE]
        poses = vary_poses(np.stack([library[sequence][start] for sequence, start in windows]), domain, rng)
        clips = np.stack([_vary_limbs(pose[None], domain, rng) for pose in poses])
        scenes = [domain.sample_scene(rng) for _ in windows]
        yield windows, film(clips, scenes, size, rng, people=people, threads=threads)


def record_clips(
    library: MotionLibrary,
    domain: Domain,
    directory,
    split: str,
    count: int,
    frames: int = 60,
    size: int = 64,
    labelled: bool = False,
    seed: int = 0,
    progress: Progress | None = None,
    people: str | People = "cones",
) -> None:
    """Write `UNLABELLED_CLIP` or `LABELLED_CLIP` records: pieces of a library, each filmed in one scene of a domain.

    Args:
        library: Where the motion comes from.
        domain: What the pictures look like.
        directory: Directory of the records.
        split: Name of the split.
        count: Number of clips.
        frames: Frames of each clip.
        size: Height and width of the frames in pixels.
        labelled: Whether the joints are written too.
        seed: The same seed gives the same clips.
        progress: Called with the number of clips written and of all.
        people: Who is in the pictures, as in `film`; the labels are the joints of these people.

    Raises:
        ValueError: If no sequence has that many frames.

    Example:
        >>> from posealign_keras.data import describe
        >>> from posealign_keras.data.synthetic import WILD, generate_motion_library
        >>> motion = generate_motion_library(sequences=2, frames=60, seed=0)
        >>> record_clips(motion, WILD, "records", "train", count=2, frames=8, size=32)
        >>> describe("records")["train"]["sizes"]["num_frames"]
        [8, 8]
    """
    rng = np.random.default_rng(seed)
    people = get_people(people)
    sequences, starts = _draw_windows(library, frames, count, rng)
    schema = LABELLED_CLIP if labelled else UNLABELLED_CLIP
    with RecordWriter(directory, schema, split, overwrite=True, metadata=_metadata(domain, people, seed)) as writer:
        for index, (sequence, start) in enumerate(zip(sequences, starts, strict=True)):
            motion = _vary_limbs(library[sequence][start : start + frames], domain, rng)
            filmed = film(motion, domain.sample_scene(rng), size, rng, library.fps, people)
            labels = _labels(filmed.joints, filmed.intrinsics) if labelled else {}
            writer.write(
                {**_origin(library, sequence, start), **labels, "frames": filmed.images, "camera": domain.name}
            )
            if progress:
                progress(index + 1, count)


def _draw_windows(library, frames, count, rng):
    """Random sequences and starts: every window of the library is as likely as any other."""
    choices = np.maximum(library.lengths - frames + 1, 0)
    if not choices.any():
        raise ValueError(f"`library` must have a sequence of {frames} frames. Longest: {library.lengths.max()} frames")
    drawn = rng.integers(choices.sum(), size=count)
    ends = np.cumsum(choices)
    sequences = np.searchsorted(ends, drawn, side="right")
    return [int(s) for s in sequences], [int(s) for s in drawn - (ends - choices)[sequences]]


def _vary_limbs(positions, domain, rng):
    """Give the person of a sequence `(T, 17, 3)` limbs of another length, left and right alike."""
    factors = rng.uniform(*domain.limb_length, BODY17.num_joints)
    changed = positions.copy()
    for parent, child in BODY17.edges:
        factor = factors[min(child, BODY17.mirror[child])]
        changed[:, child] = changed[:, parent] + factor * (positions[:, child] - positions[:, parent])
    return changed


def _grey(covered):
    """A picture of how much of each pixel is covered."""
    return np.repeat(np.round(255 * covered)[..., None].astype("uint8"), 3, axis=-1)


def _origin(library, sequence, start):
    return {
        "dataset": str(library.sources[sequence]),
        "subject": str(library.subjects[sequence]),
        "sequence": str(library.names[sequence]),
        "frame_index": start,
        "fps": library.fps,
    }


def _labels(joints, intrinsics):
    """Labels of one image, or of a clip, from absolute joints in the camera frame."""
    root = joints[..., :1, :]
    return {
        "joints": joints - root,
        "root_position": root[..., 0, :],
        "joint_validity": np.ones(joints.shape[:-1], bool),
        "intrinsics": intrinsics,
    }


def _metadata(domain, people, seed):
    return {"domain": domain.name, "people": people.name, "seed": seed}
