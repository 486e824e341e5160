"""The paper's five settings, by name."""

from posealign_keras.experiments.setting import Setting
from posealign_keras.experiments.target_test import TargetTest

_HUMAN36M = ("human36m_protocol_1", "human36m_protocol_2", "human36m_released_code")
_MPI_INF_3DHP = ("mpi_inf_3dhp", "mpi_inf_3dhp_bone_lengths")
_PW3D = ("pw3d", "pw3d_bone_lengths")
_AS_PRINTED = (
    "Figures of the paper are as printed, from Kundu et al., NeurIPS 2021. It does not say which frames, which joints "
    "and which rule of scale it tests with, so they stand beside every protocol that has the measure."
)
_WEB = (
    "`web` is any directory of unlabelled clips, such as `python -m tfrecords_tools videos` makes of your videos. The "
    "paper's own are not public."
)
_NO_SMPL = "The paper's figure for 3DPW is for joints from the surface of SMPL, and is not comparable with those here."

SURREAL_TO_HUMAN36M = Setting(
    name="surreal_to_human36m",
    title="SURREAL → Human3.6M, unsupervised",
    source=("surreal",),
    target="human36m",
    tests=(TargetTest("human36m", _HUMAN36M, (("pa_mpjpe", 86.2), ("mpjpe", 97.8))),),
    notes=(_AS_PRINTED,),
)
"""S → H: from rendered people to a studio, without a label of the target."""

SURREAL_TO_HUMAN36M_SEMI_SUPERVISED = Setting(
    name="surreal_to_human36m_semi_supervised",
    title="SURREAL → Human3.6M, semi-supervised on S1",
    source=("surreal",),
    target="human36m",
    tests=(TargetTest("human36m", _HUMAN36M, (("pa_mpjpe", 48.2), ("mpjpe", 57.6))),),
    labelled_subjects=("S1",),
    notes=(_AS_PRINTED,),
)
"""S → H with the labels of one person of the target."""

HUMAN36M_TO_MPI_INF_3DHP = Setting(
    name="human36m_to_mpi_inf_3dhp",
    title="Human3.6M → MPI-INF-3DHP, unsupervised",
    source=("human36m",),
    target="mpi_inf_3dhp",
    tests=(TargetTest("mpi_inf_3dhp", _MPI_INF_3DHP, (("pck150", 89.2), ("auc", 58.1), ("pa_mpjpe", 80.4))),),
    notes=(_AS_PRINTED,),
)
"""H → M: from one studio to another one and outdoors."""

SURREAL_TO_WEB = Setting(
    name="surreal_to_web",
    title="SURREAL → web videos, tested by transfer",
    source=("surreal",),
    target="web",
    tests=(TargetTest("mpi_inf_3dhp", _MPI_INF_3DHP), TargetTest("pw3d", _PW3D)),
    notes=("The paper shows pictures of this setting, and no figures.", _WEB),
)
"""S → W: from rendered people to web videos; tested on data sets that nothing was trained on."""

SURREAL_HUMAN36M_TO_WEB = Setting(
    name="surreal_human36m_to_web",
    title="SURREAL and Human3.6M → web videos, tested by transfer",
    source=("surreal", "human36m"),
    target="web",
    tests=(
        TargetTest("mpi_inf_3dhp", _MPI_INF_3DHP, (("pck150", 84.9), ("auc", 60.1), ("pa_mpjpe", 95.2))),
        TargetTest("pw3d", _PW3D, (("pa_mpjpe", 72.1),)),
    ),
    notes=(_AS_PRINTED, _NO_SMPL, _WEB),
)
"""SH → W: the same from both sources."""

SETTINGS: dict[str, Setting] = {
    setting.name: setting
    for setting in (
        SURREAL_TO_HUMAN36M,
        HUMAN36M_TO_MPI_INF_3DHP,
        SURREAL_TO_WEB,
        SURREAL_HUMAN36M_TO_WEB,
        SURREAL_TO_HUMAN36M_SEMI_SUPERVISED,
    )
}
"""All settings, by name.

Example:
    >>> for name in SETTINGS:
    ...     print(name)
    surreal_to_human36m
    human36m_to_mpi_inf_3dhp
    surreal_to_web
    surreal_human36m_to_web
    surreal_to_human36m_semi_supervised
"""


def get_setting(name: str | Setting) -> Setting:
    """Return the setting called `name`; a `Setting` is returned as it is.

    Raises:
        ValueError: If there is no such setting.

    Example:
        >>> get_setting("surreal_to_human36m").source
        ('surreal',)
    """
    if isinstance(name, Setting):
        return name
    if name not in SETTINGS:
        raise ValueError(f"`name` must be one of {sorted(SETTINGS)}. Received: name={name!r}")
    return SETTINGS[name]
