"""Files of other programs, read with suspicion: one module for each format, none of them about a data set."""
