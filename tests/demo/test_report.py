import copy
import json
from html.parser import HTMLParser

import numpy as np
import pytest

from posealign_keras.demo.report import write_report
from posealign_keras.demo.report_words import findings, headline, outcome, verdict
from posealign_keras.skeletons import BODY17

pytest.importorskip("plotly")


def walk(frames):
    """A person who walks on the spot and faces the camera: `(frames, 17, 3)`, metres, camera frame."""
    swing = 0.5 * np.sin(2 * np.pi * np.arange(frames) / 30)
    poses = np.zeros((frames, 17, 3), np.float32)
    for parent, child in BODY17.edges:
        name = BODY17.joint_names[child]
        side = {"l_": 1.0, "r_": -1.0}.get(name[:2], 0.0)
        if name.endswith(("hip", "shoulder")):
            direction = np.stack([np.full(frames, side), 0 * swing, 0 * swing], -1)
        elif side:
            angle = side * swing * (1 if name.endswith(("knee", "ankle")) else -1)
            direction = np.stack([0 * swing, np.cos(angle), -np.sin(angle)], -1)
        else:
            direction = np.tile([0.0, -1.0, 0.0], (frames, 1))
        poses[:, child] = poses[:, parent] + BODY17.bone_lengths[child] * direction
    return poses


def photograph(poses, size=32):
    """Crude pictures of the poses: a dot for every joint."""
    images = np.full((len(poses), size, size, 3), 200, np.uint8)
    pixels = np.clip((poses[..., :2] * 0.45 + 0.5) * size, 0, size - 1).astype(int)
    for image, joints in zip(images, pixels, strict=True):
        image[joints[:, 1], joints[:, 0]] = [180, 40, 60]
    return images


METRICS = {
    "target": {
        "source_only": {"mpjpe": 154.2, "pa_mpjpe": 111.3, "pck150": 58.3},
        "adapted": {"mpjpe": 119.1, "pa_mpjpe": 95.4, "pck150": 71.9},
        "oracle": {"mpjpe": 104.1, "pa_mpjpe": 83.2, "pck150": 78.6},
    },
    "source": {
        "source_only": {"mpjpe": 81.5, "pa_mpjpe": 71.7, "pck150": 91.2},
        "adapted": {"mpjpe": 83.6, "pa_mpjpe": 72.8, "pck150": 90.1},
    },
    "pose_aae": {"test_reconstruction": 15.9},
    "motion_aae": {"test_reconstruction": 43.7},
    "relations": {"pose_flip": {"latent_distance": 2.1, "decoded_error": 20.4, "identity_error": 201.3}},
    "ablation": [
        {"energies": [], "mpjpe": 154.2, "pa_mpjpe": 111.3},
        {"energies": ["pose_flip"], "mpjpe": 131.5, "pa_mpjpe": 101.2},
    ],
    "collapse": {"latent_spread_source": 0.41, "latent_spread_adapted": 0.39},
    "per_joint": {"source_only": list(range(17)), "adapted": list(range(17))},
    "protocol": {"joints": "17 of BODY17", "root": "pelvis", "scale": "none", "data": "synthetic people"},
    "seconds": {"pose_aae": 61.0, "source": 3600.0},
    "peak_memory_mb": 3121.0,
    "environment": {"machine": "2 cores", "keras": "3.15.1"},
    "arguments": {"seed": 7, "size": "small"},
}


@pytest.fixture
def metrics():
    return copy.deepcopy(METRICS)


@pytest.fixture
def directory(tmp_path, metrics):
    true, clip = walk(4), walk(6)
    samples = {"images": photograph(true), "true": true, "source_only": true * 1.1, "adapted": true * 1.05}
    samples |= {"clip_images": photograph(clip), "clip_true": clip}
    samples |= {"clip_source_only": clip * 1.1, "clip_adapted": clip * 1.05, "source_images": photograph(true)}
    np.savez(tmp_path / "samples.npz", **samples)
    (tmp_path / "metrics.json").write_text(json.dumps(metrics))
    (tmp_path / "history.json").write_text(
        json.dumps({"pose_aae": {"loss": [3.0, 1.0]}, "source": {"loss": [2.0, 1.5]}})
    )
    return tmp_path


