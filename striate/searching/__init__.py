"""Searching for good options: many short trainings, chosen by their validation figures, kept as runs.

`ranges` says what may vary, `asked` what is searched, `book` what is remembered in SQLite, `trial` carries out one
training, `worker` does so in a process of its own, `searching` is all of it, and `found` what came of it.
"""
