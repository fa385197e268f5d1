"""The live page: draw something, and see every layer of a network of your own answer, down to one multiply-add."""

from striate.page.application import Application
from striate.page.live import Live

__all__ = ["Application", "Live"]
