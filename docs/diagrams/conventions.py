"""Diagrams of the conventions: the 17 joints, and the axes of camera and world."""

from drawing import Drawing
from people import standing

from posealign_keras.skeletons import BODY17


def skeleton():
    """The joints of `BODY17` with their numbers, and the axes of the camera."""
    drawing = Drawing(760, 440, "The 17 joints of body17 with their indices, and the axes of the camera frame")
    drawing.person(standing(), 190, 210, 380, numbers=True)
    drawing.text(190, 428, "The person faces you: the left side (blue) is on your right.", 12, soft=True)
    for index, name in enumerate(BODY17.joint_names):
        drawing.text(430, 34 + 22 * index, str(index), 13, "end")
        drawing.text(440, 34 + 22 * index, name, 13, "start", soft=True)
    drawing.text(655, 44, "camera frame", 13, bold=True)
    _axes(drawing, 610, 110, ((80, 0, "x right"), (0, 80, "y down"), (48, -34, "z forward, into the picture")))
    drawing.text(655, 258, "world frame", 13, bold=True)
    _axes(drawing, 610, 380, ((80, 0, "x"), (48, -34, "y"), (0, -80, "z up")))
    return drawing


def _axes(drawing, x, y, axes):
    for right, down, name in axes:
        drawing.arrow(x, y, x + right, y + down)
        short, _, more = name.partition(", ")
        drawing.text(x + right + 6, y + down + (16 if down > 0 else -4), short, 12, "start", soft=True)
        if more:
            drawing.text(x + right + 6, y + down + 10, more, 10, "start", soft=True)
