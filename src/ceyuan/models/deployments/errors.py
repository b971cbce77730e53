"""What may go wrong with a deployment."""

from __future__ import annotations

from ceyuan.kernel.errors import Conflict, Invalid, NotFound


class DeploymentUnknown(NotFound):
    """No such deployment that the actor may see."""

    code = "deployment_not_found"
    title = ("没有这个部署", "No such deployment")


class NoVariant(Conflict):
    """The deployment has no canary or shadow."""

    code = "no_such_variant"
    title = ("没有正在进行的灰度或影子版本", "There is no such variant")


class RollRunning(Conflict):
    """Another revision is being brought in."""

    code = "update_running"
    title = ("已有更新正在进行", "An update is under way")


class NoModelFile(Invalid):
    """The revision has no file that the engine can run, or several."""

    code = "no_model_file"
    title = ("没有可运行的模型文件", "No file that the engine can run")


class SeveralProcesses(Conflict):
    """Several processes share the database: an embedded deployment would run in one of them only."""

    code = "several_processes"
    title = ("有多个进程共用数据库", "Several processes share the database")
