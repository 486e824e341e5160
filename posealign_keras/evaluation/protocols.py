"""The protocols by name: Human3.6M, MPI-INF-3DHP, 3DPW, records of any kind, and real video seen from several sides."""

from dataclasses import replace

from posealign_keras.evaluation.measure import Measure
from posealign_keras.evaluation.protocol import Protocol

_LIMBS = (
    *("r_hip", "r_knee", "r_ankle", "l_hip", "l_knee", "l_ankle"),
    *("l_shoulder", "l_elbow", "l_wrist", "r_shoulder", "r_elbow", "r_wrist"),
)
_HUMAN36M_ACTIONS = (
    *("Directions", "Discussion", "Eating", "Greeting", "Phoning", "Posing", "Purchases", "Sitting", "SittingDown"),
    *("Smoking", "Photo", "Waiting", "Walking", "WalkDog", "WalkTogether"),
)

HUMAN36M_PROTOCOL_1 = Protocol(
    name="human36m_protocol_1",
    title="Human3.6M, Protocol #1",
    dataset="human36m",
    measures=(Measure("mpjpe"), Measure("n_mpjpe")),
    annotation="D3_Positions_mono: true size, in the axes of the camera of the crop",
    refused_options=(("universal", "True"),),
    subjects=("S9", "S11"),
    frame_step=64,
    group_by="action",
    groups=_HUMAN36M_ACTIONS,
    average="groups",
    notes=(
        "Papers differ in the frames: all, every 5th or every 64th of the 50 per second; and in the joints: 17, 16 or "
        "14.",
    ),
    reference="Ionescu et al., TPAMI 2014; split and mean over actions as in Martinez et al., ICCV 2017",
)
"""Human3.6M Protocol #1: MPJPE over 17 joints, pelvis at the origin, subjects 9 and 11, mean of 15 actions.

One frame of every 64, which needs records made with `image_fps=50` to be exact; from records of the default, every
fifth frame, the first one of every 64 frames is taken.

Example:
    >>> HUMAN36M_PROTOCOL_1.subjects, [measure.name for measure in HUMAN36M_PROTOCOL_1.measures]
    (('S9', 'S11'), ['mpjpe', 'n_mpjpe'])
"""

HUMAN36M_PROTOCOL_2 = replace(
    HUMAN36M_PROTOCOL_1,
    name="human36m_protocol_2",
    title="Human3.6M, Protocol #2",
    measures=(Measure("pa_mpjpe"),),
)
"""Human3.6M Protocol #2: PA-MPJPE, on the frames of Protocol #1.

Example:
    >>> [measure.name for measure in HUMAN36M_PROTOCOL_2.measures]
    ['pa_mpjpe']
"""

HUMAN36M_RELEASED_CODE = replace(
    HUMAN36M_PROTOCOL_1,
    name="human36m_released_code",
    title="Human3.6M, as the paper's released code",
    measures=(Measure("pa_mpjpe"), Measure("mpjpe")),
    scale="bone_lengths",
    cameras=("60457274",),
    frame_step=1,
    average="frames",
    notes=(
        "The released code tests a list of cropped frames that is not public, and 17 joints of its own, with feet; "
        "here it is all frames of the records, and the joints of Human3.6M.",
    ),
    reference="the code released with Kundu et al., NeurIPS 2021",
)
"""The frontal camera, all frames pooled, estimated bone directions with the true bone lengths.

Example:
    >>> HUMAN36M_RELEASED_CODE.scale, HUMAN36M_RELEASED_CODE.cameras
    ('bone_lengths', ('60457274',))
"""

_ALL_BUT_TORSO = (
    *("r_hip", "r_knee", "r_ankle", "l_hip", "l_knee", "l_ankle", "thorax", "head_top"),
    *("l_shoulder", "l_elbow", "l_wrist", "r_shoulder", "r_elbow", "r_wrist"),
)

