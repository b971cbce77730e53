"""Reading just enough of a file to show a page of it. Pure functions over bytes and paths.

Files come from strangers: sizes that they claim are never trusted, and what is read is bounded.
"""

from ceyuan.hub.viewer.formats.cells import Column, Table
from ceyuan.hub.viewer.formats.gguf import read_gguf
from ceyuan.hub.viewer.formats.kinds import View, view_of
from ceyuan.hub.viewer.formats.problems import MoreNeeded, ViewProblem
from ceyuan.hub.viewer.formats.rows import delimited_page, json_lines_page
from ceyuan.hub.viewer.formats.safetensors import header_length, read_safetensors
from ceyuan.hub.viewer.formats.tensors import Tensor, Tensors
from ceyuan.hub.viewer.formats.text import decode_text, encoding_of

__all__ = [
    "Column",
    "MoreNeeded",
    "Table",
    "Tensor",
    "Tensors",
    "View",
    "ViewProblem",
    "decode_text",
    "delimited_page",
    "encoding_of",
    "header_length",
    "json_lines_page",
    "read_gguf",
    "read_safetensors",
    "view_of",
]
