"""The networks of the method, one public class per file."""

from posealign_keras.models.discriminator import Discriminator
from posealign_keras.models.image_encoder import ImageEncoder
from posealign_keras.models.motion_autoencoder import MotionAutoencoder
from posealign_keras.models.pose_autoencoder import PoseAutoencoder
from posealign_keras.models.pose_estimator import PoseEstimator
from posealign_keras.models.relation_network import RelationNetwork
from posealign_keras.models.video_poses import VideoPoses

__all__ = [
    "Discriminator",
    "ImageEncoder",
    "MotionAutoencoder",
    "PoseAutoencoder",
    "PoseEstimator",
    "RelationNetwork",
    "VideoPoses",
]
