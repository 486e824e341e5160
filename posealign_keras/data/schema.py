"""The kinds of record: what is in one, which unit, which coordinate frame.

Lengths are metres. The camera frame is x right, y down, z forward; the world frame of motion capture is right-handed
with z up. Joints are those of the schema's skeleton, in its order. Images are RGB, pixels count from the top left.
"""

from posealign_keras.data.array_feature import ArrayFeature
from posealign_keras.data.image_feature import ImageFeature
from posealign_keras.data.record_schema import RecordSchema
from posealign_keras.data.text_feature import TextFeature

_ORIGIN = (
    TextFeature(name="dataset", description="Data set that the record comes from.", listed=True),
    TextFeature(name="subject", description="Person; empty if unknown.", default="", listed=True),
    TextFeature(name="sequence", description="Recording, unique within data set and subject."),
    TextFeature(name="camera", description="Camera; empty if there is one or none.", default="", listed=True),
    ArrayFeature(
        name="frame_index",
        dtype="int64",
        minimum=0,
        description="Index of the (first) frame in the recording, counted from 0 at the recording's own frame rate.",
    ),
    ArrayFeature(
        name="fps",
        dtype="float32",
        minimum=0.1,
        listed=True,
        description="Frames per second of the record (not of the recording, if frames were left out).",
    ),
    ArrayFeature(
        name="scale",
        dtype="float32",
        minimum=1e-6,
        default=1.0,
        listed=True,
        description="Factor that took the lengths of the data set to metres, such as 0.001; 1 without lengths.",
    ),
    TextFeature(name="split", description="Split that the record belongs to.", listed=True),
)

# The bounds are far outside any body, or any capture volume, in metres, and inside of both in millimetres.
_POSITIONS = ArrayFeature(
    name="positions",
    dtype="float32",
    shape=("num_joints", 3),
    minimum=-200.0,
    maximum=200.0,
    description="Joint positions in metres, in the frame that `coordinate_frame` says; not root-relative.",
)
_COORDINATE_FRAME = TextFeature(
    name="coordinate_frame",
    choices=("world", "camera"),
    listed=True,
    description='"world" (z up, right-handed) or "camera" (x right, y down, z forward).',
)
_IMAGE = ImageFeature(name="image", description="RGB image, uint8.")
_JOINTS = ArrayFeature(
    name="joints",
    dtype="float32",
    shape=("num_joints", 3),
    minimum=-5.0,
    maximum=5.0,
    root_relative=True,
    description="Joint positions in metres relative to the root joint, camera frame; zero where not valid.",
)
_ROOT_POSITION = ArrayFeature(
    name="root_position",
    dtype="float32",
    shape=(3,),
    minimum=-200.0,
    maximum=200.0,
    description="Position of the root joint in metres, camera frame.",
)
_JOINT_VALIDITY = ArrayFeature(
    name="joint_validity", dtype="bool", shape=("num_joints",), description="Whether the label of a joint is usable."
)
_INTRINSICS = ArrayFeature(
    name="intrinsics",
    dtype="float32",
    shape=(3, 3),
    description="Camera matrix of the stored image: [[fx, s, cx], [0, fy, cy], [0, 0, 1]] in its pixels.",
)

_KEYPOINTS = ArrayFeature(
    name="keypoints",
    dtype="float32",
    shape=("num_joints", 2),
    minimum=-1e5,
    maximum=1e5,
    description="Joints in pixels of the stored image, x first, the centre of the first pixel at 0; zero where not "
    "valid.",
)

POSE_SEQUENCE = RecordSchema("pose_sequence", 2, (_POSITIONS.per_frame(), _JOINT_VALIDITY, _COORDINATE_FRAME, *_ORIGIN))
"""Motion capture without images: `positions (T, 17, 3)` float32 metres, world or camera frame; `joint_validity (17,)`,
false for joints that are only approximated, from others or from a joint that is not quite the same.

Example:
    >>> POSE_SEQUENCE.feature_names[:3]
    ('positions', 'joint_validity', 'coordinate_frame')
"""

LABELLED_IMAGE = RecordSchema(
    "labelled_image", 1, (_IMAGE, _JOINTS, _ROOT_POSITION, _JOINT_VALIDITY, _INTRINSICS, *_ORIGIN)
)
"""One image with its pose: `image (H, W, 3)`, `joints (17, 3)`, `root_position (3,)`, `joint_validity (17,)`,
`intrinsics (3, 3)`; metres, camera frame.

Example:
    >>> LABELLED_IMAGE.feature_names[:5]
    ('image', 'joints', 'root_position', 'joint_validity', 'intrinsics')
"""

IMAGE_WITH_KEYPOINTS = RecordSchema("image_with_keypoints", 1, (_IMAGE, _KEYPOINTS, _JOINT_VALIDITY, *_ORIGIN))
"""One image with joints in 2D, to look at results: `image (H, W, 3)`, `keypoints (17, 2)` pixels,
`joint_validity (17,)`.

Example:
    >>> IMAGE_WITH_KEYPOINTS.feature_names[:3]
    ('image', 'keypoints', 'joint_validity')
"""

LABELLED_PERSON = RecordSchema(
    "labelled_person",
    1,
    (
        _IMAGE,
        ImageFeature(
            name="mask",
            description="How much of each pixel the person covers: white where all of it, black where nothing.",
        ),
        *LABELLED_IMAGE.features[1:],
    ),
)
"""A `LABELLED_IMAGE` that says which pixels the person covers, so that the person can be set into another place: beside
the features of that `mask (H, W, 3)`, three times the same grey.

Example:
    >>> LABELLED_PERSON.feature_names[:3]
    ('image', 'mask', 'joints')
"""

UNLABELLED_CLIP = RecordSchema("unlabelled_clip", 1, (_IMAGE.per_frame("frames"), *_ORIGIN))
"""Consecutive images of one person without any label: `frames (T, H, W, 3)`.

Example:
    >>> UNLABELLED_CLIP.name, UNLABELLED_CLIP.version
    ('unlabelled_clip', 1)
"""

LABELLED_CLIP = RecordSchema(
    "labelled_clip",
    1,
    (
        _IMAGE.per_frame("frames"),
        _JOINTS.per_frame(),
        _ROOT_POSITION.per_frame(),
        _JOINT_VALIDITY.per_frame(),
        _INTRINSICS,
        *_ORIGIN,
    ),
)
"""Consecutive images with the pose in each, for evaluation: `frames (T, H, W, 3)`, `joints (T, 17, 3)`,
`root_position (T, 3)`, `joint_validity (T, 17)`, and one `intrinsics (3, 3)`; metres, camera frame.

Example:
    >>> LABELLED_CLIP.feature_names[:2]
    ('frames', 'joints')
"""

_SCHEMAS = {
    schema.name: schema
    for schema in (POSE_SEQUENCE, LABELLED_IMAGE, LABELLED_PERSON, IMAGE_WITH_KEYPOINTS, UNLABELLED_CLIP, LABELLED_CLIP)
}


def get_schema(name: str | RecordSchema) -> RecordSchema:
    """Return the schema called `name`; a `RecordSchema` is returned as it is.

    Raises:
        ValueError: If no schema has that name.

    Example:
        >>> get_schema("unlabelled_clip") is UNLABELLED_CLIP
        True
    """
    if isinstance(name, RecordSchema):
        return name
    if name not in _SCHEMAS:
        raise ValueError(f"`name` must be one of {sorted(_SCHEMAS)}. Received: name={name!r}")
    return _SCHEMAS[name]
