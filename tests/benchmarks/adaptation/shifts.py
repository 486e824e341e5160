"""The shifts of domain that the benchmark adapts over. They were fixed before any method was tuned on them."""

from dataclasses import dataclass

from posealign_keras.data.synthetic import STUDIO, WILD, Domain


@dataclass(frozen=True)
class Shift:
    """Who is filmed where, with labels and without.

    Args:
        name: Name of the shift.
        title: What changes, in some words.
        source_people: `"cones"` or `"mesh"`, see `film`.
        source: `Domain` of the labelled images.
        target_people: As `source_people`.
        target: `Domain` of the unlabelled clips.
    """

    name: str
    title: str
    source_people: str
    source: Domain
    target_people: str
    target: Domain


WILDERNESS = Shift("wild", "other people, clothes, places, light and cameras", "mesh", STUDIO, "mesh", WILD)
BODY = Shift("body", "round cones to bodies of flesh, in the same studio", "cones", STUDIO, "mesh", STUDIO)
SHIFTS = {shift.name: shift for shift in (WILDERNESS, BODY)}
"""The shifts with labels of the target to measure by; the real videos are a third one, see `real_videos`."""
