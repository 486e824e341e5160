"""Makes the tests of training quick: tiny networks gain nothing from threads or from an optimising compiler."""

import keras

if keras.backend.backend() == "torch":
    import torch

    torch.set_num_threads(1)
elif keras.backend.backend() == "jax":
    import jax

    jax.config.update("jax_disable_most_optimizations", True)
