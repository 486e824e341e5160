"""`SingleImages`: frames that become images of their own."""

import abc

import numpy as np

from tfrecords_tools.examples.person_pictures import PersonPictures

# An image of which most joints are cut off teaches nothing.
_LEAST_VISIBLE = 0.5


class SingleImages(PersonPictures, abc.ABC):
    """Frames that become images of their own."""

    def pictures(self, keypoints, usable, reason):
        """Yield index, box and picture of each frame that becomes an image.

        Args:
            keypoints: `(T, 17, 2)` pixels of the joints.
            usable: `(T,)` bool: frames that can become images.
            reason: What is wrong with the others.
        """
        recording, valid, boxes = self.recording, self.recording.valid, self.boxes(keypoints)
        chosen = np.ones(len(boxes), bool) if recording.labelled is None else recording.labelled.copy()
        if not recording.every_frame:
            # The tolerance is for 59.94 frames per second, and the like.
            _thin_out(chosen, int(np.ceil(0.99 * recording.fps / self.settings.image_fps)))
        self.drop(chosen, ~usable, reason)
        self.drop(chosen, ~np.isfinite(boxes).all(axis=1), "frames without a person")
        chosen &= self.is_filmed(len(chosen))
        indices = np.flatnonzero(chosen)
        for done, (index, image) in enumerate(zip(indices, recording.given("frames").read(indices), strict=True)):
            self.on_frame((done + 1) / len(indices))
            height, width = image.shape[:2]
            points = keypoints[index][valid[index]]
            inside = ((points > -0.5) & (points < np.array([width, height]) - 0.5)).all(axis=-1)
            if inside.mean() < _LEAST_VISIBLE:
                self.dropped["frames that show less than half of the person"] += 1
                continue
            yield int(index), boxes[index], image


def _thin_out(chosen, step):
    """Leave only frames that are at least `step` apart."""
    last = -step
    for index in np.flatnonzero(chosen):
        chosen[index] = index - last >= step
        last = index if chosen[index] else last
