"""The page of samples: it holds what the records hold, and loads nothing."""

import re

import numpy as np
import pytest

from posealign_keras import data
from posealign_keras.data.motion_library import MotionLibrary
from posealign_keras.data.synthetic import STUDIO
from posealign_keras.data.synthetic.recording import record_clips, record_images
from tfrecords_tools import convert, preview
from tfrecords_tools.__main__ import main


@pytest.fixture(scope="module")
def records(motion_file, tmp_path_factory):
    """Sequences, images, clips with and without labels, and images with keypoints."""
    directory = tmp_path_factory.mktemp("records")
    convert("arrays", motion_file, directory, splits={"train": 0.7, "test": 0.3})
    library = MotionLibrary.load(motion_file)
    record_images(library, STUDIO, directory / "images", "train", 6, 32)
    record_images(library, STUDIO, directory / "people", "train", 6, 32, masks=True)
    record_clips(library, STUDIO, directory / "clips", "train", 2, 8, 32)
    record_clips(library, STUDIO, directory / "labelled", "test", 2, 8, 32, labelled=True)
    image = np.full((32, 32, 3), 128, np.uint8)
    with data.RecordWriter(directory / "keypoints", data.IMAGE_WITH_KEYPOINTS, "train") as writer:
        example = {"image": image, "keypoints": np.ones((17, 2), "float32"), "joint_validity": np.ones(17, bool)}
        writer.write({**example, "dataset": "<drawn>", "sequence": "a", "frame_index": 0, "fps": 1.0})
    return directory


def test_every_split_is_shown_and_nothing_is_loaded(records):
    page = preview(records, samples=3)
    assert page == records / "preview.html"
    content = page.read_text()
    for title in (
        "pose_sequence · train",
        "pose_sequence · test",
        "images · train",
        "people · train",
        "clips · train",
        "labelled · test",
    ):
        assert f"<h2>{title}</h2>" in content
    outside_of_scripts = re.sub(r"<script.*?</script>", "", content, flags=re.DOTALL)
    assert not re.search(r"(src|href)=[\"']https?:", outside_of_scripts)
    assert "&lt;drawn&gt;" in content
    assert "<drawn>" not in content
    # A browser shows about 16 scenes in 3D.
    assert 4 <= content.count('"scene":{') <= 16


def test_the_same_seed_shows_the_same_samples(records, tmp_path):
    pages = [preview(records, tmp_path / f"{index}.html", 2, seed).read_text() for index, seed in enumerate((0, 0, 1))]
    assert pages[0] == pages[1]
    assert pages[0] != pages[2]


def test_the_command(records, tmp_path, capsys):
    assert main(["preview", str(records), "--page", str(tmp_path / "page.html"), "--samples", "1"]) == 0
    assert (tmp_path / "page.html").exists()
    assert "page.html" in capsys.readouterr().out
    assert main(["preview", str(tmp_path)]) == 2
    assert "no complete split" in capsys.readouterr().err


def test_damage_is_named_and_no_page_is_written(motion_file, tmp_path):
    convert("arrays", motion_file, tmp_path)
    shard = next(tmp_path.rglob("*.tfrecord"))
    shard.write_bytes(shard.read_bytes()[:-10])
    with pytest.raises(ValueError, match=shard.name):
        preview(tmp_path)
    assert not list(tmp_path.glob("*.html"))
