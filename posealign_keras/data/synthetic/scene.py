"""The `Scene`: one person in one place, before one camera."""

from dataclasses import dataclass, field, replace

import numpy as np

from posealign_keras.data.synthetic.backdrop import Backdrop
from posealign_keras.data.synthetic.camera import Camera
from posealign_keras.data.synthetic.fabric import Fabric
from posealign_keras.data.synthetic.light import Light
from posealign_keras.data.synthetic.outfit import Outfit
from posealign_keras.data.synthetic.panorama import PanoramicBackdrop
from posealign_keras.data.synthetic.physique import Physique
from posealign_keras.data.synthetic.sensor import Sensor
from posealign_keras.data.synthetic.shapes import Shapes


@dataclass(frozen=True)
class Scene:
    """Everything about a picture or a clip except the pose.

    Args:
        girth: Thickness of a body of cones; 1 is average.
        belly: Thickness of its waist relative to the rest; 1 is average.
        shirt: `Fabric` of the trunk and the sleeves.
        trousers: `Fabric` of the seat and the legs.
        front: `(3,)` RGB in [0, 1] of the strip down the front of the shirt (a zip, buttons, an open jacket).
        front_width: Width of that strip in metres.
        sleeve_length: How far sleeves reach, in bones: 0.5 is half the upper arm, 2 is the wrist.
        leg_length: How far the trousers reach, in bones: 0.5 is half the thigh, 2 is the ankle.
        skin: `(3,)` RGB in [0, 1].
        hair: `(3,)` RGB in [0, 1].
        shoes: `(3,)` RGB in [0, 1].
        light: `Light`.
        backdrop: `Backdrop`, or `PanoramicBackdrop`.
        occluders: `Shapes` before the person.
        camera: `Camera`.
        sensor: `Sensor`.
        physique: Shape of a body of flesh.
        outfit: Cut of the clothes, shoes and hair of a body of flesh.

    Example:
        >>> from posealign_keras.data.synthetic import STUDIO
        >>> scene = STUDIO.sample_scene(np.random.default_rng(0))
        >>> scene.mirrored().camera.roll == -scene.camera.roll
        True
    """

    girth: float
    belly: float
    shirt: Fabric
    trousers: Fabric
    front: np.ndarray
    front_width: float
    sleeve_length: float
    leg_length: float
    skin: np.ndarray
    hair: np.ndarray
    shoes: np.ndarray
    light: Light
    backdrop: Backdrop | PanoramicBackdrop
    occluders: Shapes
    camera: Camera
    sensor: Sensor
    physique: Physique = field(default_factory=Physique)
    outfit: Outfit = field(default_factory=Outfit)

    def mirrored(self) -> "Scene":
        """The scene in a mirror: its picture of the mirrored pose is the mirrored picture."""
        return replace(
            self,
            shirt=self.shirt.mirrored(),
            trousers=self.trousers.mirrored(),
            light=self.light.mirrored(),
            backdrop=self.backdrop.mirrored(),
            occluders=self.occluders.mirrored(),
            camera=self.camera.mirrored(),
            outfit=self.outfit.mirrored(),
        )
