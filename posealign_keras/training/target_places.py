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
    """Set people into the places of examples: of 10 people 7, image `i` into the place of example `i % M`.

    The middle of an example, where its own person is, is left out: its right and its left border, put together and
    enlarged, are the place.

    Args:
        images: `(N, H, W, 3)`, RGB, values 0 to 255.
        masks: `(N, H, W)`, 0 where there is nobody to 255 where a person covers a pixel.
        examples: `(M, height, width, 3)`, persons in the middle, RGB, values 0 to 255.
        seed: A `keras.random.SeedGenerator`.

    Returns:
        `(N, H, W, 3)` float32, values 0 to 255, without a gradient.

    Raises:
        ValueError: If the masks are truth values, or not of the size of the images.
    """
    if tuple(masks.shape[1:]) != tuple(images.shape[1:3]) or keras.backend.standardize_dtype(masks.dtype) == "bool":
        raise ValueError(
            "`source_masks` must be numbers from 0 to 255, `(batch, height, width)` as the images have it. Received: "
            f"shape {tuple(masks.shape)}, {masks.dtype}, for images of shape {tuple(images.shape)}"
        )
    images, masks, examples = (ops.cast(values, "float32") for values in (images, masks, examples))
    count = ops.shape(images)[0]
    height, width = images.shape[1:3]
    # As `in_colours_of` does it: light and place are of the same picture.
    examples = ops.take(examples, ops.arange(count) % ops.shape(examples)[0], axis=0)
    if tuple(examples.shape[1:3]) != (height, width):
        examples = ops.image.resize(examples, (height, width))
    border = max(round(width * _SEEN / 2), 1)
    places = ops.concatenate([examples[:, :, -border:], examples[:, :, :border]], axis=2)
    top, stays = (keras.random.uniform((count,), seed=seed) for _ in range(2))
    zero, one = ops.zeros_like(top), ops.ones_like(top)
    # Pixel (x, y) shows pixel (x, b y + f) of the places. Whole numbers are the middles of pixels.
    window = (zero, one * _SEEN, top * (1 - _SEEN) * height + 0.5 * _SEEN - 0.5)
    places = ops.image.affine_transform(
        places, ops.stack([one, zero, zero, *window, zero, zero], axis=1), fill_mode="nearest"
    )
    places = ops.image.resize(places, (height, width))
    cover = ops.clip((masks / 255 - _EDGES[0]) / (_EDGES[1] - _EDGES[0]), 0, 1)[..., None]
    set_in = images * cover + places * (1 - cover)
    return ops.stop_gradient(ops.where(stays[:, None, None, None] < _STAY, images, set_in))
