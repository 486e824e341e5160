"""What the training of every stage has in common: optimizer, epochs, progress, going on after an interruption."""

from posealign_keras.fit_progress import FitProgress
from posealign_keras.training import ResumeTraining
from posealign_keras.workspace import Workspace

# What an interruption may cost; saving takes about a second.
_LEAST_SECONDS = 30.0
_EPOCHS = 20


def fit(
    model,
    batches,
    steps: int,
    name: str,
    watch: str,
    workspace: Workspace,
    verbose: bool = True,
    callbacks=(),
    epochs: int = _EPOCHS,
) -> dict[str, list[float]]:
    """Train a compiled stage for a number of steps.

    Args:
        model: The stage.
        batches: Endless batches.
        steps: Number of steps, rounded to whole epochs.
        name: Name of the stage.
        watch: Name of the logged value to show.
        workspace: Where the state is kept from time to time while it trains. A stage that was interrupted goes on from
            the last one, with the first batches again.
        verbose: Whether to show the progress.
        callbacks: Further callbacks.
        epochs: Into about how many the steps are divided; the state of the training is kept after some of them.

    Returns:
        The history, epoch by epoch.
    """
    per_epoch = steps_per_epoch(steps, epochs)
    epochs = round(steps / per_epoch)
    progress = [FitProgress(name, per_epoch * epochs, watch)] if verbose else []
    history = model.fit(
        batches,
        steps_per_epoch=per_epoch,
        epochs=epochs,
        shuffle=False,
        verbose=0,
        callbacks=[*progress, *callbacks, ResumeTraining(workspace.training_state(name), _LEAST_SECONDS)],
    )
    workspace.forget_training(name)
    return {key: [float(value) for value in values] for key, values in history.history.items()}


def steps_per_epoch(steps: int, epochs: int = _EPOCHS) -> int:
    """Into how long epochs `fit` divides a number of steps."""
    return max(1, round(steps / epochs))
