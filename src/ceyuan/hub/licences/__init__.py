"""Licences of models and datasets: which one a text is, what it asks of those who build on it, and whether two of them
can stand together in one chain. Pure functions over texts and names; legal advice it is not."""

from ceyuan.hub.licences.compatibility import Conflict, conflicts
from ceyuan.hub.licences.detection import detect, normal
from ceyuan.hub.licences.terms import TERMS, Terms

__all__ = ["TERMS", "Conflict", "Terms", "conflicts", "detect", "normal"]
