"""Programmes: calls, vouchers, partners, cases, training."""
