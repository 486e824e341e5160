"""What is computed inside the graph of a SavedModel, by TensorFlow, which importing this imports."""
