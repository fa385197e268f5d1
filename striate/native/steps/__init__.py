"""The steps of a network, one kind a file: each writes its C text from the kernels beside it."""
