"""The steps of a network, one kind per file: each writes C text that calls the kernels."""
