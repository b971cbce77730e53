"""The books as a whole: the check that everything kept as a sum equals what it sums up."""

from ceyuan.metering.books.service import BooksReport, Finding, check_books

__all__ = ["BooksReport", "Finding", "check_books"]
