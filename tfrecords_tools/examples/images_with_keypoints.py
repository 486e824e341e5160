"""`ImagesWithKeypoints`: images with joints in 2D."""

import numpy as np

from tfrecords_tools.examples.single_images import SingleImages


class ImagesWithKeypoints(SingleImages):
    """Images with joints in 2D; plain crops."""

    def __iter__(self):
        """See `Examples`."""
        valid, keypoints = self.recording.valid, self.keypoints()
        for index, box, image in self.pictures(keypoints, valid.any(axis=1), "frames without any joint"):
            crop = self.crop(box, virtual=False)
            points = np.where(valid[index][:, None], crop.keypoints(keypoints[index]), 0)
            yield {
                **self.origin,
                "image": crop.apply(image),
                "keypoints": points.astype("float32"),
                "joint_validity": valid[index],
                "frame_index": self.recording.first_frame + index,
                "fps": self.recording.fps,
            }
