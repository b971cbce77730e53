"""What can go wrong with blobs."""

from __future__ import annotations

import errno

from ceyuan.kernel.errors import CeyuanError, Invalid, NotFound, Unavailable


class BlobMissing(NotFound):
    """The store does not hold the content."""

    code = "blob_missing"
    title = ("内容不在存储中", "The content is not in the store")

    def __init__(self, sha256: str) -> None:
        super().__init__(
            (f"存储中没有内容 {sha256}", f"the store does not hold the content {sha256}"),
            hint=("请重新上传该内容", "upload the content again"),
            sha256=sha256,
        )


class BlobCorrupt(CeyuanError):
    """The stored bytes no longer have the hash that names them."""

    code = "blob_corrupt"
    title = ("存储的内容已损坏", "Stored content is corrupted")

    def __init__(self, sha256: str) -> None:
        super().__init__(
            (f"内容 {sha256} 已损坏", f"the content {sha256} is corrupted"),
            hint=(
                "请重新上传原文件或从备份恢复;运行 ceyuan doctor 检查其余内容",
                "upload the original again or restore it from a backup; ceyuan doctor checks the rest",
            ),
            sha256=sha256,
        )


class HashMismatch(Invalid):
    """What was sent is not what its sender announced."""

    code = "hash_mismatch"
    title = ("内容与声明的哈希不符", "The content differs from its announced hash")


class StorageFull(CeyuanError):
    """No space is left; nothing was kept of the write that met it."""

    status = 507
    code = "storage_full"
    title = ("存储空间不足", "No storage space left")

    def __init__(self) -> None:
        super().__init__(
            ("存储空间已满,内容未写入", "the storage is full: the content was not written"),
            hint=(
                "请释放空间或扩容后重试;已有内容没有损失",
                "free or add space and try again; nothing stored was lost",
            ),
        )


class StoreUnavailable(Unavailable):
    """The object store does not answer or refuses us."""

    code = "blob_store_unavailable"
    title = ("对象存储不可用", "The object store is unavailable")


def is_full(error: OSError) -> bool:
    """Whether the operating system refused a write for want of space."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT)
