"""What administrators do to accounts: create, suspend, give duties, help with passwords, act as a person."""
