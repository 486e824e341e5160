"""Human3.6M: eleven people in a studio, filmed by four cameras."""

import os
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np

from tfrecords_tools.reader import Reader
from tfrecords_tools.readers.camera_choice import choose_cameras
from tfrecords_tools.readers.human36m_cameras import Human36MCamera, load_cameras
from tfrecords_tools.readers.human36m_files import (
    Human36MTake,
    find_metadata,
    subject_folders,
    takes_with_poses,
    takes_with_videos,
)
from tfrecords_tools.readers.human36m_masks import load_boxes
from tfrecords_tools.readers.human36m_poses import METRES, equally_long, load_joints
from tfrecords_tools.readers.left_out import left_out
from tfrecords_tools.readers.pinhole import fit_pinhole
from tfrecords_tools.recording import Recording, RecordingId
from tfrecords_tools.video_frames import VideoFrames

_CAMERAS = ("54138969", "55011271", "58860488", "60457274")
_SPLITS = {**dict.fromkeys(("S1", "S5", "S6", "S7", "S8"), "train"), **dict.fromkeys(("S9", "S11"), "test")}
# Of the other subjects, only the videos were published.
_WITHHELD = "withheld"
_FPS = 50.0
_WORLD, _MONO, _UNIVERSAL, _PIXELS = "D3_Positions", "D3_Positions_mono", "D3_Positions_mono_universal", "D2_Positions"
# The joints of these are beside the person, by this many millimetres along x of the world.
_S9_SEQUENCES = ("Greeting", "SittingDown 1", "Waiting 1")
_S9_SHIFT = np.array([-200.0, 0.0, 0.0])
# In most copies of the data set, this video cannot be decoded.
_UNREADABLE = ("S11", "Directions", "54138969")


