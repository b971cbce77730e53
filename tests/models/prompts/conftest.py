from tests.models.gateway.conftest import books, gateway_settings, house, upstream

__all__ = ["books", "gateway_settings", "house", "upstream"]
