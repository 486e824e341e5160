"""The site: `python -m sphinx -W --keep-going -b html docs OUT`, from the repository; needs the extra `docs`.

Nothing is executed but the help of the commands, and no network is needed, neither to build nor to read.
"""

import os
import sys
from pathlib import Path

# The reference imports the package, and that a backend; TensorFlow is the one that the extra brings.
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path[:0] = [str(Path(__file__).parent / "_extensions"), str(Path(__file__).parents[1])]

from posealign_keras import __version__

project = "posealign_keras"
author = "the authors of posealign_keras"
copyright = author
release = version = __version__

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "sphinx_copybutton",
    "sphinx_design",
    # Our own, in `docs/_extensions`; each says what it does.
    "benchmark_tables",
    "command_help",
    "inline_diagrams",
    "markdown_docstrings",
    "reference_pages",
    "tutorial_notebooks",
]
exclude_patterns = ["_build", "**.ipynb_checkpoints"]
# Beginning a build without notebooks is not an error: those that there are become pages.
suppress_warnings = ["toc.empty_glob"]
nitpicky = False

nb_execution_mode = "off"
myst_enable_extensions = ["colon_fence", "deflist", "attrs_inline"]
myst_heading_anchors = 4
myst_links_external_new_tab = True

autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
autodoc_typehints = "signature"
python_maximum_signature_line_length = 90
napoleon_numpy_docstring = False
napoleon_use_rtype = False
napoleon_custom_sections = [("Call arguments", "params_style"), ("Data", "params_style"), "Reference"]

html_theme = "furo"
html_title = f"{project} {release}"
html_static_path = ["_static"]
html_css_files = ["custom.css"]
html_copy_source = False
html_domain_indices = False
html_show_copyright = False
html_theme_options = {"navigation_with_keys": True}
pygments_style, pygments_dark_style = "friendly", "github-dark"
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
