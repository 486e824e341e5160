"""Training: several objectives with their own optimizers inside one `fit`, on every backend, and the five stages."""

from posealign_keras.training.adaptation import Adaptation
from posealign_keras.training.collapse_watch import CollapseWatch
from posealign_keras.training.motion_aae import MotionAAE
from posealign_keras.training.multi_objective_model import MultiObjectiveModel
from posealign_keras.training.objective_optimizers import ObjectiveOptimizers
from posealign_keras.training.pose_aae import PoseAAE
from posealign_keras.training.random_appearance import RandomAppearance
from posealign_keras.training.random_placement import RandomPlacement
from posealign_keras.training.random_view import RandomView
from posealign_keras.training.relation_regression import RelationRegression
from posealign_keras.training.resume_training import ResumeTraining
from posealign_keras.training.source import SourceTraining

__all__ = [
    "Adaptation",
    "CollapseWatch",
    "MotionAAE",
    "MultiObjectiveModel",
    "ObjectiveOptimizers",
    "PoseAAE",
    "RandomAppearance",
    "RandomPlacement",
    "RandomView",
    "RelationRegression",
    "ResumeTraining",
    "SourceTraining",
]
