"""Curves over time from which generated motions are made: noise, rhythm, key poses, smoothing."""

import numpy as np

_NOISE_WAVES = 5


def smooth(values: np.ndarray, sigma: float) -> np.ndarray:
    """Gaussian smoothing along time, the ends continued as constants.

    Args:
        values: `(T, ...)` array.
        sigma: Width of the kernel in frames; results stay within the range of the values.

    Returns:
        Array of the same shape.
    """
    radius = max(1, int(np.ceil(2.5 * sigma)))
    kernel = np.exp(-0.5 * (np.arange(-radius, radius + 1) / max(sigma, 1e-6)) ** 2)
    kernel /= kernel.sum()
    count = len(values)
    padded = np.concatenate([np.repeat(values[:1], radius, axis=0), values, np.repeat(values[-1:], radius, axis=0)])
    return sum(weight * padded[shift : shift + count] for shift, weight in enumerate(kernel))


def smooth_noise(
    rng: np.random.Generator, time: np.ndarray, count: int, slowest: float = 0.08, fastest: float = 0.9
) -> np.ndarray:
    """`(T, count)` independent smooth curves around 0 with unit variance, without a beginning or a period.

    Args:
        rng: Source of randomness.
        time: `(T,)` seconds.
        count: How many curves.
        slowest: Lowest frequency in Hz.
        fastest: Highest frequency in Hz; high frequencies come with small amplitudes.
    """
    frequency = np.exp(rng.uniform(np.log(slowest), np.log(fastest), (_NOISE_WAVES, count)))
    amplitude = frequency**-0.5
    amplitude *= np.sqrt(2 / (amplitude**2).sum(axis=0))
    phase = rng.uniform(0, 2 * np.pi, (_NOISE_WAVES, count))
    waves = np.sin(2 * np.pi * time[:, None, None] * frequency + phase)
    return np.einsum("twc,wc->tc", waves, amplitude)


def rhythm(rng: np.random.Generator, time: np.ndarray, frequency: float, variation: float = 0.08) -> np.ndarray:
    """`(T,)` phase in radians of a movement repeated `frequency` times a second, not quite evenly."""
    rate = frequency * np.clip(1 + variation * smooth_noise(rng, time, 1)[:, 0], 0.5, 1.6)
    step = time[1] - time[0] if len(time) > 1 else 0.0
    return rng.uniform(0, 2 * np.pi) + 2 * np.pi * np.cumsum(rate) * step


def pulse(phase: np.ndarray, centre: float, sharpness: float) -> np.ndarray:
    """`(T,)` bump between 0 and 1, once per turn of the phase, highest where the phase is `centre`."""
    return np.exp(sharpness * (np.cos(phase - centre) - 1))


def ease(time: np.ndarray, start: float, end: float) -> np.ndarray:
    """`(T,)` passage from 0 to 1 between two times, with the minimum-jerk profile of human reaching.

    Source: T. Flash and N. Hogan, "The coordination of arm movements", Journal of Neuroscience 5(7), 1985.
    """
    part = np.clip((time - start) / max(end - start, 1e-6), 0, 1)
    return part**3 * (10 - 15 * part + 6 * part**2)


def through_keys(time: np.ndarray, moments: np.ndarray, keys: np.ndarray, holds: np.ndarray) -> np.ndarray:
    """Move from key to key, resting at each for a while.

    Args:
        time: `(T,)` seconds.
        moments: `(K,)` increasing seconds at which the keys are reached.
        keys: `(K, C)` values of the channels.
        holds: `(K - 1,)` share of the interval after each key during which the body keeps still, 0 to 1.

    Returns:
        `(T, C)` values, constant before the first and after the last key.
    """
    curve = np.repeat(keys[:1], len(time), axis=0)
    for index in range(len(moments) - 1):
        start = moments[index] + holds[index] * (moments[index + 1] - moments[index])
        curve += ease(time, start, moments[index + 1])[:, None] * (keys[index + 1] - keys[index])
    return curve


def random_moments(rng: np.random.Generator, time: np.ndarray, shortest: float, longest: float) -> np.ndarray:
    """Increasing seconds at random intervals that cover the time, beginning before it and ending after it."""
    count = int(np.ceil((time[-1] - time[0]) / shortest)) + 3
    moments = (
        time[0] - rng.uniform(0, longest) + np.concatenate([[0], np.cumsum(rng.uniform(shortest, longest, count))])
    )
    return moments[: int(np.searchsorted(moments, time[-1], side="right")) + 1]
