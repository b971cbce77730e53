"""What can be wrong when somebody asks the log for proof."""

from __future__ import annotations

from ceyuan.kernel.errors import Conflict, Text


class NotYetCovered(Conflict):
    """No signed head covers the entry yet."""

    code = "not_yet_covered"
    title = ("尚未被签名的树头覆盖", "Not covered by a signed head yet")

    def __init__(self) -> None:
        hint: Text = (
            "平台每隔几分钟签名一次,请稍后再试;管理员可立即签名",
            "the platform signs every few minutes: try again soon, or let an administrator sign now",
        )
        super().__init__(hint=hint)
