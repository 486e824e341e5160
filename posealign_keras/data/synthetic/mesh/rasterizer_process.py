"""The `RasterizerProcess`: a `Rasterizer` in a process of its own.

OpenGL on a processor (Mesa) compiles its shaders with LLVM, and so does TensorFlow with another version of it: in one
process, the one's functions are called by the other, and both crash. Drawing happens elsewhere, therefore.
"""

import contextlib
import os
import pickle
import subprocess
import sys
import threading
from typing import BinaryIO, cast


class RasterizerProcess:
    """Draws as a `Rasterizer` does, from any thread; one at a time draws, others wait.

    Raises:
        ImportError: If moderngl or anny is not installed.
        RuntimeError: If no off-screen OpenGL is to be had, with the packages that bring it.
    """

    _shared: "dict[int, RasterizerProcess]" = {}
    _sharing = threading.Lock()

    @classmethod
    def shared(cls) -> "RasterizerProcess":
        """The one that all people of this process are drawn by; it is started when it is first needed."""
        with cls._sharing:
            # A process forked from this one must not talk over the same pipes.
            drawing = cls._shared.get(os.getpid())
            if drawing is None or drawing._process.poll() is not None:
                drawing = cls._shared[os.getpid()] = cls()
            return drawing

    def __init__(self):
        self._turn = threading.Lock()
        self._body = None
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
        self._receive()

    def draw(self, bodies, size):
        """Draw bodies, each in one or more poses.

        Args:
            bodies: Tuples of a `DressedBody`, and of matrices and uniforms as in `Rasterizer.draw`.
            size: Width and height of the pictures in pixels.

        Returns:
            `(N, size, size, 4)` float32, as `Rasterizer.draw` returns it.

        Raises:
            RuntimeError: If the process has come to an end.
        """
        with self._turn:
            jobs = []
            for body, matrices, uniforms in bodies:
                surface = body.vertices, body.normals, body.triangles, body.one_sided
                jobs.append((None if body is self._body else surface, matrices, uniforms))
                self._body = body
            try:
                # Where the pipe is broken, there is no answer either, and that says what happened.
                with contextlib.suppress(BrokenPipeError):
                    _send((jobs, size), self._process.stdin)
                return self._receive()
            except Exception:
                self._body = None
                raise

    def _receive(self):
        try:
            answer = pickle.load(cast(BinaryIO, self._process.stdout))
        except EOFError as error:
            raise RuntimeError(
                f"The process that draws people came to an end, with exit status {self._process.wait()}."
            ) from error
        if isinstance(answer, Exception):
            raise answer
        return answer


def _send(message, pipe):
    pickle.dump(message, pipe, pickle.HIGHEST_PROTOCOL)
    pipe.flush()


def _serve():
    """Draw what the standard input asks for, until it ends."""
    from posealign_keras.data.synthetic.mesh.rasterizer import Rasterizer

    # Whatever a driver prints must not get between the pictures.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    try:
        drawing = Rasterizer()
    except Exception as error:
        _send(error, answers)
        return
    _send(None, answers)
    while True:
        try:
            jobs, size = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        try:
            answer = drawing.draw(jobs, size)
        except Exception as error:
            answer = RuntimeError(f"Drawing people failed: {error}")
        _send(answer, answers)


if __name__ == "__main__":
    _serve()
