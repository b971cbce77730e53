"""The history of one repository: commits, the trees they hold, and the branches and tags that point at them.

Rows are written once and never changed, but for the pointers. This leaf knows repositories by id only; who may
read or write is decided above it."""
