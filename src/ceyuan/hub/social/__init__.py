"""What people gather and like: likes and collections of repositories."""
