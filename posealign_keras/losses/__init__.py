"""Losses: distances between poses and embeddings, the contrastive loss, and those of adversarial training."""

from posealign_keras.losses.adversarial import discriminator_loss, generator_loss
from posealign_keras.losses.heat_map_loss import heat_map_loss
from posealign_keras.losses.info_nce import info_nce
from posealign_keras.losses.joint_distance import joint_distance
from posealign_keras.losses.relation_energy import relation_energy

__all__ = ["discriminator_loss", "generator_loss", "heat_map_loss", "info_nce", "joint_distance", "relation_energy"]
