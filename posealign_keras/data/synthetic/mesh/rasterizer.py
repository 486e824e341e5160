"""The `Rasterizer`: draws skinned bodies off-screen with OpenGL, on a graphics card or on the processor."""

from importlib import resources

import numpy as np

from posealign_keras.data.synthetic.mesh.body_model import BONES, load_body_model
from posealign_keras.data.synthetic.mesh.fields import load_fields
from posealign_keras.data.synthetic.outfit import FOLD_COUNT

# Samples along each side of a pixel; their mean is its colour.
_SAMPLES_PER_SIDE = 2
MOST_LAMPS = 4
"""Lamps of a scene that are drawn at most."""

_DEBIAN_PACKAGES = "apt-get install libegl1 libegl-mesa0 libgl1-mesa-dri"


def import_moderngl():
    """Import moderngl and return it.

    Raises:
        ImportError: If it is not installed, with the command that installs it.
    """
    try:
        import moderngl
    except ImportError as error:
        raise ImportError(
            "People with bodies of flesh are drawn with moderngl: pip install 'posealign_keras[synthetic]'"
        ) from error
    return moderngl


class Rasterizer:
    """An off-screen OpenGL context with the body model in its memory.

    Use it from one thread, in a process without TensorFlow: see `RasterizerProcess`.

    Raises:
        ImportError: If moderngl or anny is not installed.
        RuntimeError: If no off-screen OpenGL is to be had, with the packages that bring it.
    """

    def __init__(self):
        moderngl = import_moderngl()
        try:
            self._context = moderngl.create_context(standalone=True, backend="egl", require=330)
        except Exception as error:  # moderngl raises plain exceptions
            raise RuntimeError(
                "No off-screen OpenGL (EGL) was found, which draws people with bodies of flesh. "
                f"On Debian and Ubuntu: {_DEBIAN_PACKAGES}. The error was: {error}"
            ) from error
        self._frames: dict[int, tuple] = {}
        self._corners = self._one_sided = 0
        self._build(moderngl)

    def _build(self, moderngl):
        context, model, fields = self._context, load_body_model(), load_fields()
        context.enable_only(moderngl.DEPTH_TEST)
        # The mesh is anticlockwise from outside, and the picture is drawn with y down.
        context.front_face = "cw"
        replace = {"BONE_COUNT": str(len(BONES)), "LAMP_COUNT": str(MOST_LAMPS), "FOLD_COUNT": str(FOLD_COUNT)}
        self._program = context.program(_shader("body.vert.glsl", replace), _shader("body.frag.glsl", replace))
        self._average = context.program(_shader("average.vert.glsl"), _shader("average.frag.glsl"))
        self._average["samples_per_side"].value = _SAMPLES_PER_SIDE

        # The vertices that are drawn, without joint cubes and teeth.
        self._used = np.flatnonzero(fields.layer >= 0)
        self._renumbered = np.full(len(fields.layer), -1, "int32")
        self._renumbered[self._used] = np.arange(len(self._used))
        fixed = np.concatenate(
            [
                model.bones,
                model.weights,
                model.template,
                fields.layer[:, None],
                np.stack([fields.arm, fields.arm_reach, fields.leg, fields.leg_reach], axis=1),
                fields.cloth,
            ],
            axis=1,
        )[self._used].astype("float32")
        self._fixed = context.buffer(fixed)
        self._surface = context.buffer(reserve=len(self._used) * 6 * 4, dynamic=True)
        self._triangles = context.buffer(reserve=sum(map(len, model.triangles.values())) * 3 * 4, dynamic=True)
        self._body = context.vertex_array(
            self._program,
            [
                (self._surface, "3f 3f", "position", "normal"),
                (self._fixed, "4f 4f 3f 1f 4f 3f", "bone", "weight", "place", "layer", "limb", "cloth"),
            ],
            index_buffer=self._triangles,
        )
        self._whole_picture = context.vertex_array(self._average, [])

    def draw(self, jobs, size):
        """Draw bodies, each in one or more poses.

        Args:
            jobs: Tuples of `vertices`, `normals`, `triangles` and `one_sided` of a `DressedBody`, or `None` for the
                body before; `(K, B, 3, 4)` matrices that take it at rest into the camera frame, one for each bone in
                each of `K` poses; and a dictionary of the uniforms of `body.frag.glsl` and of `focal_length`.
            size: Width and height of the pictures in pixels.

        Returns:
            `(N, size, size, 4)` float32, `N` the sum of all `K`: RGB light, nominally in [0, 1], and how much of each
            pixel the body covers. What the body does not cover is black.
        """
        count = sum(len(matrices) for _, matrices, _ in jobs)
        context = self._context
        samples, pictures = self._targets(size, count)
        samples.color_attachments[0].use(0)
        index = 0
        for body, matrices, uniforms in jobs:
            if body is not None:
                self._load(*body)
            for name, value in uniforms.items():
                self._program[name].write(value.tobytes())
            for pose in matrices.astype("float32"):
                samples.use()
                samples.clear()
                self._program["bones"].write(pose.tobytes())
                # The backs of closed surfaces are hidden by their fronts: half of the work is left out.
                context.enable(context.CULL_FACE)
                self._body.render(vertices=self._one_sided)
                context.disable(context.CULL_FACE)
                if self._corners > self._one_sided:
                    self._body.render(vertices=self._corners - self._one_sided, first=self._one_sided)
                pictures.use()
                pictures.viewport = (0, index * size, size, size)
                self._average["first_row"].value = index * size
                self._whole_picture.render(vertices=3)
                index += 1
        data = pictures.read(viewport=(0, 0, size, count * size), components=4, dtype="f4")
        return np.frombuffer(data, "float32").reshape(count, size, size, 4)

    def _load(self, vertices, normals, triangles, one_sided):
        """Put a body's surface into place."""
        surface = np.concatenate([vertices, normals], axis=1)[self._used]
        self._surface.write(np.ascontiguousarray(surface, "float32"))
        self._triangles.write(self._renumbered[triangles])
        self._corners, self._one_sided = triangles.size, 3 * one_sided

    def _targets(self, size, count):
        """Framebuffers for the samples of one picture and for a column of pictures, kept for the next time."""
        if size not in self._frames or self._frames[size][1].height < size * count:
            if size in self._frames:
                for frame in self._frames.pop(size):
                    for attachment in (*frame.color_attachments, frame.depth_attachment):
                        if attachment is not None:
                            attachment.release()
                    frame.release()
            context, fine = self._context, (size * _SAMPLES_PER_SIDE,) * 2
            samples = context.framebuffer([context.texture(fine, 4, dtype="f2")], context.depth_renderbuffer(fine))
            pictures = context.framebuffer([context.texture((size, size * count), 4, dtype="f4")])
            self._frames[size] = samples, pictures
        return self._frames[size]


def _shader(name, replace=None):
    text = (resources.files(__package__) / name).read_text(encoding="utf-8")
    for word, value in (replace or {}).items():
        text = text.replace(word, value)
    return text
