"""Smoothing by the motion auto-encoder: stand-ins whose answer is known, and noise on real motion."""

import os
from pathlib import Path

import numpy as np
import pytest
from scipy.fft import dct, idct

from posealign_keras.models import MotionAutoencoder
from posealign_keras.models.motion_smoothing import smooth_latents

DATA = os.environ.get("POSEALIGN_TEST_DATA")


class StandIn:
    """An auto-encoder that keeps the slowest of the cosines that a window is made of."""

    frames, pose_latent_dim = 30, 4

    def __init__(self, cosines=30):
        self.cosines = cosines

    def __call__(self, latents):
        spectrum = dct(latents, axis=1, norm="ortho")
        spectrum[:, self.cosines :] = 0
        return idct(spectrum, axis=1, norm="ortho")


def course(times):
    """Slow movements of four numbers."""
    waves = [np.sin(2 * times), 0.3 * times / (1 + times[-1]), np.cos(times), np.full_like(times, 0.2)]
    return 0.9 * np.stack(waves, axis=1)


@pytest.mark.parametrize("count", [30, 31, 64, 200])
def test_a_perfect_auto_encoder_changes_nothing(count):
    times = np.arange(count) / 30
    latents = np.random.default_rng(0).normal(size=(count, 4)).astype("float32")
    latents = np.clip(latents, -1, 1)
    for blur in (0.1, np.inf):
        smooth = smooth_latents(StandIn(), latents, times, blur_seconds=blur)
        np.testing.assert_allclose(smooth, latents, atol=1e-5)


def test_an_auto_encoder_that_gives_nothing_leaves_the_blurred_latents():
    class Nothing(StandIn):
        def __call__(self, latents):
            return np.zeros_like(latents)

    times = np.arange(300) / 30
    waves = 0.5 * np.sin(2 * np.pi * times)[:, None] * np.ones(4)
    smooth = smooth_latents(Nothing(), waves, times, blur_seconds=0.1)
    # A Gaussian makes a sine smaller by exp(-w² s² / 2).
    np.testing.assert_allclose(smooth[30:-30], np.exp(-((2 * np.pi * 0.1) ** 2) / 2) * waves[30:-30], atol=2e-3)
    np.testing.assert_allclose(smooth_latents(Nothing(), waves, times, blur_seconds=np.inf), 0, atol=1e-9)


@pytest.mark.parametrize("fps", [24, 25, 30, 50, 60, 240])
def test_every_frame_of_other_rates_gets_its_own_latent(fps):
    times = np.arange(round(3 * fps)) / fps
    smooth = smooth_latents(StandIn(), course(times).astype("float32"), times)
    assert smooth.shape == (len(times), 4)
    # At the ends, means are of frames on one side.
    inner = slice(max(2, fps // 15), -max(2, fps // 15))
    np.testing.assert_allclose(smooth[inner], course(times)[inner], atol=0.012)


def test_times_that_vary():
    times = np.cumsum(np.random.default_rng(0).uniform(0.01, 0.06, 100))
    np.testing.assert_allclose(smooth_latents(StandIn(), course(times), times), course(times), atol=0.03)


def test_gaps_part_stretches_and_short_ones_stay():
    times = np.arange(120) / 30
    latents = np.random.default_rng(0).normal(size=(120, 4)).astype("float32")
    latents = np.clip(latents, -1, 1)
    latents[50:53] = np.nan
    latents[70:75] = np.nan
    smooth = smooth_latents(StandIn(3), latents, times)
    np.testing.assert_array_equal(np.isnan(smooth), np.isnan(latents))
    np.testing.assert_array_equal(smooth[53:70], latents[53:70])
    alone = smooth_latents(StandIn(3), latents[:50], times[:50])
    np.testing.assert_allclose(smooth[:50], alone, atol=1e-6)
    assert np.abs(smooth[:50] - latents[:50]).max() > 0.1


def test_nothing_leaps_where_one_window_ends():
    times = np.arange(300) / 30
    latents = np.random.default_rng(0).normal(0, 0.2, (300, 4))
    smooth = smooth_latents(StandIn(2), latents, times, blur_seconds=np.inf)
    steps = np.abs(np.diff(smooth, axis=0)).max(axis=1)
    assert steps.max() < 6 * np.median(steps)


def test_the_real_model_is_called_as_it_wants_it():
    model = MotionAutoencoder(frames=6, pose_latent_dim=4, latent_dim=3, units=2, depth=1)
    smooth = smooth_latents(model, np.zeros((20, 4), "float32"), np.arange(20) / 30)
    assert smooth.shape == (20, 4)
    assert smooth.dtype == np.float32


@pytest.mark.parametrize(
    ("latents", "step", "message"),
    [(np.zeros((40, 5)), 5, "`latents` must have shape"), (np.zeros((40, 4)), 31, "`step` must be from 1 to 30")],
)
def test_bad_input(latents, step, message):
    with pytest.raises(ValueError, match=message):
        smooth_latents(StandIn(), latents, np.arange(40) / 30, step)


@pytest.mark.skipif(not DATA, reason="POSEALIGN_TEST_DATA is not set")
def test_noise_on_real_motion_becomes_less():
    with np.load(Path(DATA) / "mocap/mocap17.npz") as content:
        positions = content["positions"][: content["offsets"][1]]
    poses = (positions - positions[:, :1]).reshape(len(positions), -1)
    mixing = np.random.default_rng(1).normal(size=(poses.shape[1], 4))
    latents = np.tanh(poses @ mixing / np.sqrt(poses.shape[1]))
    noisy = latents + np.random.default_rng(2).normal(0, 0.1, latents.shape)
    smooth = smooth_latents(StandIn(8), noisy, np.arange(len(latents)) / 30)

    def acceleration_error(estimate):
        return np.abs(np.diff(estimate, 2, axis=0) - np.diff(latents, 2, axis=0)).mean()

    assert acceleration_error(smooth) < 0.2 * acceleration_error(noisy)
    assert np.abs(smooth - latents).mean() < 0.6 * np.abs(noisy - latents).mean()
