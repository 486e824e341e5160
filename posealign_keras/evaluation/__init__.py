"""How estimators, embeddings and relations are measured."""

from posealign_keras.evaluation.calibration import calibration
from posealign_keras.evaluation.embedding_errors import embedding_errors
from posealign_keras.evaluation.embeddings import embed, random_views
from posealign_keras.evaluation.evaluate import evaluate
from posealign_keras.evaluation.evaluate_poses import evaluate_poses
from posealign_keras.evaluation.evaluation_result import EvaluationResult, comparison_table
from posealign_keras.evaluation.measure import Measure
from posealign_keras.evaluation.pose_errors import SCALE_RULES, pose_errors
from posealign_keras.evaluation.protocol import Protocol
from posealign_keras.evaluation.protocols import (
    ALL_JOINTS,
    HUMAN36M_PROTOCOL_1,
    HUMAN36M_PROTOCOL_2,
    HUMAN36M_RELEASED_CODE,
    MPI_INF_3DHP,
    PROTOCOLS,
    PW3D,
    REAL_VIDEO,
    get_protocol,
    with_bone_lengths,
)
from posealign_keras.evaluation.relation_pairs import embed_pair
from posealign_keras.evaluation.relation_quality import relation_quality
from posealign_keras.evaluation.table import Table

__all__ = [
    "ALL_JOINTS",
    "HUMAN36M_PROTOCOL_1",
    "HUMAN36M_PROTOCOL_2",
    "HUMAN36M_RELEASED_CODE",
    "MPI_INF_3DHP",
    "PROTOCOLS",
    "PW3D",
    "REAL_VIDEO",
    "SCALE_RULES",
    "EvaluationResult",
    "Measure",
    "Protocol",
    "Table",
    "calibration",
    "comparison_table",
    "embed",
    "embed_pair",
    "embedding_errors",
    "evaluate",
    "evaluate_poses",
    "get_protocol",
    "pose_errors",
    "random_views",
    "relation_quality",
    "with_bone_lengths",
]
