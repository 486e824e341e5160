"""`in_places_of`: people of images, set into the places of other images."""

import keras
from keras import ops

# Of an image of a person, who is in its middle, the place is what is left and right of that: this share of the width
# is seen, from one side to the other by way of the edge. As much of the height is seen, so that nothing is stretched.
_SEEN = 0.6
# Of the people, so many stay where they are.
_STAY = 0.3
# How much of a pixel a person must cover to hide what was behind it: what shines through at edges is of the old place.
_EDGES = (0.4, 1.0)


def in_places_of(images, masks, examples, seed):
    """Set people into the places of examples: of 10 people 7, each into the place of a random example.

    The middle of an example, where its own person is, is left out: its right and its left border, put together and
    enlarged, are the place.

    Args:
        images: `(N, H, W, 3)`, RGB, values 0 to 255.
        masks: `(N, H, W)`, 0 where there is nobody to 255 where a person covers a pixel.
        examples: `(M, height, width, 3)`, persons in the middle, RGB, values 0 to 255.
        seed: A `keras.random.SeedGenerator`.

    Returns:
        `(N, H, W, 3)` float32, values 0 to 255, without a gradient.
    """
    images, masks, examples = (ops.cast(values, "float32") for values in (images, masks, examples))
    count = ops.shape(images)[0]
    height, width = images.shape[1:3]
    chosen = keras.random.randint((count,), 0, ops.shape(examples)[0], seed=seed)
    places = ops.take(examples, chosen, axis=0)
    if tuple(places.shape[1:3]) != (height, width):
        places = ops.image.resize(places, (height, width))
    top, stays = (keras.random.uniform((count,), seed=seed) for _ in range(2))
    zero = ops.zeros_like(top)
    # Output pixel (x, y) shows input pixel (a x + c, b y + f): from the right border on, around to the left one. Whole
    # numbers are the middles of pixels.
    half = 0.5 * _SEEN - 0.5
    across = (zero + _SEEN, zero, zero + (1 - _SEEN / 2) * width + half)
    down = (zero, zero + _SEEN, top * (1 - _SEEN) * height + half)
    places = ops.image.affine_transform(places, ops.stack([*across, *down, zero, zero], axis=1), fill_mode="wrap")
    cover = ops.clip((masks / 255 - _EDGES[0]) / (_EDGES[1] - _EDGES[0]), 0, 1)[..., None]
    set_in = images * cover + places * (1 - cover)
    return ops.stop_gradient(ops.where(stays[:, None, None, None] < _STAY, images, set_in))
