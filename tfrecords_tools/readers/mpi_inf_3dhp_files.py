"""Where the files of MPI-INF-3DHP are: those of the download programs, and the copies with extracted frames."""

import re
from pathlib import Path

from tfrecords_tools.image_frames import SUFFIXES, natural_order

# Folders of a sequence in which programs put the frames of camera c, beside the videos themselves.
_FRAME_FOLDERS = ("imageSequence/video_{}", "imageFrames/video_{}", "video_{}")


def train_folders(root: Path) -> list[Path]:
    """The directories `S1/Seq1` to `S8/Seq2`, in order."""
    return _folders(root, "S*/Seq*", re.compile(r"S\d+/Seq\d+"))


def test_folders(root: Path) -> list[Path]:
    """The directories `TS1` to `TS6`, in order."""
    return _folders(root, "TS*", re.compile(r"TS\d+"))


def camera_source(folder: Path, camera: str) -> Path | None:
    """The video of a camera of a training sequence, or the directory of its frames; `None` if there is neither."""
    candidates = [folder / "imageSequence" / f"video_{camera}.avi"]
    candidates += [folder / name.format(camera) for name in _FRAME_FOLDERS]
    return next((path for path in candidates if path.exists()), None)


def pictures_in(folder: Path) -> list[Path]:
    """All pictures in a directory, in order of their names; none if there is no such directory."""
    found = folder.iterdir() if folder.is_dir() else ()
    return sorted((path for path in found if path.suffix.lower() in SUFFIXES), key=natural_order)


def numbered_frames(folder: Path) -> list[Path]:
    """The pictures in a directory, in the order of the numbers that their names end with.

    Raises:
        ValueError: If there are none, or they are not numbered from 0 or 1 without a gap: a picture would be taken
            for another one.
    """
    numbers: dict[int, Path] = {}
    for path in pictures_in(folder):
        number = re.search(r"(\d{1,9})$", path.stem)
        if number:
            numbers[int(number[1])] = path
    if not numbers:
        raise ValueError(f"{folder} must hold the pictures of a sequence, with numbers at the end of their names")
    first = min(min(numbers), 1)
    missing = next((number for number in range(first, max(numbers) + 1) if number not in numbers), None)
    if missing is not None:
        raise ValueError(f"{folder} must hold all pictures of a sequence; number {missing} is not there")
    return [numbers[number] for number in sorted(numbers)]


def _folders(root, pattern, form):
    """Directories whose last names have a form: in `root`, or up to two levels below, as archives are unpacked."""
    depth = pattern.count("/") + 1
    for place in ("", "*/", "*/*/"):
        found = {"/".join(path.parts[-depth:]): path for path in sorted(root.glob(place + pattern)) if path.is_dir()}
        names = sorted((name for name in found if form.fullmatch(name)), key=natural_order)
        if names:
            return [found[name] for name in names]
    return []
