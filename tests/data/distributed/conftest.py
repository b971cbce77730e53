"""Collections as the corpus runs use them."""

from tests.data.corpus.conftest import collection

__all__ = ["collection"]
