"""`PoseSequences`: stretches of motion in which every joint is known, at the rate that was asked for."""

import numpy as np

from tfrecords_tools.examples.examples import Examples, runs


class PoseSequences(Examples):
    """Stretches of motion in which every joint is known, at the rate that was asked for."""

    def __iter__(self):
        """See `Examples`."""
        positions = self.recording.given("positions")
        valid = self.recording.valid
        known = np.isfinite(positions).all(axis=(1, 2))
        self.drop(np.ones(len(known), bool), ~known, "frames with an unknown joint")
        for start, stop in runs(known):
            resampled = _resample(positions[start:stop], self.recording.fps, self.settings.fps)
            if len(resampled) < self.settings.shortest_sequence:
                self.dropped["sequences that are too short"] += 1
                continue
            yield {
                **self.origin,
                "positions": resampled.astype("float32"),
                "joint_validity": valid[start:stop].all(axis=0),
                "coordinate_frame": self.recording.coordinate_frame,
                "frame_index": self.recording.first_frame + start,
                "fps": self.settings.fps,
            }
        self.on_frame(1.0)


def _resample(positions, fps, wanted):
    """`(T, 17, 3)` at another rate: frames left out where that is exact, otherwise linear in between."""
    step = fps / wanted
    if abs(step - round(step)) < 0.02 * step and round(step) >= 1:
        return positions[:: round(step)]
    moments = np.arange(int((len(positions) - 1) / step + 1e-6) + 1) * step
    first = np.minimum(moments.astype(int), len(positions) - 1)
    second = np.minimum(first + 1, len(positions) - 1)
    share = (moments - first)[:, None, None]
    return (1 - share) * positions[first] + share * positions[second]
