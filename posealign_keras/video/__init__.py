"""Pictures of one person out of a video: decoding, boxes, crops. Knows no network.

The decoding and cropping is that of `tfrecords_tools`, so that an estimator sees what it was trained on. It is imported
when a video is read, and needs the extra `video`.
"""

from posealign_keras.video.boxes import find_boxes
from posealign_keras.video.open_video import open_video
from posealign_keras.video.person_crops import PersonCrops

__all__ = ["PersonCrops", "find_boxes", "open_video"]
