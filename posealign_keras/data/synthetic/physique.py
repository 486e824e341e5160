"""The `Physique`: the shape of a body of flesh."""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Physique:
    """What a person's body is like, in the terms of MakeHuman's body shapes.

    People made of cones have no such shape: their `girth` and `belly` are in the `Scene`.

    Args:
        gender: 0 male to 1 female.
        age: 0 a baby, 1/3 a child of about ten, 2/3 a young adult, 1 an old person.
        muscle: 0 slack to 1 athletic; 0.5 is average.
        weight: 0 gaunt to 1 very heavy; 0.5 is average.
        height: 0 very short to 1 very tall; 0.5 is average.
        proportions: 0 ideal to 1 uncommon proportions of limbs and trunk.
        ancestry: Share of African, Asian and European traits of the face and body; the shares sum to 1.
        limbs: How much longer than such a body's upper arms, forearms, thighs and shanks are; factors, the same on both
            sides.

    Raises:
        ValueError: If a value is not in [0, 1], the shares do not sum to 1, or limbs have no length.

    Example:
        >>> child = Physique(age=0.4, height=0.3)
        >>> child.gender, child.muscle
        (0.5, 0.5)
    """

    gender: float = 0.5
    age: float = 2 / 3
    muscle: float = 0.5
    weight: float = 0.5
    height: float = 0.5
    proportions: float = 0.5
    ancestry: tuple[float, float, float] = (1 / 3, 1 / 3, 1 / 3)
    limbs: tuple[float, float, float, float] = (1.0, 1.0, 1.0, 1.0)

    def __post_init__(self):
        for name in ("gender", "age", "muscle", "weight", "height", "proportions"):
            value = getattr(self, name)
            if not 0 <= value <= 1:
                raise ValueError(f"`{name}` must be in [0, 1]. Received: {name}={value}")
        if len(self.ancestry) != 3 or min(self.ancestry) < 0 or abs(sum(self.ancestry) - 1) > 1e-6:
            raise ValueError(f"`ancestry` must be three shares that sum to 1. Received: ancestry={self.ancestry}")
        if len(self.limbs) != 4 or not all(0 < limb < math.inf for limb in self.limbs):
            raise ValueError(f"`limbs` must be four positive factors. Received: limbs={self.limbs}")
