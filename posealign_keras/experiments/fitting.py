"""What the training of every stage has in common: optimizer, epochs, progress, going on after an interruption."""

import shutil

from posealign_keras.fit_progress import FitProgress
from posealign_keras.training import ResumeTraining
from posealign_keras.workspace import Workspace

TRAINING = "training"
"""Folder of the states of stages that are not finished."""

# After each of them the state of the training is kept.
_EPOCHS = 20


def fit(
    model, batches, steps: int, name: str, watch: str, workspace: Workspace, verbose: bool, callbacks=()
) -> dict[str, list[float]]:
    """Train a compiled stage for a number of steps.

    Args:
        model: The stage.
        batches: Endless batches.
        steps: Number of steps.
        name: Name of the stage.
        watch: Name of the logged value to show.
        workspace: Where the state is kept after every epoch while it trains, in the folder `training`. A stage that
            was interrupted goes on from the last one, with the first batches again.
        verbose: Whether to show the progress.
        callbacks: Further callbacks.

    Returns:
        The history, epoch by epoch.
    """
    epochs = min(_EPOCHS, steps)
    state = workspace.path(TRAINING) / name
    progress = [FitProgress(name, steps // epochs * epochs, watch)] if verbose else []
    history = model.fit(
        batches,
        steps_per_epoch=steps // epochs,
        epochs=epochs,
        shuffle=False,
        verbose=0,
        callbacks=[*progress, *callbacks, ResumeTraining(state)],
    )
    shutil.rmtree(state, ignore_errors=True)
    return history.history
