"""Jitter taken out of a video's poses by the motion auto-encoder: what it cannot represent is no movement of a body.

It takes out nearly all of the jitter, and costs some of the quick movements. On motion capture and on estimates,
`tests/benchmarks/smoothing.py` measures both, beside a plain Gaussian blur of the latents, which does almost as well.
"""

import numpy as np
from keras import ops

from posealign_keras.models.video_poses import runs

MOTION_FPS = 30.0
"""Frames per second of the motions that a `MotionAutoencoder` knows."""

_WINDOWS_AT_ONCE = 256


def smooth_latents(
    motion_autoencoder, latents, times, step: int | None = None, blur_seconds: float = 0.1
) -> np.ndarray:
    """Pass the pose latents of a video through the motion auto-encoder, in windows that overlap.

    Each unbroken stretch of frames is brought to 30 frames per second, cut into windows of the auto-encoder's length,
    one every few frames, and D_m(E_m(Z)) of all windows that hold a frame is averaged, those counting most that have
    it in their middle. That has no jitter, but is a movement like the given one rather than that one itself. So what is
    missing from it is added again, blurred: quick changes are the auto-encoder's, slow ones those of the latents.

    Args:
        motion_autoencoder: The `MotionAutoencoder`.
        latents: `(T, pose_latent_dim)`, NaN in frames without a person.
        times: `(T,)` seconds of the frames.
        step: Frames, at 30 per second, from the start of one window to the start of the next; by default a sixth of a
            window.
        blur_seconds: Standard deviation of the Gaussian that blurs what is added again; infinity adds nothing.

    Returns:
        `(T, pose_latent_dim)` float32. Stretches shorter than a window (a second) stay as they are.

    Raises:
        ValueError: If the latents are not those of the auto-encoder, `step` leaves gaps between the windows, or
            `blur_seconds` is not positive.
    """
    latents, times = np.asarray(latents, "float32"), np.asarray(times, float)
    if latents.ndim != 2 or latents.shape[1] != motion_autoencoder.pose_latent_dim or len(times) != len(latents):
        raise ValueError(
            f"`latents` must have shape (T, {motion_autoencoder.pose_latent_dim}), with T `times`. "
            f"Received: latents of shape {latents.shape} and {len(times)} times"
        )
    step = max(1, motion_autoencoder.frames // 6) if step is None else step
    if not 1 <= step <= motion_autoencoder.frames:
        raise ValueError(f"`step` must be from 1 to {motion_autoencoder.frames}. Received: step={step}")
    if not blur_seconds > 0:
        raise ValueError(f"`blur_seconds` must be positive. Received: blur_seconds={blur_seconds}")
    smooth = latents.copy()
    for start, stop in runs(np.isfinite(latents).all(axis=1)):
        ticks, values = _at_motion_rate(latents[start:stop], times[start:stop])
        if len(ticks) >= motion_autoencoder.frames:
            denoised = _denoised(motion_autoencoder, values, step)
            if np.isfinite(blur_seconds):
                denoised = denoised + _blurred(values - denoised, blur_seconds * MOTION_FPS)
            smooth[start:stop] = _interpolated(times[start:stop], ticks, np.clip(denoised, -1, 1))
    return smooth


def _at_motion_rate(values, times):
    """Ticks at 30 per second and `(ticks, dim)` values: linear between two frames, or means where there are more."""
    # As many as there are from the first frame to the last; of a rate that is exact to a sixtieth for a whole second.
    count = round((times[-1] - times[0]) * MOTION_FPS) + 1
    ticks = np.linspace(times[0], times[-1], count)
    spacing = (times[-1] - times[0]) / max(count - 1, 1) or 1.0
    places = (times - times[0]) / spacing
    before = np.floor(places + 1e-6).astype(int)
    after = np.clip(places - before, 0, 1)
    sums, weights = np.zeros((count + 1, values.shape[1])), np.zeros(count + 1)
    for tick, weight in ((before, 1 - after), (before + 1, after)):
        np.add.at(sums, tick, weight[:, None] * values)
        np.add.at(weights, tick, weight)
    means = sums[:count] / np.maximum(weights[:count, None], 1e-9)
    following = np.clip(np.searchsorted(times, ticks, side="right"), 1, max(len(times) - 1, 1))
    sparse = np.diff(times, append=np.inf)[following - 1] > (1 - 1e-6) * spacing
    return ticks, np.where(sparse[:, None], _interpolated(ticks, times, values), means)


def _interpolated(at, times, values):
    return np.stack([np.interp(at, times, column) for column in np.asarray(values).T], axis=1).astype("float32")


def _blurred(values, ticks):
    """Gaussian mean over `ticks`, as if the first and the last value went on for ever."""
    reach = int(np.ceil(4 * ticks))
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / ticks) ** 2)
    padded = np.pad(values, [(reach, reach), (0, 0)], "edge")
    return np.stack([np.convolve(column, weights / weights.sum(), "valid") for column in padded.T], axis=1)


def _denoised(motion_autoencoder, values, step):
    frames = motion_autoencoder.frames
    starts = np.unique(np.append(np.arange(0, len(values) - frames + 1, step), len(values) - frames))
    # High in the middle of a window, and positive at its ends, which the ends of the video depend on.
    weights = 0.02 + np.sin(np.pi * (np.arange(frames) + 0.5) / frames) ** 2
    sums, total = np.zeros(values.shape), np.zeros(len(values))
    for first in range(0, len(starts), _WINDOWS_AT_ONCE):
        places = starts[first : first + _WINDOWS_AT_ONCE, None] + np.arange(frames)
        rebuilt = ops.convert_to_numpy(motion_autoencoder(values[places].astype("float32")))
        np.add.at(sums, places, weights[:, None] * rebuilt)
        np.add.at(total, places, np.broadcast_to(weights, places.shape))
    return sums / total[:, None]
