"""The content store of large files: chunks in xorbs, kept once for all repositories, found by their hashes.

A file that was uploaded by Xet lands here; one that came whole (by LFS or from a job) is cut by a background job. Its
flat form is then a cache. Which revision holds a file, and who may read it, is said by the rooms beside this one.
"""
