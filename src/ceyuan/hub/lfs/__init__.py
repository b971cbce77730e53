"""Git LFS: large files by signed addresses, whole or in parts, verified before they are kept
(https://github.com/git-lfs/git-lfs/tree/main/docs/api)."""
