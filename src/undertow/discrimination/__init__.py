"""What a representation tells apart: the ABX error of frames on items of recordings, and item files."""

from undertow.discrimination.abx_error import abx
from undertow.discrimination.making import make_items
from undertow.discrimination.score import Cell, Discrimination

__all__ = ["Cell", "Discrimination", "abx", "make_items"]
