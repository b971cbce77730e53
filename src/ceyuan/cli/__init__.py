"""The command line: one file per noun, each a Typer application called `app`; `main` puts them together."""
