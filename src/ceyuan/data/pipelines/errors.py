"""What may go wrong with pipelines."""

from __future__ import annotations

from ceyuan.kernel.errors import Invalid, NotFound
from ceyuan.kernel.jobs import JobFailed


class NotACorpus(NotFound):
    code = "not_a_corpus"
    title = ("该数据集不是由数据流水线生成的", "This dataset was not made by a pipeline")


class ThresholdsInvalid(Invalid):
    code = "thresholds_invalid"
    title = ("阈值无效", "The thresholds are not valid")


class RecipeInvalid(Invalid):
    code = "recipe_invalid"
    title = ("配方无效", "The recipe is not valid")


class QueryInvalid(Invalid):
    code = "query_invalid"
    title = ("查询无效", "The query is not valid")


class NotARun(NotFound):
    code = "not_a_run"
    title = ("该任务不是语料流水线", "This job is not a corpus pipeline")


class NothingFetched(JobFailed):
    """A visit to a site brought no page and no file."""

    code = "nothing_fetched"
    title = ("没有取到任何内容", "Nothing could be fetched")

    def __init__(self, location: str, reasons: tuple[str, str]) -> None:
        zh, en = reasons if reasons[0] else ("没有指向任何页面或文件", "it leads to no page and no file")
        super().__init__(
            (f"{location} 没有取到任何内容：{zh}", f"nothing could be fetched from {location}: {en}"),
            hint=(
                "请核对网址与来源类型；robots 规则不允许时，请向网站取得许可后改用其他方式取得数据",
                "check address and kind; where robots rules forbid it, ask the site for another way to its data",
            ),
        )
