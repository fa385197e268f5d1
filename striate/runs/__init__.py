"""Trainings, whatever their task: what is decided before, the doing, the run on disk, going on, the report."""
