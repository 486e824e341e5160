"""Where the files of Human3.6M are: its official layout, and that of the program h36m-fetch."""

import re
from dataclasses import dataclass
from pathlib import Path

# S1 has other names for two of the actions.
_ACTIONS = {"TakingPhoto": "Photo", "WalkingDog": "WalkDog"}
# The official folder of poses, and that of h36m-fetch, which keeps them beside the videos.
_POSE_FOLDERS = ("MyPoseFeatures/{}", "Poses_{}")
_MASK_FOLDERS = ("MySegmentsMat/ground_truth_bb", "ground_truth_bb")


@dataclass(frozen=True)
class Human36MTake:
    """One recording: what one camera filmed, or, without a camera, what was captured in the world.

    Args:
        folder: Directory of the subject.
        name: Name of the sequence in the names of files, such as `"TakingPhoto 1"`.
        camera: Name of the camera; empty for the poses in the world.
    """

    folder: Path
    name: str
    camera: str = ""

    @classmethod
    def of_file(cls, path: Path) -> "Human36MTake":
        """The recording that a file is of."""
        folder = next(parent for parent in path.parents if _SUBJECT.fullmatch(parent.name))
        name, dot, camera = path.name.removesuffix(path.suffix).rpartition(".")
        return cls(folder, name, camera) if dot else cls(folder, camera)

    @property
    def subject(self) -> str:
        """Name of the subject, such as `"S9"`."""
        return self.folder.name

    @property
    def sequence(self) -> str:
        """Name of the sequence, the action called as with all other subjects: `"Photo 1"`."""
        action, space, number = self.name.partition(" ")
        return _ACTIONS.get(action, action) + space + number

    @property
    def video(self) -> Path:
        """The video."""
        return self.folder / "Videos" / f"{self.name}.{self.camera}.mp4"

    @property
    def masks(self) -> Path:
        """The masks whose extents are the official boxes."""
        return _existing(self.folder, _MASK_FOLDERS) / f"{self.name}.{self.camera}.mat"

    def poses(self, kind: str) -> Path:
        """The poses of a kind, such as `"D3_Positions_mono"`."""
        stem = f"{self.name}.{self.camera}" if self.camera else self.name
        return _pose_folder(self.folder, kind) / f"{stem}.cdf"


_SUBJECT = re.compile(r"S\d{1,2}")


def subject_folders(root: Path) -> list[Path]:
    """The directories of the subjects, in order of their numbers."""
    for place in (root, root / "extracted"):
        found = [path for path in place.glob("S*") if _SUBJECT.fullmatch(path.name) and path.is_dir()]
        if found:
            return sorted(found, key=lambda path: int(path.name[1:]))
    return []


def takes_with_poses(folder: Path, kind: str) -> list[Human36MTake]:
    """The recordings of one subject that have poses of a kind, in order."""
    return _takes(_pose_folder(folder, kind), "*.cdf")


def takes_with_videos(folder: Path) -> list[Human36MTake]:
    """The recordings of one subject that have a video, in order."""
    return _takes(folder / "Videos", "*.mp4")


def find_metadata(root: Path) -> Path | None:
    """The file `metadata.xml`, which comes with the programs of the data set."""
    return next((path for pattern in ("", "*/", "*/*/") for path in sorted(root.glob(f"{pattern}metadata.xml"))), None)


def _takes(folder, pattern):
    paths = sorted(path for path in folder.glob(pattern) if not path.name.startswith(("_ALL", ".")))
    return [Human36MTake.of_file(path) for path in paths]


def _pose_folder(folder, kind):
    return _existing(folder, [pattern.format(kind) for pattern in _POSE_FOLDERS])


def _existing(folder, candidates):
    return next((folder / name for name in candidates if (folder / name).is_dir()), folder / candidates[0])
