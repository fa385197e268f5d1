"""More examples from the same ones: how each is changed, differently in every epoch; a change a file."""
