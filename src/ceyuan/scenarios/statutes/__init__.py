"""Statutes engine: search over articles of law, questions built from them, and checked citations.

It knows laws, articles and their numbers; where the texts come from and which model words an answer is
the law scenario's business.
"""

from ceyuan.scenarios.statutes.answers import CheckedAnswer, Citation, check_answer, extract_answer, prompt_messages
from ceyuan.scenarios.statutes.articles import Article, articles_from_rows
from ceyuan.scenarios.statutes.numerals import number_of, numeral_of
from ceyuan.scenarios.statutes.questions import Question, build_questions
from ceyuan.scenarios.statutes.references import Reference, find_references
from ceyuan.scenarios.statutes.search import Found, LawSearch, Outcome

__all__ = [
    "Article",
    "CheckedAnswer",
    "Citation",
    "Found",
    "LawSearch",
    "Outcome",
    "Question",
    "Reference",
    "articles_from_rows",
    "build_questions",
    "check_answer",
    "extract_answer",
    "find_references",
    "number_of",
    "numeral_of",
    "prompt_messages",
]
