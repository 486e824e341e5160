import subprocess
import sys

import numpy as np
import pytest

from posealign_keras.visualization import pose_figure


def test_without_plotly_the_error_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "plotly.graph_objects", None)
    with pytest.raises(ImportError, match=r"pip install 'posealign_keras\[demo\]'"):
        pose_figure(np.zeros((17, 3)))


def test_importing_the_package_does_not_import_plotly():
    code = "import sys, posealign_keras.visualization, posealign_keras.demo.report; sys.exit('plotly' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
