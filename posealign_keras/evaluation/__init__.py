"""How estimators, embeddings and relations are measured."""

from posealign_keras.evaluation.embeddings import embed, random_views
from posealign_keras.evaluation.pose_errors import SCALE_RULES, pose_errors
from posealign_keras.evaluation.relation_quality import relation_quality

__all__ = ["SCALE_RULES", "embed", "pose_errors", "random_views", "relation_quality"]
