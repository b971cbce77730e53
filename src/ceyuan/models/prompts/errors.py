"""What may go wrong with a prompt template."""

from __future__ import annotations

from ceyuan.kernel.errors import Conflict, Invalid, NotFound


class PromptUnknown(NotFound):
    """No such template, or version of it, that the actor may see."""

    code = "prompt_not_found"
    title = ("没有这个提示词模板", "No such prompt template")


class PromptNameTaken(Conflict):
    """The organisation has a template of this name."""

    code = "prompt_name_taken"
    title = ("同名的提示词模板已存在", "There is a prompt template of this name")


class VariablesUnfit(Invalid):
    """The values given do not fit the template's variables."""

    code = "prompt_variables"
    title = ("模板变量不符", "The variables do not fit the template")
