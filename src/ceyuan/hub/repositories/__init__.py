"""The catalogue: which repositories there are, whose they are, who may see them, what their cards say."""
