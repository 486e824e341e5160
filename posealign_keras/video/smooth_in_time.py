"""Smooth courses of quantities that were measured at any times."""

import numpy as np

_TICKS_PER_SECOND = 30.0


def smooth_in_time(values, times, seconds: float, highest_within: float = 0.0) -> np.ndarray:
    """Blur values by a Gaussian in time, and before that take the highest nearby, if asked to.

    Args:
        values: `(T,)` or `(T, n)`, finite.
        times: `(T,)` seconds, increasing, at any distances.
        seconds: Standard deviation of the Gaussian.
        highest_within: Seconds of the window of which the highest value is taken first.

    Returns:
        Array of the shape of `values`. The first and last values are taken to go on for ever.
    """
    from scipy.ndimage import gaussian_filter1d, maximum_filter1d

    values, times = np.asarray(values, float), np.asarray(times, float)
    columns = values.reshape(len(values), -1).T
    count = int(np.ceil((times[-1] - times[0]) * _TICKS_PER_SECOND)) + 1
    ticks = np.linspace(times[0], times[-1], count)
    courses = np.stack([np.interp(ticks, times, column) for column in columns])
    if highest_within > 0:
        courses = maximum_filter1d(courses, 1 + round(highest_within * _TICKS_PER_SECOND), axis=1, mode="nearest")
    courses = gaussian_filter1d(courses, seconds * _TICKS_PER_SECOND, axis=1, mode="nearest")
    return np.stack([np.interp(times, ticks, course) for course in courses], axis=1).reshape(values.shape)
