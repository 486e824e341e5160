"""`MeshPeople`: people with bodies of flesh, as many shapes as there are people."""

import numpy as np

from posealign_keras.data.synthetic.mesh.blend_shapes import rest_vertices
from posealign_keras.data.synthetic.mesh.body_model import BONES, load_body_model
from posealign_keras.data.synthetic.mesh.joints import CARRIERS, rest_bone_heads, rest_joints
from posealign_keras.data.synthetic.mesh.posing import bone_rotations
from posealign_keras.data.synthetic.mesh.rasterizer_process import RasterizerProcess
from posealign_keras.data.synthetic.mesh.rotations import direction
from posealign_keras.data.synthetic.mesh.scene_uniforms import scene_uniforms
from posealign_keras.data.synthetic.mesh.tailor import dress
from posealign_keras.skeletons import BODY17

# The bones of the limbs of `Physique.limbs`, and the joints between which they lie.
_LIMBS = (
    (("upperarm01", "upperarm02"), "shoulder", "elbow"),
    (("lowerarm01", "lowerarm02"), "elbow", "wrist"),
    (("upperleg01", "upperleg02"), "hip", "knee"),
    (("lowerleg01", "lowerleg02"), "knee", "ankle"),
)
_LEGS = tuple(BODY17.index(f"{side}_{name}") for side in "rl" for name in ("knee", "ankle"))


class MeshPeople:
    """People whose body is MakeHuman's skinned mesh, in any shape (`Scene.physique`) and outfit (`Scene.outfit`).

    A sequence says which way each bone points; how long bones are is the body's own affair. So the joints of the
    people are not those of the sequence but are read off the posed body, and what is written in a record about a
    picture is true of the picture. The path of the pelvis is scaled with the length of the legs, so that steps are as
    long as the legs make them.

    Needs the extra `synthetic`; drawing also needs off-screen OpenGL (EGL), which Debian's packages `libegl1
    libegl-mesa0 libgl1-mesa-dri` bring.

    Raises:
        ImportError: If the package `anny` is not installed.
    """

    name = "mesh"

    def __init__(self):
        load_body_model()

    def pose(self, sequences, scenes) -> "MeshBodies":
        """Give each scene a body and each body the poses of a sequence.

        Args:
            sequences: `(N, T, 17, 3)` BODY17 joints in metres, in a right-handed world with z up.
            scenes: `N` `Scene`s.

        Returns:
            `MeshBodies`.
        """
        return MeshBodies(sequences, scenes)


class MeshBodies:
    """Dressed bodies of flesh in poses.

    Args:
        sequences: `(N, T, 17, 3)` BODY17 joints in metres, in a right-handed world with z up.
        scenes: `N` `Scene`s.
    """

    # Fingers reach farther; there is room for them in the part of the picture that people do not fill.
    flesh = 0.14

    def __init__(self, sequences, scenes):
        skins = rest_vertices(*(scene.physique for scene in scenes))
        self._bodies = [dress(scene, skin) for scene, skin in zip(scenes, skins, strict=True)]
        limbs = [scene.physique.limbs for scene in scenes]
        posed = [_pose(*person) for person in zip(self._bodies, limbs, sequences, strict=True)]
        self._matrices = np.stack([matrices for matrices, _ in posed])
        self.joints = np.stack([joints for _, joints in posed])

    def vertices(self, person, frame):
        """Vertices of one body in one of its poses, `(V, 3)` metres, in the world of the sequences.

        Their order is that of `BodyModel.template`; clothes stand off the body as they are drawn.
        """
        model = load_body_model()
        matrices = np.einsum("vk,vkij->vij", model.weights, self._matrices[person, frame][model.bones])
        rest = self._bodies[person].vertices
        return np.einsum("vij,vj->vi", matrices[..., :3], rest) + matrices[..., 3]

    def paint(self, piece, joints, scenes, size):
        """Draw some poses: see `Bodies.paint`."""
        frames = self.joints.shape[1]
        indices = np.arange(piece.start, piece.stop)
        drawn = []
        for person in np.unique(indices // frames):
            own = indices // frames == person
            scene = scenes[np.argmax(own)]
            world = self._matrices[person, indices[own] % frames]
            rotation = scene.camera.rotation
            # The camera moves with the person: where the pelvis is says where everything is.
            here = self.joints[person, indices[own] % frames, 0] @ rotation.T
            seen = rotation @ world
            seen[..., 3] += (joints[own, 0] - here)[:, None]
            body = self._bodies[person]
            drawn.append((body, seen, scene_uniforms(scene, body)))
        pictures = RasterizerProcess.shared().draw(drawn, size)
        return pictures[..., :3], pictures[..., 3]


def _pose(body, limbs, sequence):
    """Matrices `(T, B, 3, 4)` that take a body at rest into the poses of a sequence, and its joints `(T, 17, 3)`."""
    rest, heads = rest_joints(body.skin), rest_bone_heads(body.skin)
    turned = bone_rotations(sequence, rest) @ _lengthening(rest, limbs)
    places = np.empty((*turned.shape[:2], 3))
    for bone, parent in enumerate(load_body_model().parents):
        if parent < 0:
            # The path of the pelvis, for legs of this length.
            path = sequence[:, 0] * _leg_ratio(rest, limbs, sequence)
            places[:, bone] = path + turned[:, bone] @ (heads[bone] - rest[0])
        else:
            places[:, bone] = places[:, parent] + turned[:, parent] @ (heads[bone] - heads[parent])
    offsets = places - np.einsum("tbij,bj->tbi", turned, heads)
    matrices = np.concatenate([turned, offsets[..., None]], axis=-1)
    carried = matrices[:, CARRIERS]
    return matrices, np.einsum("tjik,jk->tji", carried[..., :3], rest) + carried[..., 3]


def _lengthening(rest, limbs):
    """`(B, 3, 3)` what makes the bones of a body at rest longer, each along the line of its limb.

    Normals go along as if they were points: the shading of a limb that is a third longer is off by a few degrees.
    """
    stretch = np.tile(np.eye(3), (len(BONES), 1, 1))
    for (names, start, end), factor in zip(_LIMBS, limbs, strict=True):
        for side in "lr":
            along = direction(rest[_joint(side, end)] - rest[_joint(side, start)], np.zeros(3))
            for name in names:
                stretch[BONES.index(f"{name}.{side.upper()}")] += (factor - 1) * np.outer(along, along)
    return stretch


def _leg_ratio(rest, limbs, sequence):
    """How much longer the legs of a body are than those of a sequence; 1 for a sequence without legs."""
    own, other = (
        [np.linalg.norm(joints[..., joint, :] - joints[..., BODY17.parents[joint], :], axis=-1) for joint in _LEGS]
        for joints in (rest, sequence)
    )
    _, _, thigh, shank = limbs
    length = sum(bone * factor for bone, factor in zip(own, (thigh, shank, thigh, shank), strict=True))
    other = np.median(sum(other))
    return length / other if other > 1e-6 else 1.0


def _joint(side, name):
    return BODY17.index(f"{side}_{name}")
