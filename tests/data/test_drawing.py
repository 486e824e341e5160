"""Pictures that other processes draw into files."""

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from posealign_keras.data.synthetic import STUDIO, generate_motion_library
from posealign_keras.data.synthetic.drawing import Drawing

SIZE = 24


def draw(directory, seed=0, counts=(130, 5), **options):
    """A drawing of two libraries; what the first one gives fills more than a file."""
    motion = [(generate_motion_library(2, 20, index), count) for index, count in enumerate(counts)]
    return Drawing(directory, motion, STUDIO, SIZE, seed, **options)


def drawn(*arguments, **options):
    with draw(*arguments, **options) as drawing:
        drawing.wait()
    return [np.stack(values) for values in zip(*drawing.pictures, strict=True)]


def test_labels_are_those_of_the_pictures(tmp_path):
    images, joints, keypoints = drawn(tmp_path, processes=2)
    assert images.shape == (135, SIZE, SIZE, 3)
    assert images.dtype == np.uint8
    assert joints.shape == (135, 17, 3)
    np.testing.assert_array_equal(joints[:, 0], 0)
    assert np.abs(keypoints).max() < 0.5  # all of a person is in the picture
    # Rays through the keypoints: there is a camera and a distance that lead to the joints.
    for places, pose in zip(keypoints[::20], joints[::20], strict=True):
        # x (z + d) = f X + x0, with f and d of the camera, and where the root is.
        rows = np.concatenate(
            [
                np.stack([pose[:, axis], -places[:, axis], *(np.ones(17) * (axis == i) for i in (0, 1))], 1)
                for axis in (0, 1)
            ]
        )
        target = np.concatenate([places[:, axis] * pose[:, 2] for axis in (0, 1)])
        solution, *_ = np.linalg.lstsq(rows, target, rcond=None)
        np.testing.assert_allclose(rows @ solution, target, atol=1e-4)
        assert 2.2 < solution[0] < 2.8  # the focal length of the studio


def test_how_many_processes_draw_makes_no_difference(tmp_path):
    for one, other in zip(drawn(tmp_path / "one", processes=1), drawn(tmp_path / "two", processes=2), strict=True):
        np.testing.assert_array_equal(one, other)
    assert not np.array_equal(drawn(tmp_path / "other", seed=1)[0], drawn(tmp_path / "one")[0])


def test_what_is_there_is_kept_and_what_is_not_is_drawn(tmp_path):
    before = drawn(tmp_path)
    kept, lost = (tmp_path / f"{name}.npz" for name in ("00000", "00001"))
    time_of_kept = kept.stat().st_mtime_ns
    lost.unlink()  # as if interrupted between the pictures and their labels
    shown = []
    after = drawn(tmp_path, progress=lambda done, total: shown.append((done, total)))
    for one, other in zip(before, after, strict=True):
        np.testing.assert_array_equal(one, other)
    assert kept.stat().st_mtime_ns == time_of_kept
    assert lost.exists()
    assert shown[-1] == (135, 135)
    assert not list(tmp_path.glob("*partial"))


def test_pictures_can_be_used_before_all_are_there(tmp_path):
    with draw(tmp_path, counts=(128 * 6,), processes=1) as drawing:
        drawing.wait(100)
        assert 100 <= len(drawing.pictures) < 128 * 6
    # The others are not drawn any more.
    there = len(list(tmp_path.glob("[0-9]*.npz")))
    time.sleep(0.5)
    assert there == len(list(tmp_path.glob("[0-9]*.npz"))) < 6


class Broken:
    """People who cannot be drawn."""

    name = "broken"

    def pose(self, sequences, scenes):
        raise ArithmeticError("no people today")


def test_what_goes_wrong_while_nobody_waits_is_told_in_the_end(tmp_path):
    def progress(done, total):
        if done == total:
            raise ArithmeticError("no progress")

    with pytest.raises(ArithmeticError, match="no progress"), draw(tmp_path, progress=progress) as drawing:
        drawing.wait(1)
    with pytest.raises(ArithmeticError, match="no progress"):
        drawn(tmp_path / "again", progress=progress)


def test_a_damaged_file_is_named(tmp_path):
    drawn(tmp_path)
    (tmp_path / "00001.npz").write_bytes(b"PK")
    with pytest.raises(ValueError, match=r"00001\.npz, or its images, cannot be read .*delete it to draw it again"):
        draw(tmp_path)


def test_what_went_wrong_in_a_process_is_told(tmp_path):
    with pytest.raises(ArithmeticError, match="no people today"):
        drawn(tmp_path, people=Broken())
    with pytest.raises(ValueError, match="people"):
        draw(tmp_path, people="nobody")


def test_a_script_that_starts_itself_again_is_told_and_not_waited_for(tmp_path):
    """Without a main guard, each process begins with the script anew, and dies of it."""
    script = tmp_path / "script.py"
    script.write_text(
        "from posealign_keras.data.synthetic import STUDIO, generate_motion_library\n"
        "from posealign_keras.data.synthetic.drawing import Drawing\n"
        "motion = generate_motion_library(100, 200, 0)\n"  # more than a pipe takes
        "with Drawing('pictures', [(motion, 1)], STUDIO, 16, 0) as drawing:\n"
        "    drawing.wait()\n"
    )
    ran = subprocess.run([sys.executable, script], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert ran.returncode == 1
    assert "if __name__ == '__main__'" in ran.stderr
    assert "BrokenProcessPool" in ran.stderr


def test_processes_end_with_one_that_is_killed(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "import multiprocessing\n"
        "from posealign_keras.data.synthetic import STUDIO, generate_motion_library\n"
        "from posealign_keras.data.synthetic.drawing import Drawing\n"
        "if __name__ == '__main__':\n"
        "    motion = [(generate_motion_library(2, 20, 0), 128000)]\n"
        "    with Drawing('pictures', motion, STUDIO, 16, 0, processes=2) as drawing:\n"
        "        drawing.wait(1)\n"
        "        print(*(child.pid for child in multiprocessing.active_children()), flush=True)\n"
        "        drawing.wait()\n"
    )
    with subprocess.Popen([sys.executable, script], cwd=tmp_path, stdout=subprocess.PIPE, text=True) as running:
        try:
            children = [int(pid) for pid in running.stdout.readline().split()]
            assert len(children) == 2
            assert all(map(_runs, children))
        finally:
            running.kill()
    for _ in range(100):
        if not any(map(_runs, children)):
            break
        time.sleep(0.1)
    assert not any(map(_runs, children))


def _runs(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
