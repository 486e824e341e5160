"""The `Domain`: what people, places and cameras look like in one collection of pictures."""

import copy
from dataclasses import dataclass, replace

import numpy as np

from posealign_keras.data.synthetic.backdrop import Backdrop
from posealign_keras.data.synthetic.camera import Camera
from posealign_keras.data.synthetic.fabric import Fabric
from posealign_keras.data.synthetic.light import Light
from posealign_keras.data.synthetic.outfit import FOLD_COUNT, Outfit
from posealign_keras.data.synthetic.panorama import Panorama, PanoramicBackdrop
from posealign_keras.data.synthetic.physique import Physique
from posealign_keras.data.synthetic.scene import Scene
from posealign_keras.data.synthetic.sensor import Sensor
from posealign_keras.data.synthetic.shapes import Shapes

Range = tuple[float, float]


@dataclass(frozen=True)
class Domain:
    """Ranges from which a `Scene` is drawn, each uniformly and independently.

    Make your own with `dataclasses.replace(WILD, clutter=(0, 0))`.

    Args:
        name: Name of the domain.
        limb_length: Factor of the length of each bone of people made of cones, left and right alike.
        girth: Thickness of bodies; 1 is average.
        belly: Thickness of the waist relative to the rest of a body; 1 is average.
        cloth_saturation: Saturation of clothes, 0 grey to 1 full.
        cloth_value: Brightness of clothes, 0 black to 1.
        skin: From the darkest (0) to the lightest (1) skin.
        pattern: Share of garments with stripes or checks.
        pattern_period: Metres from stripe to stripe.
        open_front: Share of shirts with a strip of another colour down the front.
        sleeve_length: Bones that sleeves cover: 0.5 is half the upper arm, 2 is the wrist.
        leg_length: Bones that trousers cover: 0.5 is half the thigh, 2 is the ankle.
        ambient: Strength of the light from all around.
        lamp: Strength of the lamp.
        lamp_azimuth: Degrees by which the lamp stands beside the camera, to either side.
        lamp_elevation: Degrees by which the lamp stands above the horizon.
        light_tint: Greatest difference of a colour channel of lamp or sky from white.
        place_saturation: Saturation of the colours of wall, floor and clutter.
        place_value: Brightness of wall, floor and clutter.
        floor: Share of places with a floor.
        texture: Amplitude of the texture of wall and floor, of a full range of 1.
        clutter: Number of shapes behind the person.
        clutter_size: Half size of these in picture widths.
        clutter_softness: Width of their edges in picture widths; large where the background is out of focus.
        occluders: Number of shapes before the person.
        occluder_size: Half size of these in picture widths.
        azimuth: Degrees by which the camera stands around the person.
        elevation: Degrees by which the camera stands above the person.
        roll: Degrees by which the camera is tilted sideways.
        focal_length: Picture widths; a long one looks from far away.
        fill: Part of the picture that the person fills.
        shift: Greatest displacement of the person from the centre, in picture widths.
        exposure: Brightness of the picture as a factor.
        colour_cast: Greatest difference of a colour channel's gain from 1.
        gamma: Exponent of the tone curve.
        contrast: Factor of the distance from mid-grey.
        saturation: Factor of the distance from grey.
        blur: Standard deviation of the blur in picture widths.
        noise: Standard deviation of the noise, of a full range of 1.
        more_lamps: Number of further lamps, anywhere around the person.
        more_lamp: Strength of a further lamp, as a factor of the lamp's.
        gender: Of bodies of flesh, as the next five; 0 male to 1 female.
        age: 1/3 a child of about ten, 2/3 a young adult, 1 an old person.
        muscle: 0 slack to 1 athletic; 0.5 is average.
        weight: 0 gaunt to 1 very heavy; 0.5 is average.
        height: 0 very short to 1 very tall; 0.5 is average.
        proportions: 0 ideal to 1 uncommon proportions.
        limbs: Of bodies of flesh, factor of the length of upper arms, forearms, thighs and shanks, each by itself.
        looseness: Metres by which the clothes of bodies of flesh stand off them.
        hem: Where their shirts end: 0 at the hips, 1 at the waist.
        skirt: Share of people in skirts.
        boots: Share of people in boots, among them in shorts too.
        bald: Share of people without hair.
        long_hair: Share of people with long hair.
        bare_chest: Share of men without a shirt, children excepted.
        barefoot: Share of people without shoes.
        cap: Share of people in a cap that hides all hair, such as a swimmer's.
        other_limbs: Share of the arms and legs of single poses that are those of other poses, each by itself.
        limb_turn: Degrees by which arms and legs of single poses are turned about the joint they hang on.
        lean: Degrees by which people in single poses lean, in any direction.
        panoramas: Photographs of places all around, see `read_panoramas`; some scenes are in one of them.
        in_panorama: Share of scenes in a panorama, where there are some.

    Example:
        >>> import dataclasses
        >>> from posealign_keras.data.synthetic import WILD
        >>> from_above = dataclasses.replace(WILD, name="from above", elevation=(30, 60))
        >>> scene = from_above.sample_scene(np.random.default_rng(0))
        >>> bool(30 <= scene.camera.elevation <= 60)
        True
    """

    name: str
    limb_length: Range
    girth: Range
    belly: Range
    cloth_saturation: Range
    cloth_value: Range
    skin: Range
    pattern: float
    pattern_period: Range
    open_front: float
    sleeve_length: Range
    leg_length: Range
    ambient: Range
    lamp: Range
    lamp_azimuth: Range
    lamp_elevation: Range
    light_tint: float
    place_saturation: Range
    place_value: Range
    floor: float
    texture: Range
    clutter: tuple[int, int]
    clutter_size: Range
    clutter_softness: Range
    occluders: tuple[int, int]
    occluder_size: Range
    azimuth: Range
    elevation: Range
    roll: Range
    focal_length: Range
    fill: Range
    shift: float
    exposure: Range
    colour_cast: float
    gamma: Range
    contrast: Range
    saturation: Range
    blur: Range
    noise: Range
    more_lamps: tuple[int, int] = (0, 0)
    more_lamp: Range = (0.2, 0.7)
    gender: Range = (0.0, 1.0)
    age: Range = (0.55, 0.9)
    muscle: Range = (0.3, 0.8)
    weight: Range = (0.3, 0.7)
    height: Range = (0.35, 0.65)
    proportions: Range = (0.2, 0.8)
    looseness: Range = (0.004, 0.024)
    hem: Range = (0.0, 1.0)
    skirt: float = 0.1
    boots: float = 0.1
    bald: float = 0.08
    long_hair: float = 0.35
    bare_chest: float = 0.0
    barefoot: float = 0.0
    cap: float = 0.0
    other_limbs: float = 0.0
    limb_turn: Range = (0.0, 0.0)
    lean: Range = (0.0, 0.0)
    limbs: Range = (1.0, 1.0)
    panoramas: tuple[Panorama, ...] = ()
    in_panorama: float = 0.8

    def sample_scene(self, rng) -> Scene:
        """Draw a person, a place and a camera.

        Args:
            rng: `numpy.random.Generator`.
        """
        # What bodies of flesh and further lamps add comes from a generator of its own, seeded by what this one would
        # draw next: scenes are what they were before there was flesh.
        flesh_rng = np.random.default_rng(copy.deepcopy(rng).integers(2**63))
        (front,) = _colours(rng, self.cloth_saturation, self.cloth_value, 1)
        scene = Scene(
            girth=rng.uniform(*self.girth),
            belly=rng.uniform(*self.belly),
            shirt=self._fabric(rng),
            trousers=self._fabric(rng),
            front=front,
            front_width=rng.uniform(0.04, 0.14) * (rng.random() < self.open_front),
            sleeve_length=rng.uniform(*self.sleeve_length),
            leg_length=rng.uniform(*self.leg_length),
            skin=self._skin(rng),
            hair=_HAIR[rng.integers(len(_HAIR))] * rng.uniform(0.7, 1.2),
            shoes=_colours(rng, (0.0, 0.5), _SHOE_VALUES[rng.integers(len(_SHOE_VALUES))], 1)[0],
            light=self._light(rng, flesh_rng),
            backdrop=self._backdrop(rng),
            occluders=self._shapes(rng, self.occluders, self.occluder_size, (0.0, 0.03)),
            camera=Camera(
                azimuth=rng.uniform(*self.azimuth),
                elevation=rng.uniform(*self.elevation),
                roll=rng.uniform(*self.roll),
                focal_length=rng.uniform(*self.focal_length),
                fill=rng.uniform(*self.fill),
                shift=rng.uniform(-self.shift, self.shift, 2),
            ),
            sensor=Sensor(
                gains=rng.uniform(*self.exposure) * (1 + self.colour_cast * rng.uniform(-1, 1, 3)),
                gamma=rng.uniform(*self.gamma),
                contrast=rng.uniform(*self.contrast),
                saturation=rng.uniform(*self.saturation),
                blur=rng.uniform(*self.blur),
                noise=rng.uniform(*self.noise),
            ),
            physique=self._physique(flesh_rng),
            outfit=self._outfit(flesh_rng),
        )
        return self._in_proportion(self._moved(self._changed(scene, flesh_rng), flesh_rng), flesh_rng)

    def _moved(self, scene, rng):
        """The scene in one of the panoramas, or where it is."""
        if not self.panoramas or rng.random() >= self.in_panorama:
            return scene
        panorama = self.panoramas[rng.integers(len(self.panoramas))]
        return replace(scene, backdrop=PanoramicBackdrop.drawn(panorama, scene.camera, rng))

    def _in_proportion(self, scene, rng):
        # Drawn last, so that everything else is what it is without.
        limbs = rng.uniform(*self.limbs, len(scene.physique.limbs))
        return replace(scene, physique=replace(scene.physique, limbs=tuple(limbs)))

    def _changed(self, scene, rng):
        no_shirt, no_shoes, cap = rng.random(3)
        if no_shirt < self.bare_chest and scene.physique.gender < 0.5 and scene.physique.age > _ADULT:
            outfit = replace(scene.outfit, shirt_looseness=0.0)
            scene = replace(scene, shirt=Fabric.plain(scene.skin), front_width=0.0, outfit=outfit)
        if no_shoes < self.barefoot:
            scene = replace(scene, shoes=scene.skin, outfit=replace(scene.outfit, shoe_height=_ANKLE))
        if cap < self.cap:
            (colour,) = _colours(rng, self.cloth_saturation, self.cloth_value, 1)
            scene = replace(scene, hair=colour, outfit=replace(scene.outfit, hair_length=1.0))
        return scene

    def _physique(self, rng):
        names = ("gender", "age", "muscle", "weight", "height", "proportions")
        ancestry = rng.dirichlet(np.ones(3))
        return Physique(**{name: rng.uniform(*getattr(self, name)) for name in names}, ancestry=tuple(ancestry))

    def _outfit(self, rng):
        hair, boots, skirt = rng.random(3)
        length = 0.0 if hair < self.bald else 1.0 if hair > self.bald + self.long_hair else rng.uniform(1.1, 2)
        waves = rng.standard_normal((FOLD_COUNT, 3))
        numbers = rng.uniform(*_FOLD_NUMBERS, (FOLD_COUNT, 1)) / np.linalg.norm(waves, axis=1, keepdims=True)
        return Outfit(
            shirt_looseness=rng.uniform(*self.looseness),
            trousers_looseness=rng.uniform(*self.looseness),
            hem=rng.uniform(*self.hem),
            skirt=bool(skirt < self.skirt),
            shoe_height=rng.uniform(1.55, 1.8) if boots < self.boots else rng.uniform(1.94, 2.0),
            hair_length=length,
            folds=np.concatenate([waves * numbers, rng.uniform(0, 2 * np.pi, (FOLD_COUNT, 1))], axis=1),
        )

    def _fabric(self, rng):
        colour, second = _colours(rng, self.cloth_saturation, self.cloth_value, 2)
        if rng.random() >= self.pattern:
            return Fabric.plain(colour)
        number = 2 * np.pi / rng.uniform(*self.pattern_period)
        lengthwise = np.array([0.0, 0.0, number])
        across = np.array([number, 0.6 * number, 0.0])
        none = np.zeros(3)
        waves = [(lengthwise, none), (across, none), (lengthwise, across)][rng.integers(3)]
        phases = rng.uniform(0, 2 * np.pi, 2)
        return Fabric(colour, second, np.array(waves), np.where(np.any(waves, axis=1), phases, np.pi / 2))

    def _skin(self, rng):
        tone = rng.uniform(*self.skin)
        dark, light = np.array([0.30, 0.18, 0.12]), np.array([0.95, 0.76, 0.64])
        return np.clip(dark + tone * (light - dark) + rng.uniform(-0.03, 0.03, 3), 0, 1)

    def _light(self, rng, more_rng):
        azimuth = np.deg2rad(rng.uniform(*self.lamp_azimuth)) * rng.choice([-1, 1])
        elevation = np.deg2rad(rng.uniform(*self.lamp_elevation))
        direction = [np.sin(azimuth) * np.cos(elevation), -np.sin(elevation), -np.cos(azimuth) * np.cos(elevation)]
        ambient = rng.uniform(*self.ambient)
        tints = 1 + self.light_tint * rng.uniform(-1, 1, (3, 3))
        strengths = np.array([rng.uniform(*self.lamp), 1.15 * ambient, 0.75 * ambient])
        lamp, sky, ground = strengths[:, None] * tints
        more = []
        for _ in range(more_rng.integers(*self.more_lamps, endpoint=True)):
            away = more_rng.standard_normal(3)
            factor = more_rng.uniform(*self.more_lamp)
            more.append((away / np.linalg.norm(away), factor * lamp))
        return Light(np.array(direction), lamp, sky, ground, tuple(more))

    def _backdrop(self, rng):
        wall, floor = _colours(rng, self.place_saturation, self.place_value, 2)
        has_floor = rng.random() < self.floor
        texture = rng.uniform(*self.texture)
        grains = []
        for count in (5, 11, 23):
            grain = rng.standard_normal((count, count, 1)) + 0.4 * rng.standard_normal((count, count, 3))
            grains.append(texture * 0.6 * grain)
        return Backdrop(
            wall=wall * rng.uniform(0.8, 1.15, (2, 1)),
            floor=floor * rng.uniform(0.7, 1.2, (2, 1)),
            horizon=rng.uniform(0.1, 0.4) if has_floor else 1.0,
            slope=rng.uniform(-0.15, 0.15),
            texture=tuple(grains) if texture > 0 else (),
            shapes=self._shapes(rng, self.clutter, self.clutter_size, self.clutter_softness),
        )

    def _shapes(self, rng, number, size, softness):
        count = rng.integers(*number, endpoint=True)
        colours = _colours(rng, self.place_saturation, self.place_value, count)
        upright = rng.random(count) < 0.7
        return Shapes(
            centre=rng.uniform(-0.5, 0.5, (count, 2)),
            half_size=rng.uniform(*size, (count, 2)),
            angle=np.where(upright, 0, rng.uniform(-np.pi / 2, np.pi / 2, count)),
            colour=colours,
            second_colour=np.clip(colours * rng.uniform(0.5, 1.3, (count, 1)), 0, 1),
            softness=rng.uniform(*softness, count),
            is_round=rng.random(count) < 0.4,
        )


_HAIR = np.array([[0.08, 0.06, 0.05], [0.22, 0.13, 0.07], [0.42, 0.27, 0.14], [0.75, 0.6, 0.35], [0.5, 0.5, 0.5]])
# Wave numbers of folds in radian per metre: from one in 40 cm to one in 10 cm.
_FOLD_NUMBERS = (16, 63)
# Of `Physique.age`.
_ADULT = 2 / 3
# Of `Outfit.shoe_height`.
_ANKLE = 2.0
_SHOE_VALUES = ((0.08, 0.15), (0.2, 0.4), (0.8, 0.95))


def _colours(rng, saturation, value, count):
    """`(count, 3)` RGB colours of any hue, with saturation and value in the given ranges."""
    hue, saturation, value = (rng.uniform(*limits, (count, 1)) for limits in ((0, 6), saturation, value))
    wheel = np.clip(abs((hue + np.array([0, 4, 2])) % 6 - 3) - 1, 0, 1)
    return value * (1 - saturation * (1 - wheel))