class Page(HTMLParser):
    """The tags, the visible text and the addresses of a page."""

    def __init__(self, path):
        super().__init__()
        self.tags, self.text, self.addresses, self.open = [], "", [], []
        self.source = path.read_text(encoding="utf-8")
        self.feed(self.source)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.open.append(tag)
        self.addresses += [value for name, value in attributes if name in ("src", "href", "srcset", "data", "poster")]

    def handle_endtag(self, tag):
        while self.open and self.open.pop() != tag:
            pass

    def handle_data(self, data):
        if not {"script", "style"} & set(self.open[-1:]):
            self.text += f" {data}"


def rewrite(directory, metrics):
    (directory / "metrics.json").write_text(json.dumps(metrics))
    return Page(write_report(directory))


def test_report_states_the_measured_numbers_and_their_protocol(directory):
    page = Page(write_report(directory))
    for number in ("154.2", "119.1", "111.3", "95.4", "104.1", "83.2", "81.5", "83.6", "58.3", "71.9", "15.9", "43.7"):
        assert number in page.text
    for words in ("0.77", "70%", "17 of BODY17", "pelvis", "synthetic people", "2 cores", "1 h 01 min", "3,121 MB"):
        assert words in page.text
    for figure in ("samples", "clip", "joints", "ablation", "relations", "history-0", "history-1"):
        assert f'id="{figure}"' in page.source


def test_report_is_one_file_that_loads_nothing(directory):
    path = write_report(directory)
    page = Page(path)
    assert path == directory / "report.html"
    assert all(address.startswith("data:image/png;base64,") for address in page.addresses)
    assert len(page.addresses) == 4
    assert not {"link", "iframe", "object", "embed"} & set(page.tags)
    assert "@import" not in page.source.split("</style>")[0]
    assert "default-src 'none'" in page.source
    assert page.source.count("plotly.js v") == 1
    assert sorted(file.name for file in directory.iterdir()) == [
        "history.json",
        "metrics.json",
        "report.html",
        "samples.npz",
    ]


def test_the_same_files_give_the_same_page(directory):
    first = write_report(directory).read_bytes()
    assert write_report(directory).read_bytes() == first


def test_text_from_the_files_is_escaped(directory, metrics):
    attack = "<script>alert(1)</script>"
    metrics["protocol"][attack] = attack
    metrics["arguments"]["note"] = [attack]
    metrics["relations"][attack] = metrics["relations"]["pose_flip"]
    metrics["ablation"][1]["energies"] = [attack]
    metrics["seconds"][attack] = 1.0
    (directory / "history.json").write_text(json.dumps({attack: {attack: [1.0, 2.0]}}))
    page = rewrite(directory, metrics)
    assert attack not in page.source
    assert attack in page.text


def test_what_is_missing_is_left_out(directory, metrics):
    arrays = dict(np.load(directory / "samples.npz"))
    np.savez(directory / "samples.npz", **{name: arrays[name] for name in ("images", "true", "source_only", "adapted")})
    (directory / "history.json").write_text("{}")
    target = metrics["target"]
    page = rewrite(directory, {"target": {"source_only": target["source_only"], "adapted": target["adapted"]}})
    assert "119.1" in page.text
    assert 'id="samples"' in page.source
    for figure in ("clip", "joints", "ablation", "relations", "history-0"):
        assert f'id="{figure}"' not in page.source
    for words in ("Time and memory", "To repeat", "How it was measured", "oracle", "Spread"):
        assert words not in page.text


def test_report_says_when_adaptation_made_it_worse(directory, metrics):
    metrics["target"]["adapted"]["mpjpe"] = 170.0
    page = rewrite(directory, metrics)
    assert "made it worse" in page.text
    assert 'class="summary worse"' in page.source


def test_report_says_when_the_latents_collapsed_whatever_the_errors(directory, metrics):
    metrics["collapse"]["latent_spread_adapted"] = 0.04
    page = rewrite(directory, metrics)
    assert "Adaptation failed" in page.text
    assert "latent space collapsed" in page.text
    assert 'class="summary worse"' in page.source


