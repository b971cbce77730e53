"""Embeddings of texts: asked of a model over OpenAI's ``/v1/embeddings``, each text once, and kept by its content."""

from ceyuan.data.embeddings.answers import Answers
from ceyuan.data.embeddings.asking import EMBEDDING, Asked, EmbeddingServer, ask_all, refused_all

__all__ = ["EMBEDDING", "Answers", "Asked", "EmbeddingServer", "ask_all", "refused_all"]
