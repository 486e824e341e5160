"""Generated people: motions and pictures of them (NumPy), so that everything runs without any data set."""

from posealign_keras.data.synthetic.domain import Domain
from posealign_keras.data.synthetic.domains import STUDIO, VARIED, WILD, get_domain
from posealign_keras.data.synthetic.filming import Film, film
from posealign_keras.data.synthetic.motion import MOTION_FAMILIES, generate_motion, generate_motion_library
from posealign_keras.data.synthetic.outfit import Outfit
from posealign_keras.data.synthetic.panorama import Panorama, read_panoramas
from posealign_keras.data.synthetic.people import Bodies, People, get_people
from posealign_keras.data.synthetic.physique import Physique
from posealign_keras.data.synthetic.recording import record_clips, record_images
from posealign_keras.data.synthetic.renderer import render
from posealign_keras.data.synthetic.scene import Scene

__all__ = [
    "MOTION_FAMILIES",
    "STUDIO",
    "VARIED",
    "WILD",
    "Bodies",
    "Domain",
    "Film",
    "Outfit",
    "Panorama",
    "People",
    "Physique",
    "Scene",
    "film",
    "generate_motion",
    "generate_motion_library",
    "get_domain",
    "get_people",
    "read_panoramas",
    "record_clips",
    "record_images",
    "render",
]