@pytest.mark.parametrize("name", ["metrics.json", "history.json", "samples.npz"])
@pytest.mark.parametrize("contents", [None, b"", b"not what it should be", b"[1, 2]"])
def test_a_missing_or_broken_file_is_named(directory, name, contents):
    (directory / name).unlink()
    if contents is not None:
        (directory / name).write_bytes(contents)
    with pytest.raises(ValueError, match=rf"`directory`.*{name}.*Received"):
        write_report(directory)
    assert not (directory / "report.html").exists()


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("target", {}),
        ("target", 3),
        ("per_joint", {"adapted": [1, 2]}),
        ("relations", {"a": {}}),
        ("seconds", {"a": "b"}),
    ],
)
def test_broken_metrics_are_named(directory, metrics, part, value):
    metrics[part] = value
    with pytest.raises(ValueError, match=r"`directory`.*metrics\.json"):
        rewrite(directory, metrics)


def test_broken_arrays_and_losses_are_named(directory):
    arrays = dict(np.load(directory / "samples.npz"))
    for broken in ({"true": arrays["true"][:2]}, {"clip_images": arrays["clip_images"] / 255.0}):
        np.savez(directory / "samples.npz", **(arrays | broken))
        with pytest.raises(ValueError, match=r"samples\.npz"):
            write_report(directory)
    del arrays["clip_true"]
    np.savez(directory / "samples.npz", **arrays)
    with pytest.raises(ValueError, match=r"samples\.npz.*clip_true"):
        write_report(directory)


def test_broken_losses_are_named(directory):
    (directory / "history.json").write_text('{"pose_aae": {"loss": "low"}}')
    with pytest.raises(ValueError, match=r"history\.json"):
        write_report(directory)


def test_a_failed_report_leaves_the_last_one(directory):
    before = write_report(directory).read_bytes()
    (directory / "history.json").write_text("[]")
    with pytest.raises(ValueError, match="history"):
        write_report(directory)
    assert (directory / "report.html").read_bytes() == before


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (100, 50, "better"),
        (100, 150, "worse"),
        (100, 100.5, "unchanged"),
        (100, float("nan"), "undefined"),
        (0, 1, "undefined"),
    ],
)
def test_verdict(before, after, expected):
    assert verdict(before, after) == expected


def test_headline_for_every_verdict(metrics):
    adapted = metrics["target"]["adapted"]
    for error, words in {77.1: "lowered the target error to 0.50", 308.4: "worse", 154.2: "nothing"}.items():
        adapted["mpjpe"] = error
        assert words in headline(metrics)
    adapted["mpjpe"] = float("nan")
    assert "not a number" in headline(metrics)


def test_no_praise_where_the_poses_are_alike(metrics):
    better = headline(metrics)
    assert outcome(metrics) == "better"
    metrics["collapse"] = {"latent_spread_source": 0.4, "latent_spread_adapted": 0.1}
    assert outcome(metrics) == "collapsed"
    assert "failed" in headline(metrics)
    metrics["collapse"] = {"latent_spread_source": 0.008, "latent_spread_adapted": 0.0}
    assert outcome(metrics) == "untrained"
    assert "trained too little" in headline(metrics)
    assert "alike before" in findings(metrics)[-1][1]
    del metrics["collapse"]
    assert headline(metrics) == better


def test_findings_warn_only_where_there_is_reason(metrics):
    assert {tone for tone, _ in findings(metrics)} == {"plain"}
    metrics["target"]["adapted"]["pa_mpjpe"] = 130.0
    metrics["target"]["oracle"]["mpjpe"] = 160.0
    metrics["source"]["adapted"]["mpjpe"] = 100.0
    metrics["collapse"]["latent_spread_adapted"] = 0.1
    warnings = [words for tone, words in findings(metrics) if tone == "warning"]
    for words, warning in zip(
        ("disagree", "bounds nothing", "worse on its source", "collapsed"), warnings, strict=True
    ):
        assert words in warning
