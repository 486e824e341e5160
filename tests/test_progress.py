"""Lines of progress, where the output is not a terminal."""

import time

import pytest

from posealign_keras.progress import Progress, clock


def test_the_end_is_shown_once_and_the_rest_now_and_then(capsys):
    progress = Progress("images", every=0.05)
    for done in range(3):
        progress(done, 1000)
    time.sleep(0.06)
    progress(250.5, 1000, "loss 1.0")
    progress(1000, 1000)
    progress(1000, 1000)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("   images: 250 of 1,000 (0:00, 0:00 left)  loss 1.0")
    assert lines[1] == "   images: 1,000 of 1,000 (0:00)"


@pytest.mark.parametrize(("seconds", "words"), [(0, "0:00"), (59.6, "1:00"), (125, "2:05"), (3600, "60:00")])
def test_clock(seconds, words):
    assert clock(seconds) == words
