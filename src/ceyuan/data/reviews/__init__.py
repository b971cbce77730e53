"""Reviews: people and machines judge whether a dataset is fit for training, before it is used.

A review draws a sample by the dataset's own hash, lets two people judge each document (a third where they differ),
inspects every document by machine, holds each source to the five-per-cent rule, and ends in a signed report in the
hub that anybody can replay. What the assessment of a model makes of it is governance's business.
"""

from ceyuan.data.reviews.service import find_review, newest_review
from ceyuan.data.reviews.tables import DataReview

__all__ = ["DataReview", "find_review", "newest_review"]
