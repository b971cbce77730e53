"""The terms on which an organisation is served: credit limit, notice threshold, contract."""

from ceyuan.metering.terms.service import CONTRACT_PREFIX, Terms, set_terms, terms_of

__all__ = ["CONTRACT_PREFIX", "Terms", "set_terms", "terms_of"]
