"""Manual pages (roff with the macro packages man and mdoc) as text: one page is one document.

Of the language (groff(7), groff_man(7), groff_mdoc(7), tbl(1)) as much is carried out as decides what a reader sees:
escapes and special characters, strings, conditions, macros that a page defines, filled and unfilled text, lists and
tables. What only sets how it looks is passed over, files that a page draws in are not opened.
"""

from ceyuan.data.readers.roff.reader import is_manual, may_be_manual, read_manual

__all__ = ["is_manual", "may_be_manual", "read_manual"]
