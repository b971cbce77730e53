"""What may go wrong with using corpora."""

from __future__ import annotations

from ceyuan.kernel.errors import Invalid


class MixtureInvalid(Invalid):
    code = "mixture_invalid"
    title = ("配比或导出设置无效", "The mixture or export is not valid")
