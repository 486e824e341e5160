"""`warmed_adam`: the optimizer of all stages."""

import keras


def warmed_adam(learning_rate: float, steps: int | None = None) -> keras.optimizers.Adam:
    """Adam with clipped gradients; with a warm-up and a cosine decay to zero over `steps`, if they are given."""
    rate = learning_rate
    if steps is not None:
        warmup = min(200, steps // 10)
        rate = keras.optimizers.schedules.CosineDecay(
            learning_rate / 10, max(1, steps - warmup), warmup_target=learning_rate, warmup_steps=warmup
        )
    return keras.optimizers.Adam(rate, global_clipnorm=1.0)
