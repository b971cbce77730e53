"""Sign-in with a password, the sessions of browsers, their cookies, and the pause after wrong passwords."""
