"""The live page: draw something, and see every layer of a network of your own answer, down to one multiply-add."""

from striate.page.saving import save_page
from striate.page.seeing import see

__all__ = ["save_page", "see"]
