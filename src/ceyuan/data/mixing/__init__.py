"""Mixing engine: corpora become training data by weight and budget, free of benchmark items, split without leakage.

Documents are taken in the order of a hash, so a larger budget only adds to a smaller one. What resembles an item of
a benchmark is left out with its reason. Groups that belong together, also across corpora, lie on one side of the
split. Exporting to other formats and accounting for who contributed what belong here too.
Import the module that you need: an account is checked where no engine is installed.
"""
