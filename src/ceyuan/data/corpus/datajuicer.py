"""Recipes of Data-Juicer read as ours: each of its operators by its name, with what differs told.

Its statistics are kept in meaning where they are right; where they are wrong for Chinese (一 上 士 counted as
special characters, full-width １ and 《》 rewritten to ASCII) ours stand in and a note says so. Names and
parameters are those of data-juicer 1.6.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from ceyuan.data.corpus.recipe import Recipe
from ceyuan.data.problems import DataProblem
from ceyuan.data.reporting import Report

__all__ = ["Imported", "from_data_juicer", "main"]

Note = tuple[str, str, str]
"""(their operator, what to know in Chinese, in English)."""


@dataclass
class Imported:
    """``recipe``: fields of ``Recipe``; ``notes``: what differs; ``left_out``: their operators that have no match."""

    recipe: dict[str, Any] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    filters: list[dict[str, Any]] = field(default_factory=list)

    def step(self, name: str, **parameters: Any) -> None:
        """Add one of our operators, once."""
        steps = self.recipe.setdefault("steps", [])
        one = {"operator": name, "parameters": parameters}
        if one not in steps:
            steps.append(one)

    def bound(self, statistic: str, reason: str, low: Any = None, high: Any = None) -> None:
        """Add a filter; their bounds beyond any text (``sys.maxsize``) are none."""
        bounds = {"at_least": low, "at_most": high if high is None or high < 1e15 else None}
        if any(value is not None for value in bounds.values()):
            self.filters.append({"statistic": statistic, "reason": reason, **bounds})

    def note(self, name: str, zh: str, en: str) -> None:
        """Say what differs."""
        self.notes.append((name, zh, en))


Reader = Callable[[Imported, str, Mapping[str, Any]], None]


def from_data_juicer(text: str | Mapping[str, Any]) -> Imported:
    """The recipe of a Data-Juicer configuration (YAML text or its mapping).

    Only its filters apply: the profiles are replaced by them for all domains. Raises ``DataProblem``
    ``recipe_invalid`` where it is no such configuration.
    """
    values = _parsed(text) if isinstance(text, str) else text
    process = values.get("process") if isinstance(values, Mapping) else None
    if not isinstance(process, list) or not all(isinstance(one, str | Mapping) for one in process):
        raise DataProblem(
            "recipe_invalid",
            "不是 Data-Juicer 配方：缺少 process 列表。",
            "No Data-Juicer recipe: there is no list process.",
        )
    made = Imported({"duplicates": {"exact": False, "near": False}, "split": {"heldout": 0.0}})
    for one in process:
        name, parameters = (one, {}) if isinstance(one, str) else next(iter(one.items()), ("", {}))
        reader = _READERS.get(str(name))
        if reader is None:
            made.left_out.append(str(name))
            _advise(made, str(name))
        else:
            given = parameters if isinstance(parameters, Mapping) else {}
            try:
                reader(made, str(name), {key: _number(value) for key, value in given.items()})
            except (TypeError, ValueError) as error:
                raise DataProblem(
                    "recipe_invalid",
                    f"算子 {name} 的参数无效：{error}。",
                    f"The parameters of {name} are not valid: {error}.",
                ) from error
    from ceyuan.data.corpus.profiles import DOMAINS

    kept = [{"statistic": "characters", "reason": "too_short", "at_least": 1}, *made.filters]
    made.recipe["profiles"] = dict.fromkeys(DOMAINS, kept)
    made.recipe = Recipe.of(made.recipe).model_dump(mode="json", exclude_defaults=True)
    return made


def main(args: Mapping[str, Any], report: Report) -> dict[str, Any]:
    """``from_data_juicer`` as a process: ``recipe`` (YAML text or mapping) in; recipe, notes, left_out out."""
    del report  # it takes a moment
    made = from_data_juicer(args["recipe"])
    notes = [{"operator": name, "zh": zh, "en": en} for name, zh, en in made.notes]
    return {"recipe": made.recipe, "notes": notes, "left_out": made.left_out}


def _parsed(text: str) -> Any:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise DataProblem("recipe_invalid", "配方不是有效的 YAML。", "The recipe is no valid YAML.") from error


def _number(value: Any) -> Any:
    """A number as it was meant: YAML 1.1 takes ``5e5``, which their recipes write, for a word."""
    return float(value) if isinstance(value, str) and _SHORT_NUMBER.fullmatch(value) else value


def _advise(made: Imported, name: str) -> None:
    """Say what does the work of an operator that has no match, where something does."""
    media = next((words for start, words in _MEDIA.items() if name.startswith(start)), None)
    if name in _INSTEAD:
        made.note(name, *_INSTEAD[name])
    elif media is not None:
        made.note(
            name,
            f"{media[0]}另成一份配方：media: {media[1]}，其算子自动运行，阈值写在 thresholds。",
            f"{media[2]} have a recipe of their own: media: {media[1]}; its operators run by themselves, thresholds "
            "cut what they measure.",
        )


def _maps(*names: str) -> Reader:
    def read(made: Imported, _name: str, _given: Mapping[str, Any]) -> None:
        for one in names:
            made.step(one)

    return read


def _bounds(statistic: str, reason: str, low: str, high: str, *, step: str = "", factor: float = 1.0) -> Reader:
    def read(made: Imported, _name: str, given: Mapping[str, Any]) -> None:
        if step:
            made.step(step)
        least, most = given.get(low), given.get(high)
        made.bound(
            statistic, reason, None if least is None else least * factor, None if most is None else most * factor
        )

    return read


def _noted(inner: Reader | None, zh: str, en: str) -> Reader:
    def read(made: Imported, name: str, given: Mapping[str, Any]) -> None:
        if inner is not None:
            inner(made, name, given)
        made.note(name, zh, en)

    return read


def _repetition(made: Imported, _name: str, given: Mapping[str, Any]) -> None:
    made.recipe["ngram"] = int(given.get("rep_len", 10))
    made.bound("repeated_share", "repetitive", given.get("min_ratio") or None, given.get("max_ratio", 0.5))


def _convert(made: Imported, name: str, given: Mapping[str, Any]) -> None:
    mode = str(given.get("mode", "s2t"))
    if mode.startswith("t2") or mode.endswith("2s"):
        made.recipe["simplify"] = True
    else:
        made.step("traditionalise")
    if mode not in ("t2s", "s2t"):
        made.note(name, f"{mode} 按通用繁简转换处理。", f"{mode} is taken as the general conversion.")


def _language(made: Imported, name: str, given: Mapping[str, Any]) -> None:
    language = given.get("lang") or "zh"
    names = [language] if isinstance(language, str) else list(language)
    if names == ["zh"]:
        made.bound("chinese_share", "not_chinese", 0.2)
        made.note(
            name,
            "按文字判定中文；fastText 会把 16% 的古诗判为日文。",
            "Chinese is told by script; fastText takes 16 % of classical verse for Japanese.",
        )
        return
    made.step("language")
    chinese = ["zh", "zh-Hant", "lzh", "yue"] if "zh" in names else []
    made.filters.append(
        {"statistic": "language", "reason": "off_language", "one_of": [*chinese, *(n for n in names if n != "zh")]}
    )


def _minhash(made: Imported, name: str, given: Mapping[str, Any]) -> None:
    threshold = given.get("jaccard_threshold", 0.7)
    made.recipe["duplicates"] |= {"near": True, "threshold": threshold, "related_from": min(0.5, threshold)}
    made.note(
        name,
        "候选须经逐对核对才剔除；同桶即删的精度不足一半。",
        "Candidates are verified before they are dropped; by collision alone half of the deletions are wrong.",
    )


def _exact(made: Imported, _name: str, _given: Mapping[str, Any]) -> None:
    made.recipe["duplicates"]["exact"] = True


def _length(made: Imported, _name: str, given: Mapping[str, Any]) -> None:
    made.bound("characters", "too_short", given.get("min_len"))
    made.bound("characters", "too_long", None, given.get("max_len"))


def _replaced(pattern: str) -> Reader:
    def read(made: Imported, _name: str, given: Mapping[str, Any]) -> None:
        made.step("replace", pattern=pattern, by=str(given.get("repl", "")))

    return read


def _own_replacement(made: Imported, name: str, given: Mapping[str, Any]) -> None:
    patterns, by = given.get("pattern") or [], given.get("repl", "")
    patterns = [patterns] if isinstance(patterns, str) else list(patterns)
    replacements = [by] * len(patterns) if isinstance(by, str) else list(by)
    for pattern, replacement in zip(patterns, replacements, strict=False):
        made.step("replace", pattern=pattern, by=replacement)
    made.note(
        name, "正则改用线性时间引擎，不支持回溯断言。", "Patterns run on a linear-time engine, without look-around."
    )


def _characters(made: Imported, _name: str, given: Mapping[str, Any]) -> None:
    signs = given.get("chars_to_remove", "◆●■►▼▲▴∆▻▷❖♡□")
    made.step("replace", pattern="[" + "".join("\\" + c if c in "\\]^-[&~" else c for c in signs) + "]", by="")


def _repeats(made: Imported, _name: str, given: Mapping[str, Any]) -> None:
    made.step("strip_repeated_sentences", shortest=max(2, int(given.get("min_repeat_sentence_length", 2))))


_KEEPS = (
    "官方版式不改；需要时另加 narrow_letters、widen_punctuation。",
    "Official typography stays; add narrow_letters or widen_punctuation where it is wanted.",
)
_SHORT_NUMBER = re.compile(r"[-+]?\d+(\.\d*)?[eE][-+]?\d+")
_INSTEAD = {
    "perplexity_filter": (
        "困惑度用自己语料训练的模型：先 train_language_model，再以步骤 perplexity 加过滤条件。",
        "Perplexity is told by a model of your own texts: train_language_model, then the step perplexity and a filter.",
    ),
    "flagged_words_filter": (
        "不自带词表：以步骤 keyword_hits（治理的词库，或参数 words 里自己的词）或 toxicity 加过滤条件代替。",
        "There is no list of words in it: take the step keyword_hits (governance's library, or your own in words) or "
        "toxicity, and a filter.",
    ),
}
_MEDIA = {
    "image_": ("图像", "images", "Images"),
    "audio_": ("音频", "speech", "Sounds"),
    "video_": ("视频", "video", "Videos"),
}
_IP = r"\b(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?:25[0-5]|2[0-4]\d|1?\d?\d)){3}\b"

_READERS: dict[str, Reader] = {
    "alphanumeric_filter": _noted(
        _bounds("letter_share", "special_characters", "min_ratio", "max_ratio"),
        "按字符计算，汉字计为字母。",
        "Counted by characters; Han are letters.",
    ),
    "average_line_length_filter": _bounds("mean_line", "fragmented", "min_len", "max_len"),
    "character_repetition_filter": _repetition,
    "chinese_convert_mapper": _convert,
    "clean_copyright_mapper": _maps("strip_notices"),
    "clean_email_mapper": _noted(
        _maps("strip_contacts"), "电话与帐号一并去除。", "Telephone and account numbers go as well."
    ),
    "clean_html_mapper": _maps("strip_markup", "unescape_entities"),
    "clean_ip_mapper": _replaced(_IP),
    "clean_links_mapper": _maps("strip_links"),
    "document_deduplicator": _exact,
    "document_minhash_deduplicator": _minhash,
    "document_simhash_deduplicator": _minhash,
    "fix_unicode_mapper": _maps("repair_mojibake"),
    "language_id_score_filter": _language,
    "maximum_line_length_filter": _bounds("longest_line", "fragmented", "min_len", "max_len"),
    "punctuation_normalization_mapper": _noted(None, *_KEEPS),
    "ray_document_deduplicator": _exact,
    "ray_bts_minhash_deduplicator": _minhash,
    "remove_bibliography_mapper": _maps("strip_bibliography"),
    "remove_header_mapper": _maps("strip_page_marks"),
    "remove_long_words_mapper": _noted(
        None, "中文无词界，不作处理。", "Chinese has no word boundaries; nothing is done."
    ),
    "remove_repeat_sentences_mapper": _repeats,
    "remove_specific_chars_mapper": _characters,
    "remove_table_text_mapper": lambda made, name, given: made.step("strip_lines", tables=True),
    "replace_content_mapper": _own_replacement,
    "special_characters_filter": _noted(
        _bounds("special_share", "special_characters", "min_ratio", "max_ratio"),
        "只计符号与异常字符；汉字与标点不在其内。",
        "Counts symbols and odd characters; Han and punctuation are none.",
    ),
    "stopwords_filter": _bounds(
        "stop_share", "no_sentences", "min_ratio", "max_ratio", step="stop_characters", factor=0.5
    ),
    "text_length_filter": _length,
    "token_num_filter": _bounds("tokens", "too_short", "min_num", "max_num", step="tokens"),
    "whitespace_normalization_mapper": _noted(
        None,
        "规范化已含行尾与不可见字符；行内空格保留。",
        "Normalising covers line ends and unseen characters; spaces inside lines stay.",
    ),
    "words_num_filter": _bounds("tokens", "too_short", "min_num", "max_num", step="tokens"),
    "word_repetition_filter": _bounds(
        "repeated_13grams", "repetitive", "min_ratio", "max_ratio", step="duplicate_ngrams"
    ),
}
"""Readers of their operators by name."""
