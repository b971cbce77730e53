"""Webhooks of the Hub's protocol: who watches which owners and repositories, and the calls that tell them."""
