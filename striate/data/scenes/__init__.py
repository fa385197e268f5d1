"""Clips with a class each: what moves, and how."""
