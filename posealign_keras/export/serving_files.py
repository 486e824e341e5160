"""The files beside exported models that start a server for them, and clients that ask it."""

from pathlib import Path
from string import Template

# A file that begins with this may be written again. Who edits one takes it out.
_OURS = "# Written by posealign_keras."
_TEMPLATES = Path(__file__).parent / "files"
_WRITTEN_ONCE = ("batching.config", "docker-compose.yml", "client_grpc.py", "client_rest.py")
_MODEL = Template(
    '  config {\n    name: "$name"\n    base_path: "/models/$name"\n    model_platform: "tensorflow"\n  }\n'
)


def write_serving_files(directory) -> list[Path]:
    """Write what the official `tensorflow/serving` image needs to serve all models of a directory.

    `models.config` lists them, and is written again with each export, until its first line is taken out.
    `batching.config`, `docker-compose.yml`, `client_grpc.py` and `client_rest.py` are written where they are missing.

    Args:
        directory: The directory that holds `<name>/<version>/`.

    Returns:
        The files that were written.
    """
    directory = Path(directory)
    written = []
    models = directory / "models.config"
    if not models.exists() or models.read_text().startswith(_OURS):
        listed = "".join(_MODEL.substitute(name=name) for name in model_versions(directory))
        keep = "Without this line, exports leave the file as it is."
        models.write_text(f"{_OURS} {keep}\nmodel_config_list {{\n{listed}}}\n")
        written.append(models)
    for name in _WRITTEN_ONCE:
        path = directory / name
        if not path.exists():
            path.write_text((_TEMPLATES / name).read_text())
            written.append(path)
    return written


def model_versions(directory) -> dict[str, list[Path]]:
    """Exported models: `{name: directories of its versions}`, sorted by the names.

    Args:
        directory: The directory that holds `<name>/<version>/`.
    """
    directory = Path(directory)
    if not directory.is_dir():
        return {}
    # A directory whose name begins with a dot is one that an export is still writing, and will be gone in a moment.
    models = sorted(path for path in directory.iterdir() if path.is_dir() and not path.name.startswith("."))
    found = {model.name: sorted(path for path in model.iterdir() if _is_version(path)) for model in models}
    return {name: versions for name, versions in found.items() if versions}


def _is_version(path):
    return path.name.isdecimal() and (path / "saved_model.pb").is_file()
