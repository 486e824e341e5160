"""Diagrams of the method: the data, the stages, a relation and its energy, and which frames it takes."""

from drawing import Drawing
from people import mirrored, waving

_LATENT = (0.6, -0.8, 0.25, 0.9, -0.45, -0.15, 0.7, -0.3)
_MIRRORED_LATENT = (-0.5, -0.7, 0.4, 0.8, 0.5, -0.3, -0.65, -0.2)
_GREEN, _BLUE, _ORANGE, _PINK = "#009E73", "#56B4E9", "#E69F00", "#CC79A7"


def data():
    """What there is to learn from, and what is missing."""
    drawing = Drawing(760, 268, "Three data sets: labelled source images, unlabelled target videos, unpaired motion")
    for x, colour, title, lines in (
        (10, _PINK, "Source", ("pictures with 3D poses", "rendered, or from a studio")),
        (265, _ORANGE, "Target", ("your videos", "no label of any kind")),
        (520, _GREEN, "Motion capture", ("3D poses over time", "no picture belongs to them")),
    ):
        drawing.box(x, 12, 230, 76, title, lines, colour)
    drawing.arrow(125, 92, 125, 150, "learn to see")
    drawing.arrow(380, 92, 380, 150, "adapt")
    drawing.arrow(635, 92, 635, 150, "learn people")
    drawing.box(
        10, 154, 230, 92, "Image encoder G", ("picture → latent z", "good on the source,", "bad on the target"), _PINK
    )
    drawing.box(265, 154, 230, 92, "Adapted G", ("obeys on the target", "what holds for all poses"), _ORANGE)
    drawing.box(520, 154, 230, 92, "Embeddings, relations", ("pose ↔ z, motion ↔ v", "H: z → z⁺, v → v⁺"), _GREEN)
    drawing.arrow(242, 200, 262, 200)
    drawing.arrow(518, 200, 498, 200)
    return drawing


def stages():
    """The stages in their order, and what each trains and freezes."""
    drawing = Drawing(760, 452, "The stages of training in their order")
    rows = (
        ("1  Pose embedding", "PoseAAE", "E_p, D_p", "motion capture, single poses", _GREEN),
        ("2  Motion embedding", "MotionAAE", "E_m, D_m", "motion capture, as latents of stage 1", _GREEN),
        ("3  Relations", "RelationRegression", "H, one each", "pairs of latents of stages 1 and 2", _GREEN),
        ("4  Source", "SourceTraining", "G", "labelled pictures, through D_p", _PINK),
        ("5  Adaptation", "Adaptation", "a part of G", "unlabelled videos; all else is frozen", _ORANGE),
    )
    for x, words in ((30, "stage"), (200, "class"), (345, "trains"), (440, "on")):
        drawing.text(x, 22, words, 12, "start", soft=True)
    for index, (stage, name, trains, on, colour) in enumerate(rows):
        y = 34 + 70 * index
        drawing.box(10, y, 740, 52, colour=colour)
        for x, words, bold in ((30, stage, True), (200, name, False), (345, trains, False), (440, on, False)):
            drawing.text(x, y + 31, words, 13, "start", soft=not bold, bold=bold)
        drawing.arrow(60, y + 54, 60, y + 68)
    drawing.box(10, 384, 740, 52, colour=_BLUE)
    drawing.text(30, 415, "Use", 13, "start", bold=True)
    drawing.text(200, 415, "PoseEstimator", 13, "start", soft=True)
    drawing.text(345, 415, "D_p(G(picture)) is a 3D pose; nothing else is needed", 13, "start", soft=True)
    return drawing


