"""`Protocol`: everything that has to be said beside an error for it to mean something."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

from posealign_keras.evaluation.measure import Measure
from posealign_keras.evaluation.pose_errors import SCALE_RULES
from posealign_keras.skeletons import get_skeleton

GROUPINGS = ("action", "sequence", "subject", "camera")
AVERAGES = ("frames", "groups")

_SCALES = {
    "none": "none, beside what the measure itself aligns",
    "bone_lengths": "the estimated bone directions are chained with the true bone lengths",
}


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """How poses are compared: which frames, which joints, what is taken away before, and how the mean is formed.

    Others are made of these with `dataclasses.replace`, such as
    `replace(HUMAN36M_PROTOCOL_1, name="every fifth frame", frame_step=5)`.

    Args:
        name: Name of the protocol.
        title: What a table calls it.
        dataset: The data set that it is for, as records call it; `None` for any.
        measures: The figures; each names its joints.
        root: Joints whose centre both poses are centred on, unless a Procrustes alignment does more.
        scale: What happens to the size of the estimate before, see `pose_errors`.
        annotation: Which of the data set's annotations is the truth.
        refused_options: `(option, value)` of a conversion with `tfrecords_tools` that gives records of another
            annotation.
        subjects: The people who count; none for all.
        cameras: The cameras that count; none for all.
        frames: First frame that counts, and the one after the last; `None` for all.
        frame_step: One frame of so many counts, in frames of the recording: the first one that is there, of
            frames 0 to `frame_step - 1`, of the next as many, and so on. With all frames in the records, these are the
            frames whose index is a multiple.
        group_by: What a row of the table is: `"action"` (the part of the sequence's name before the first space),
            `"sequence"`, `"subject"` or `"camera"`.
        groups: The groups that there should be, in the order of the table.
        expected_frames: Frames that each of `groups` should have; none if that depends on the copy of the data.
        combined: `(name, groups)` of rows that put groups together, their frames pooled.
        average: What the overall mean is formed over: `"frames"` of all groups alike, or the means of the `"groups"`.
        notes: What else has to be said beside the figures.
        reference: Source of the protocol.
        skeleton: Name of the skeleton.

    Raises:
        ValueError: If an argument is not as described.

    Example:
        >>> from posealign_keras.evaluation import Measure
        >>> hands = Protocol(name="hands", title="Hands", measures=(Measure("mpjpe", ("l_wrist", "r_wrist")),))
        >>> hands.joints, Protocol.from_dict(hands.to_dict()) == hands
        (('l_wrist', 'r_wrist'), True)
    """

    name: str
    title: str
    measures: tuple[Measure, ...]
    dataset: str | None = None
    root: tuple[str, ...] = ("pelvis",)
    scale: str = "none"
    annotation: str = ""
    refused_options: tuple[tuple[str, str], ...] = ()
    subjects: tuple[str, ...] = ()
    cameras: tuple[str, ...] = ()
    frames: tuple[int, int] | None = None
    frame_step: int = 1
    group_by: str = "sequence"
    groups: tuple[str, ...] = ()
    expected_frames: tuple[int, ...] = ()
    combined: tuple[tuple[str, tuple[str, ...]], ...] = ()
    average: str = "frames"
    notes: tuple[str, ...] = ()
    reference: str = ""
    skeleton: str = "body17"

    def __post_init__(self):
        for name, choices in (("scale", SCALE_RULES), ("group_by", GROUPINGS), ("average", AVERAGES)):
            if getattr(self, name) not in choices:
                raise ValueError(f"`{name}` must be one of {choices}. Received: {name}={getattr(self, name)!r}")
        names = [measure.name for measure in self.measures]
        if not names or len(set(names)) < len(names):
            raise ValueError(f"`measures` must be at least one, no two of a name. Received: measures={names}")
        if self.frame_step < 1:
            raise ValueError(f"`frame_step` must be at least 1. Received: frame_step={self.frame_step}")
        if self.frames is not None and not 0 <= self.frames[0] < self.frames[1]:
            raise ValueError(f"`frames` must be the first frame and one after it. Received: frames={self.frames}")
        if self.expected_frames and len(self.expected_frames) != len(self.groups):
            raise ValueError(
                f"`expected_frames` must have an entry for each of `groups`, {len(self.groups)}. "
                f"Received: expected_frames={self.expected_frames}"
            )
        skeleton = get_skeleton(self.skeleton)
        skeleton.indices(self.root)
        for measure in self.measures:
            skeleton.indices(measure.joints)

    @property
    def joints(self) -> tuple[str, ...]:
        """Names of the joints that any measure counts, in the order of the skeleton."""
        skeleton = get_skeleton(self.skeleton)
        counted = {index for measure in self.measures for index in skeleton.indices(measure.joints)}
        return tuple(skeleton.joint_names[index] for index in sorted(counted))

    def facts(self) -> dict[str, str]:
        """What has to be said beside the figures, in words."""
        all_joints = f"all {get_skeleton(self.skeleton).num_joints} of {self.skeleton}"
        joints = {
            measure.title: all_joints
            if measure.joints is None
            else f"{len(measure.joints)}: {', '.join(measure.joints)}"
            for measure in self.measures
        }
        root = self.root[0] if len(self.root) == 1 else f"centre of {', '.join(self.root)}"
        if all(measure.name.startswith("pa_") for measure in self.measures):
            root = "none: the alignment moves the whole pose"
        facts = {"protocol": f"{self.title} (`{self.name}`)", "root": root}
        facts |= {f"joints of {measure}": names for measure, names in joints.items()}
        facts["scale"] = _SCALES[self.scale]
        if self.annotation:
            facts["annotation"] = self.annotation
        facts["frames"] = self._frames_in_words()
        facts["mean"] = (
            f"over the {self.group_by}s, of the mean over frames and known joints of each"
            if self.average == "groups"
            else "over all frames and known joints"
        )
        if self.reference:
            facts["source"] = self.reference
        return facts

    def _frames_in_words(self):
        words = ["all" if self.frame_step == 1 else f"one of every {self.frame_step}"]
        if self.frames is not None:
            words.append(f"from {self.frames[0]} to {self.frames[1] - 1}")
        chosen = {"subjects": self.subjects, "cameras": self.cameras}
        words += [f"{name} {', '.join(members)}" for name, members in chosen.items() if members]
        return "; ".join(words)

    def to_dict(self) -> dict[str, Any]:
        """The arguments, as plain data that JSON can hold."""
        return asdict(self)

    @classmethod
    def from_dict(cls, arguments: Mapping[str, Any]) -> Self:
        """The protocol of which `to_dict` gave the arguments, perhaps by way of JSON.

        Raises:
            ValueError: If they are not such arguments.
        """
        names = {field.name for field in fields(cls)}
        try:
            unknown = set(arguments) - names
            if unknown:
                raise TypeError(f"unknown: {sorted(unknown)}")
            values = {name: _tuples(value) for name, value in arguments.items() if name != "measures"}
            measures = tuple(Measure(one["name"], _tuples(one["joints"])) for one in arguments["measures"])
            return cls(measures=measures, **values)
        except (TypeError, KeyError) as error:
            raise ValueError(f"`arguments` must be those of a protocol: {error}") from error


def _tuples(value):
    return tuple(_tuples(item) for item in value) if isinstance(value, list | tuple) else value
