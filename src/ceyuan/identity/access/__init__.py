"""Who sends a request: from a token or a session cookie to an `Actor`, from memory where it can be."""
