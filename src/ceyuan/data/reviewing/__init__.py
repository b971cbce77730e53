"""Review engine: which documents of a dataset people look at, what machines find in all of them, what follows.

The sample is stratified and follows from the dataset's own hash, so that nobody can choose it and anybody can draw
it again; the result follows from the judgements alone. Who judges and where that is kept is `data.reviews`' business.
Import the module that you need: what follows from judgements is wanted where no engine is installed.
"""