class Human36M(Reader):
    """Human3.6M, in its official layout (`S1/MyPoseFeatures/…`) or that of h36m-fetch (`S1/Poses_…`).

    Pose sequences are in the world (z up), from `D3_Positions`; where that is missing, from what one camera saw, put
    into the world with the help of `metadata.xml`, and left in the camera frame without it. Labelled images have the
    joints of `D3_Positions_mono`, and the camera of `metadata.xml`; without it, a camera without lens is fitted to
    `D2_Positions`. Splits are those of all recent papers: subjects 1, 5, 6, 7 and 8 train, 9 and 11 test. The videos
    of subjects 2, 3, 4 and 10, which have no poses, give clips of split `withheld`, whole pictures unless there are
    official boxes.

    Protocols differ in how many frames they test; `image_fps=10` (the default) is every fifth, 50 is all of them.

    Args:
        root: Directory with `S1`, `S5` and so on.
        cameras: Names of cameras, such as `54138969,60457274`; by default all four.
        boxes: Where the person is: the extent of the joints, or the masks in `MySegmentsMat/ground_truth_bb`.
        fix_s9: What to do with three sequences of subject 9 (Greeting, SittingDown 1, Waiting 1) whose joints are 20 cm
            beside the person: leave them as they are, drop them, or shift the joints (needs `metadata.xml`).
        universal: Whether to take the poses that the data set scaled to one skeleton for all
            (`D3_Positions_mono_universal`). They are no longer exactly where the picture shows them.
        metadata: The file `metadata.xml`; by default it is looked for in `root` and two levels below.
    """

    name: ClassVar[str] = "human36m"
    kinds: ClassVar[tuple[str, ...]] = ("labelled_image", "pose_sequence", "unlabelled_clip")
    reference: ClassVar[str] = (
        "Ionescu et al., Human3.6M: Large Scale Datasets and Predictive Methods for 3D Human Sensing in Natural "
        "Environments, TPAMI 2014; http://vision.imar.ro/human3.6m"
    )

    def __init__(
        self,
        root,
        cameras: str | None = None,
        boxes: Literal["joints", "ground_truth"] = "joints",
        fix_s9: Literal["none", "drop", "shift"] = "none",
        universal: bool = False,
        metadata: str | None = None,
    ):
        super().__init__(root, boxes=boxes, fix_s9=fix_s9)
        if metadata is not None and not Path(metadata).is_file():
            raise FileNotFoundError(f"`metadata` must be the file metadata.xml. There is no {metadata}")
        self.cameras = cameras
        self.boxes = boxes
        self.fix_s9 = fix_s9
        self.universal = universal
        self.metadata = metadata
        self._chosen = choose_cameras(cameras, _CAMERAS)
        self._metadata = find_metadata(self.root) if metadata is None else Path(os.path.abspath(metadata))
        if fix_s9 == "shift" and self._metadata is None:
            raise FileNotFoundError("`fix_s9='shift'` needs metadata.xml, which is not in `root`")

    def list(self, kind):
        """List the sequences of all subjects, for images each camera by itself; see `Reader.list`."""
        list_takes = {"pose_sequence": self._poses, "unlabelled_clip": self._videos}.get(kind, self._mono)
        takes = [take for folder in subject_folders(self.root) for take in list_takes(folder)]
        if not takes:
            raise FileNotFoundError(
                f"There is nothing of Human3.6M for {kind} in {self.root}: looked for "
                + ("S*/Videos/*.mp4" if kind == "unlabelled_clip" else f"S*/MyPoseFeatures/{_MONO}/*.cdf")
                + f" of the cameras {', '.join(self._chosen)}"
            )
        return [
            RecordingId(
                sequence=take.sequence,
                subject=take.subject,
                camera=take.camera,
                split=_SPLITS.get(take.subject, _WITHHELD),
                group=take.subject,
                files=tuple(str(path) for path in self._files(take, kind)),
            )
            for take in takes
        ]

    def read(self, recording_id, kind):
        """Read one sequence, of one camera if it was filmed; see `Reader.read`."""
        take = Human36MTake.of_file(Path(recording_id.files[0]))
        shifted = take.subject == "S9" and take.name in _S9_SEQUENCES
        if shifted and self.fix_s9 == "drop":
            return left_out("its joints are 20 cm beside the person, and `fix_s9` is 'drop'", _FPS)
        note = {"none": "as they are; see `fix_s9`", "shift": "shifted back"}.get(self.fix_s9)
        notes = (f"the joints are 20 cm beside the person by an error of the data set; {note}",) if shifted else ()
        if kind == "pose_sequence":
            return self._pose_sequence(take, shifted, notes)
        if (take.subject, take.name, take.camera) == _UNREADABLE and not _is_readable(take.video):
            return left_out("its video cannot be read, as in most copies of the data set", _FPS)
        return self._filmed(take, shifted, notes)

    # Which recordings there are.

    def _mono(self, folder):
        if folder.name not in _SPLITS:
            return []
        return [take for take in takes_with_poses(folder, _MONO) if take.camera in self._chosen]

    def _poses(self, folder):
        """One recording for each sequence: in the world if there is one, else of the first camera."""
        found: dict[str, Human36MTake] = {}
        if folder.name in _SPLITS:
            in_world = [] if self.universal else takes_with_poses(folder, _WORLD)
            kind = _UNIVERSAL if self.universal else _MONO
            for take in (*in_world, *takes_with_poses(folder, kind)):
                if not take.camera or take.camera in self._chosen:
                    found.setdefault(take.name, take)
        return sorted(found.values(), key=lambda take: take.name)

    def _videos(self, folder):
        takes = [*self._mono(folder), *takes_with_videos(folder)]
        return sorted(
            {take for take in takes if take.camera in self._chosen}, key=lambda take: (take.name, take.camera)
        )

    def _files(self, take, kind):
        """The files that are there of those that are read; the first one tells the recording."""
        if kind == "pose_sequence":
            poses = _WORLD if not take.camera else _UNIVERSAL if self.universal else _MONO
            files = [take.poses(poses), *([self._metadata] if take.camera else [])]
        else:
            files = [take.poses(_MONO), take.video, self._metadata]
            files += [take.poses(_UNIVERSAL)] if self.universal else []
            files += [take.poses(_PIXELS)] if self._metadata is None else []
            files += [take.masks] if self.boxes == "ground_truth" else []
        return [path for path in files if path is not None and path.is_file()]

    # Reading one.

    def _pose_sequence(self, take, shifted, notes):
        camera = self._camera(take)
        poses = _WORLD if not take.camera else _UNIVERSAL if self.universal else _MONO
        positions = load_joints(take.poses(poses), 3)
        frame = "camera" if take.camera and camera is None else "world"
        if take.camera and camera is not None:
            positions = camera.to_world(positions)
        elif take.camera:
            notes += ("in the camera frame: neither D3_Positions nor metadata.xml is there",)
        if shifted and self.fix_s9 == "shift":
            positions = positions + _S9_SHIFT
        return _recording(positions, coordinate_frame=frame, notes=notes)

    def _filmed(self, take, shifted, notes):
        frames = VideoFrames(take.video)
        boxes = self._official_boxes(take)
        if not take.poses(_MONO).is_file():
            if boxes is None:
                notes += ("whole pictures: nothing says where the person is",)
            return Recording(fps=_FPS, frames=frames, boxes=boxes, notes=notes)
        positions, camera, keypoints = load_joints(take.poses(_MONO), 3), self._camera(take), None
        shift = np.zeros(3)
        if camera is None:
            pixels = take.poses(_PIXELS)
            positions, keypoints = equally_long(positions, load_joints(pixels, 2))
            matrix, note = fit_pinhole(positions, keypoints, f"{pixels} and {take.poses(_MONO)}")
            notes += (f"there is no metadata.xml: {note}",)
        else:
            matrix = camera.matrix
            if shifted and self.fix_s9 == "shift":
                shift = camera.rotation @ _S9_SHIFT
            if boxes is not None:
                positions, boxes = equally_long(positions, boxes)
                roots = positions[:, 0]
                boxes = boxes + np.tile(camera.project(roots + shift) - camera.project(roots), 2)
            if self.universal:
                keypoints = camera.project(positions + shift)
        if self.universal:
            positions = load_joints(take.poses(_UNIVERSAL), 3)
        positions, keypoints, boxes = equally_long(positions, keypoints, boxes)
        return _recording(
            positions + shift,
            frames=frames,
            keypoints=keypoints,
            boxes=boxes,
            intrinsics=matrix,
            distortion=() if camera is None else camera.distortion,
            notes=notes,
        )

    def _official_boxes(self, take):
        """`None` if those of the joints are to be taken, or if a subject without poses has no masks."""
        if self.boxes == "joints" or not (take.masks.is_file() or take.poses(_MONO).is_file()):
            return None
        return load_boxes(take.masks)

    def _camera(self, take) -> Human36MCamera | None:
        if self._metadata is None or not take.camera:
            return None
        cameras = load_cameras(self._metadata)
        if (take.subject, take.camera) not in cameras:
            raise ValueError(f"{self._metadata} must describe the camera {take.camera} of subject {take.subject}")
        return cameras[take.subject, take.camera]


def _recording(millimetres, **more):
    return Recording(fps=_FPS, positions=(METRES * millimetres).astype("float32"), scale=METRES, **more)


def _is_readable(video):
    """Whether a video can be decoded to its end."""
    try:
        frames = VideoFrames(video)
        for _ in frames.read(range(len(frames.times))):
            pass
    except (ValueError, FileNotFoundError):
        return False
    return True
