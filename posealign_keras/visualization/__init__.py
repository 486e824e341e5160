"""Pictures: plotly figures of skeletons, clips, losses and errors.

plotly is an optional dependency. It is imported when a figure is made, never when this package is imported.
"""

from posealign_keras.visualization.ablation_figure import ablation_figure
from posealign_keras.visualization.calibration_figure import calibration_figure
from posealign_keras.visualization.clip_figure import clip_figure
from posealign_keras.visualization.comparison_figure import comparison_figure
from posealign_keras.visualization.confidence_figure import confidence_figure
from posealign_keras.visualization.embedding_figure import embedding_figure
from posealign_keras.visualization.error_by_joint_figure import error_by_joint_figure
from posealign_keras.visualization.history_figure import history_figure
from posealign_keras.visualization.latent_distribution_figure import latent_distribution_figure
from posealign_keras.visualization.pose_figure import pose_figure
from posealign_keras.visualization.pose_grid_figure import pose_grid_figure
from posealign_keras.visualization.relation_figure import relation_figure
from posealign_keras.visualization.relations_figure import relations_figure
from posealign_keras.visualization.samples_figure import samples_figure

__all__ = [
    "ablation_figure",
    "calibration_figure",
    "clip_figure",
    "comparison_figure",
    "confidence_figure",
    "embedding_figure",
    "error_by_joint_figure",
    "history_figure",
    "latent_distribution_figure",
    "pose_figure",
    "pose_grid_figure",
    "relation_figure",
    "relations_figure",
    "samples_figure",
]
