"""What can go wrong when models are fetched and served."""

from __future__ import annotations

from collections.abc import Sequence

from ceyuan.kernel.errors import Conflict, Invalid, NotFound, Text, Unavailable


class UnknownModelFile(NotFound):
    """No model file of this name is known."""

    code = "model_file_unknown"
    title = ("未知的模型文件", "Unknown model file")

    def __init__(self, name: str, known: Sequence[str]) -> None:
        super().__init__(
            (f"没有名为“{name}”的模型文件", f"no model file is called “{name}”"),
            hint=(f"可选:{'、'.join(known)}", f"choose one of: {', '.join(known)}"),
        )


class LicenceNotAccepted(Conflict):
    """The model's licence was shown but not accepted."""

    code = "licence_not_accepted"
    title = ("尚未接受模型许可证", "The model's licence is not accepted")

    def __init__(self, name: str, licence: str, url: str) -> None:
        super().__init__(
            (f"{name} 以 {licence} 许可发布:{url}", f"{name} is published under {licence}: {url}"),
            hint=("阅读后以参数 accept_licence 明确接受", "read it, then accept it with accept_licence"),
            licence=licence,
            licence_url=url,
        )


class ModelFileUnavailable(Unavailable):
    """No source gave the file; `attempts` says what each of them answered."""

    code = "model_file_unavailable"
    title = ("无法取得模型文件", "The model file cannot be fetched")

    def __init__(self, name: str, attempts: Sequence[tuple[str, str]]) -> None:
        said = "; ".join(f"{source}: {reason}" for source, reason in attempts) or "no source"
        super().__init__(
            (f"所有来源都未能提供 {name}({said})", f"no source gave {name} ({said})"),
            hint=(
                "请用 CEYUAN_MODEL_MIRROR 指向存有该文件的目录或网址,或检查 pip 的软件源设置",
                "point CEYUAN_MODEL_MIRROR at a folder or address that has the file, or check pip's index settings",
            ),
            attempts=[{"source": source, "reason": reason} for source, reason in attempts],
        )


class NoDiskSpace(Unavailable):
    """The disk of the model cache is too full for the file."""

    code = "no_disk_space"
    title = ("磁盘空间不足", "Not enough disk space")

    def __init__(self, folder: str, needed: int, free: int) -> None:
        super().__init__(
            (
                f"{folder} 还需 {needed / 1e6:.0f} MB,仅剩 {free / 1e6:.0f} MB",
                f"{folder} needs {needed / 1e6:.0f} MB more, only {free / 1e6:.0f} MB are free",
            ),
            hint=(
                "请释放空间,或用 CEYUAN_MODEL_CACHE 换一个目录",
                "free some space or set CEYUAN_MODEL_CACHE to another folder",
            ),
        )


class SourceFault(Exception):
    """One source could not give the file; the next one is tried."""


class EngineUnavailable(Unavailable):
    """The embedded engine cannot serve this model now; `retry_after_s` says when to come back."""

    code = "engine_unavailable"
    title = ("推理引擎暂不可用", "The inference engine is unavailable")

    def __init__(
        self, message: Text, hint: Text | None = None, *, retry_after_s: int = 5, reason: str | None = None
    ) -> None:
        super().__init__(message, hint=hint, retry_after_s=retry_after_s)
        self.reason = reason or message[1]
        """What the engine said; for operators, not for those who call a model."""


class ModelNotServed(NotFound):
    """No served model of this name that the caller may use."""

    code = "model_not_found"
    title = ("没有这个模型", "No such model")


class InvalidServedModel(Invalid):
    """A served model's description contradicts itself."""

    code = "invalid_served_model"
    title = ("服务模型的设置无效", "The served model's settings are invalid")


class UpstreamUnknown(NotFound):
    """No upstream of this id or name."""

    code = "upstream_not_found"
    title = ("没有这个上游服务", "No such upstream")


class NameTaken(Conflict):
    """The public name or the upstream's name is in use."""

    code = "name_taken"
    title = ("名称已被使用", "The name is taken")


class UpstreamInUse(Conflict):
    """Models are served by this upstream."""

    code = "upstream_in_use"
    title = ("该上游仍在使用", "The upstream is in use")
