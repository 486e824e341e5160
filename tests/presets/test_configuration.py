"""Configurations: sizes that fit together."""

import dataclasses

import numpy as np
import pytest
from tiny_configuration import TINY

from posealign_keras.models import ImageEncoder, PoseEstimator
from posealign_keras.presets import PAPER, SMALL, get_configuration
from posealign_keras.relations import get_relation
from posealign_keras.training import Adaptation, MotionAAE, PoseAAE


def test_configurations_are_found_by_name():
    assert get_configuration("paper") is PAPER
    assert get_configuration("small") is SMALL
    assert get_configuration(TINY) is TINY
    names = r"\['base', 'paper', 'small'\]"
    with pytest.raises(ValueError, match=f"`name` must be one of {names}. Received: name='huge'"):
        get_configuration("huge")
    with pytest.raises(dataclasses.FrozenInstanceError):
        PAPER.image_size = 3


@pytest.mark.parametrize("configuration", [TINY, SMALL], ids=lambda configuration: configuration.name)
def test_networks_have_the_sizes(configuration):
    pose, motion = configuration.pose_autoencoder(), configuration.motion_autoencoder()
    assert pose.encoder.output_shape == (None, configuration.pose_latent_dim)
    assert motion.encoder.input_shape == (None, configuration.motion_frames, configuration.pose_latent_dim)
    assert motion.decoder.input_shape == (None, configuration.motion_latent_dim)
    encoder = configuration.image_encoder()
    images = np.zeros((1, configuration.image_size, configuration.image_size, 3), "uint8")
    assert PoseEstimator(encoder, pose)(images)["pose_3d"].shape == (1, 17, 3)
    for name in ("pose_flip", "flip_backward", "slow_backward"):
        network = configuration.relation_network(name)
        if get_relation(name).order == "higher":
            assert network.latent_dim == configuration.motion_latent_dim
            assert network.relation.frames == configuration.motion_frames
        else:
            assert network.latent_dim == configuration.pose_latent_dim


def test_the_networks_of_a_configuration_fit_every_stage():
    pose, motion = TINY.pose_autoencoder(), TINY.motion_autoencoder()
    PoseAAE(pose, TINY.pose_discriminator())
    MotionAAE(motion, TINY.motion_discriminator(), pose)
    networks = [TINY.relation_network(name) for name in ("pose_flip", "flip_backward", "slow_backward")]
    assert len(Adaptation(TINY.image_encoder(), pose, motion, networks).energies) == 5


def test_the_paper_has_the_papers_sizes():
    # Section 2 of the method, after Kundu et al., NeurIPS 2021.
    pose, motion = PAPER.pose_autoencoder(), PAPER.motion_autoencoder()
    assert pose.encoder.output_shape == (None, 32)
    assert motion.encoder.input_shape == (None, 30, 32)
    assert motion.encoder.output_shape == (None, 128)
    assert (motion.units, motion.depth) == (128, 2)
    assert PAPER.relation("slow_backward").window == 60
    assert PAPER.backbone == "resnet50"


def test_weights_reach_the_image_encoder():
    with pytest.raises(ValueError, match="`weights` must be None for 'small_resnet'"):
        TINY.image_encoder(weights="imagenet")
    assert isinstance(TINY.image_encoder(), ImageEncoder)
