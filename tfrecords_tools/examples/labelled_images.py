"""`LabelledImages`: images with the pose in them."""

import numpy as np

from tfrecords_tools.examples.single_images import SingleImages

_ROOT = 0


class LabelledImages(SingleImages):
    """Images with the pose in them, in the axes of the camera of the crop."""

    def __iter__(self):
        """See `Examples`."""
        recording, positions = self.recording, self.recording.given("positions")
        recording.given("intrinsics")
        valid, keypoints = recording.valid, self.keypoints()
        for index, box, image in self.pictures(keypoints, valid[:, _ROOT], "frames with an unknown root joint"):
            crop = self.crop(box)
            points = positions[index] @ crop.rotation.T
            yield {
                **self.origin,
                "image": crop.apply(image),
                "joints": np.where(valid[index][:, None], points - points[_ROOT], 0).astype("float32"),
                "root_position": points[_ROOT].astype("float32"),
                "joint_validity": valid[index],
                "intrinsics": crop.camera.astype("float32"),
                "frame_index": recording.first_frame + index,
                "fps": recording.fps,
            }