def relation():
    """One rule in the picture, in the pose and in the latent space; every way round gives the same."""
    drawing = Drawing(760, 440, "The faces of the relation pose_flip, and how they belong together")
    pose = waving()
    for x, words in ((110, "anchor"), (590, "counterpart")):
        drawing.text(x, 20, words, 13, soft=True)
    for y, face, words in (
        (90, "on pictures", "transform_images: mirror"),
        (240, "on poses", "transform_poses: −x, left ↔ right"),
        (380, "on latents", "learned: RelationNetwork H"),
    ):
        drawing.text(745, y, face, 12, "end", soft=True)
        drawing.arrow(175, y - 4, 525, y - 4, words)
    drawing.box(60, 34, 100, 104)
    drawing.person(pose, 110, 88, 80)
    drawing.box(540, 34, 100, 104)
    drawing.person(mirrored(pose), 590, 88, 80)
    drawing.person(pose, 110, 238, 96)
    drawing.person(mirrored(pose), 590, 238, 96)
    drawing.latent(110, 378, _LATENT)
    drawing.latent(590, 378, _MIRRORED_LATENT)
    for x in (110, 590):
        drawing.arrow(x, 140, x, 178, "shows", dashed=True)
        drawing.arrow(x, 298, x, 352, "E_p")
    drawing.text(
        380, 425, "Both ways from the picture at the top left to the latent at the bottom right must agree.", 13
    )
    return drawing


def energy():
    """What the adaptation computes for a relation: no pose and no label is known."""
    drawing = Drawing(760, 246, "The energy of a relation: H(G(x)) and G(mirrored x) must be the same")
    pose = waving()
    for y, joints, label in ((66, pose, "x"), (180, mirrored(pose), "x mirrored")):
        drawing.box(20, y - 46, 84, 92)
        drawing.person(joints, 62, y + 2, 70)
        drawing.text(112, y - 34, label, 12, "start", soft=True)
        drawing.arrow(108, y, 186, y)
        drawing.box(190, y - 24, 60, 48, "G")
        drawing.arrow(254, y, 322, y)
    drawing.latent(370, 66, _LATENT)
    drawing.latent(370, 180, _MIRRORED_LATENT)
    drawing.arrow(416, 66, 466, 66)
    drawing.box(470, 42, 60, 48, "H", ())
    drawing.text(500, 32, "frozen", 11, soft=True)
    drawing.line("M534 66H600", 1.6)
    drawing.arrow(600, 66, 600, 103)
    drawing.line("M416 180H600", 1.6)
    drawing.arrow(600, 180, 600, 149)
    drawing.box(545, 106, 205, 40, "energy = distance")
    drawing.text(480, 226, "The gradient goes into both G, which are one network.", 12, soft=True)
    return drawing


def frames():
    """Which frames of a clip are the anchor and the counterpart of the relations of higher order."""
    drawing = Drawing(760, 330, "Frames of the anchor and of the counterpart of flip_backward and slow_backward")
    drawing.text(
        12, 24, "flip_backward: 30 frames; the counterpart is mirrored and runs backwards", 14, "start", bold=True
    )
    shares = [0, 0.25, 0.5, 0.75, 1]
    for index, share in enumerate(shares):
        drawing.person(waving(share), 110 + 56 * index, 88, 62)
        drawing.person(mirrored(waving(shares[-1 - index])), 470 + 56 * index, 88, 62)
    drawing.arrow(372, 84, 424, 84)
    drawing.text(222, 146, "anchor", 12, soft=True)
    drawing.text(582, 146, "counterpart", 12, soft=True)
    drawing.text(12, 184, "slow_backward: a window of 60 frames", 14, "start", bold=True)
    for row, (y, chosen, words) in enumerate(
        (
            (216, range(60), "clip, 30 per second"),
            (248, range(0, 60, 2), "anchor: every second frame, so twice as fast"),
            (280, range(15, 45), "counterpart: the middle 30, backwards"),
        )
    ):
        for frame in chosen:
            drawing.line(f"M{14 + 7 * frame} {y - 9}v18", 1 if not row else 3)
        drawing.text(440, y + 4, words, 12, "start", soft=True)
    drawing.arrow(318, 302, 122, 302)
    drawing.text(220, 322, "time in the counterpart", 12, soft=True)
    return drawing
