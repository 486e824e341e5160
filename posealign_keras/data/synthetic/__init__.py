"""People made by the package itself: their motions and their pictures. NumPy only, no download."""

from posealign_keras.data.synthetic.domain import STUDIO, WILD, Domain, get_domain
from posealign_keras.data.synthetic.filming import Film, film
from posealign_keras.data.synthetic.renderer import render
from posealign_keras.data.synthetic.scene import Scene

__all__ = ["STUDIO", "WILD", "Domain", "Film", "Scene", "film", "get_domain", "render"]
