"""`People`: what film and records need of a kind of people, and the kinds by name."""

from typing import Protocol

import numpy as np

from posealign_keras.data.synthetic.cone_people import ConePeople


class Bodies(Protocol):
    """People in poses: `N` of them with `T` poses each.

    Attributes:
        joints: `(N, T, 17, 3)` BODY17 joints in metres, where they are in these bodies; in the world of the sequences
            that the bodies were posed by.
        flesh: How far a body reaches beyond its joints, in metres.

    Example:
        >>> from posealign_keras.data.synthetic import STUDIO, generate_motion
        >>> rng = np.random.default_rng(0)
        >>> motion = generate_motion("walk", 3, rng)
        >>> bodies = get_people("cones").pose(motion[None], [STUDIO.sample_scene(rng)])
        >>> bodies.joints.shape, bodies.flesh > 0
        ((1, 3, 17, 3), True)
    """

    joints: np.ndarray
    flesh: float

    def paint(self, piece: slice, joints: np.ndarray, scenes, size: int) -> tuple[np.ndarray, np.ndarray]:
        """Draw some of the poses as cameras see them, before nothing.

        May be called from any thread.

        Args:
            piece: Which of the `N * T` poses, person after person.
            joints: `(K, 17, 3)` where the joints of these `K` poses are in the camera frame; the bodies are moved
                there by `scene.camera.rotation` and whatever translation remains.
            scenes: The `K` `Scene`s of these poses.
            size: Width and height of the pictures in pixels.

        Returns:
            `(K, size, size, 3)` float32 RGB, nominally in [0, 1] and black beside the body; and `(K, size, size)`
            float32 in [0, 1], how much of each pixel the body covers.
        """


class People(Protocol):
    """A kind of people.

    Attributes:
        name: What records say about who is in their pictures.

    Example:
        >>> people = get_people("cones")
        >>> people.name, callable(people.pose)
        ('cones', True)
    """

    name: str

    def pose(self, sequences: np.ndarray, scenes) -> Bodies:
        """Make a body for each scene and move it as a sequence of joints does.

        Args:
            sequences: `(N, T, 17, 3)` BODY17 joints in metres, in a right-handed world with z up.
            scenes: `N` `Scene`s.

        Returns:
            `Bodies`; what is drawn depends on sequences and scenes alone.
        """


def get_people(name: "str | People") -> People:
    """Return the people called `name`: "cones" or "mesh"; a `People` is returned as it is.

    Raises:
        ValueError: If there are no such people.
        ImportError: If "mesh" is asked for and its extra is not installed.

    Example:
        >>> get_people("cones").name
        'cones'
    """
    if not isinstance(name, str):
        return name
    if name == "cones":
        return ConePeople()
    if name == "mesh":
        from posealign_keras.data.synthetic.mesh.mesh_people import MeshPeople

        return MeshPeople()
    raise ValueError(f"`people` must be 'cones', 'mesh' or an object like these. Received: people={name!r}")