MPI_INF_3DHP = Protocol(
    name="mpi_inf_3dhp",
    title="MPI-INF-3DHP test set",
    dataset="mpi_inf_3dhp",
    measures=(
        Measure("pck150", _ALL_BUT_TORSO),
        Measure("auc", _ALL_BUT_TORSO),
        Measure("mpjpe"),
        Measure("pa_mpjpe"),
    ),
    annotation="univ_annot3: scaled to a skeleton of one size for all; frames with valid_frame = 1",
    refused_options=(("universal", "never"),),
    subjects=("TS1", "TS2", "TS3", "TS4", "TS5", "TS6"),
    groups=("TS1", "TS2", "TS3", "TS4", "TS5", "TS6"),
    expected_frames=(603, 540, 505, 553, 276, 452),
    combined=(
        ("studio, green screen", ("TS1", "TS2")),
        ("studio, no green screen", ("TS3", "TS4")),
        ("outdoors", ("TS5", "TS6")),
    ),
    notes=("PCK is of errors strictly below 150 mm; AUC is the mean of PCK at 0, 5, …, 150 mm.",),
    reference="Mehta et al., 3DV 2017, and the evaluation code of the data set",
)
"""MPI-INF-3DHP: PCK and AUC over 14 joints, MPJPE and PA-MPJPE over 17, all 2,929 valid frames pooled.

Example:
    >>> sum(MPI_INF_3DHP.expected_frames), len(MPI_INF_3DHP.measures[0].joints)
    (2929, 14)
"""

PW3D = Protocol(
    name="pw3d",
    title="3DPW test set, joints of the files",
    dataset="pw3d",
    measures=(Measure("pa_mpjpe", (*_LIMBS, "thorax")), Measure("mpjpe", (*_LIMBS, "thorax"))),
    root=("r_hip", "l_hip"),
    annotation="jointPositions: 24 joints of SMPL; frames with an aligned camera in which the person was found",
    notes=(
        "Published results are for 14 joints that are computed from the surface of SMPL, which needs the body model; "
        "these are 13 of the files' own joints, without the top of the head. The figures are not comparable.",
    ),
    reference="von Marcard et al., ECCV 2018",
)
"""3DPW without the body model of SMPL: PA-MPJPE and MPJPE over 13 of the joints in its files.

Example:
    >>> PW3D.root, len(PW3D.joints)
    (('r_hip', 'l_hip'), 13)
"""

ALL_JOINTS = Protocol(
    name="all_joints",
    title="All joints, all frames",
    measures=tuple(map(Measure, ("mpjpe", "n_mpjpe", "pa_mpjpe", "pck150", "auc"))),
    annotation="as the records have it",
    reference="none: for records of one's own",
)
"""Labelled records of any data set, such as one's own: the usual figures over all joints, all frames pooled.

Example:
    >>> ALL_JOINTS.dataset is None, len(ALL_JOINTS.joints)
    (True, 17)
"""

REAL_VIDEO = Protocol(
    name="real_video",
    title="Real video, joints triangulated from several views",
    measures=(Measure("pa_mpjpe", _LIMBS),),
    annotation="as given; of the benchmarks' videos, joints of a 2D detector in several calibrated views, triangulated",
    frames=(0, 70),
    notes=("What was triangulated from detections is good to about 3 cm: smaller differences mean nothing.",),
    reference="the benchmarks' videos are demonstration data of Pose2Sim",
)
"""One person filmed by calibrated cameras: PA-MPJPE over the 12 limb joints, on frames 0 to 69.

Example:
    >>> REAL_VIDEO.frames, len(REAL_VIDEO.joints)
    ((0, 70), 12)
"""


def with_bone_lengths(protocol: Protocol) -> Protocol:
    """The same protocol with estimated bone directions chained with the true bone lengths.

    A picture does not show how large a person is. With this rule only directions are judged, as in the code released
    with the paper.

    Example:
        >>> with_bone_lengths(PW3D).name
        'pw3d_bone_lengths'
    """
    return replace(
        protocol,
        name=f"{protocol.name}_bone_lengths",
        title=f"{protocol.title}, true bone lengths",
        scale="bone_lengths",
    )


_IN_BOTH_SCALES = (HUMAN36M_PROTOCOL_1, HUMAN36M_PROTOCOL_2, MPI_INF_3DHP, PW3D, ALL_JOINTS)
PROTOCOLS: dict[str, Protocol] = {
    protocol.name: protocol
    for protocol in (*_IN_BOTH_SCALES, *map(with_bone_lengths, _IN_BOTH_SCALES), HUMAN36M_RELEASED_CODE, REAL_VIDEO)
}
"""All protocols of the package, by name.

Example:
    >>> "human36m_protocol_1_bone_lengths" in PROTOCOLS
    True
"""


def get_protocol(name: str | Protocol) -> Protocol:
    """Return the protocol called `name`; a `Protocol` is returned as it is.

    Raises:
        ValueError: If there is no such protocol.

    Example:
        >>> get_protocol("pw3d").title
        '3DPW test set, joints of the files'
    """
    if isinstance(name, Protocol):
        return name
    if name not in PROTOCOLS:
        raise ValueError(f"`name` must be one of {sorted(PROTOCOLS)}. Received: name={name!r}")
    return PROTOCOLS[name]
