"""Questions with their answers: taken out of texts by how they are marked, one rule for each way of marking."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal

import polars as pl
from pydantic import Field, ValidationInfo, field_validator

from ceyuan.data.operators.declaring import lines_of, per_row, rewritten
from ceyuan.data.operators.operator import Nothing, Parameters, meaning, operator
from ceyuan.data.operators.patterns import BOILERPLATE
from ceyuan.faults import fault

__all__ = ["Questions", "dialogue", "extract_qa", "pairs_of"]


class Questions(Parameters):
    """Rules that may be switched off, and what becomes of texts without a pair."""

    marked: Annotated[
        bool,
        meaning(
            "以“问：”“答：”、“Q:”“A:”等开头的行视为问与答。",
            "Lines that begin with Q: and A:, or their Chinese counterparts, are questions and answers.",
        ),
    ] = True
    numbered: Annotated[
        bool, meaning("以问号结尾的编号行视为问题。", "Numbered lines that end with a question mark are questions.")
    ] = True
    headings: Annotated[
        bool,
        meaning(
            "以问号结尾的 Markdown 标题行、加粗行视为问题。",
            "Markdown headings and bold lines that end with a question mark are questions.",
        ),
    ] = True
    otherwise: Annotated[
        Literal["keep", "empty"],
        meaning(
            "不含问答对的正文如何处理。",
            "What becomes of a text without any pair.",
            {"keep": ("原样保留", "it stays as it is"), "empty": ("清空", "it becomes empty")},
        ),
    ] = "keep"
    least_answer: Annotated[
        int,
        meaning("答案的最少字符数，不计空白。", "Characters that an answer has at least, spaces not counted."),
    ] = Field(2, ge=1, le=10_000)
    interviews: Annotated[
        bool,
        meaning(
            "访谈中记者、主持人的提问与具名发言人的回答视为问答对。",
            "What a reporter or host asks in an interview and a named speaker answers is a pair.",
        ),
    ] = True

    @field_validator("interviews")
    @classmethod
    def _one_rule(cls, value: bool, told: ValidationInfo) -> bool:
        if not value and not any(told.data.get(name, True) for name in ("marked", "numbered", "headings")):
            raise fault(
                "marked、numbered、headings、interviews 至少要开启一项",
                "at least one of marked, numbered, headings and interviews must be on",
            )
        return value


_NUMERAL = "[一二三四五六七八九十]{1,3}"
_DIGITS = rf"\d{{1,3}}|{_NUMERAL}"
_NUMBERING = rf"(?:\d{{1,3}}[.、．)）](?!\d)|{_NUMERAL}、|[(（](?:{_DIGITS})[)）]、?)"
_NUMBERED = re.compile(rf"({_NUMBERING})\s*(?=\S)")
_HEADING = re.compile(r"(#{1,6})\s+(.*)")
_BOLD = re.compile(r"\*\*((?:(?!\*\*).)+)\*\*$")
_RULE = re.compile(rf"(?:[-*_=]\s?){{3,}}$|\[[^\]]{{1,40}}\]:\s|via:\s|.{{0,20}}(?:{BOILERPLATE})")
_FENCE = re.compile(r"```|~~~")


def _mark(chinese: str, latin: str) -> re.Pattern[str]:
    return re.compile(
        rf"(?P<bold>\*\*)?(?:{_NUMBERING}\s*)?"
        rf"(?:(?:(?P<latin>{latin})|{chinese})\s?(?P<number>{_DIGITS})?\s?(?(bold)(?P<inner>\*\*)?)(?P<stop>[：:.．、])"
        rf"|[【\[](?:{chinese})(?P<boxed>{_DIGITS})?[】\]][：:]?)"
        r"(?(inner)|(?(bold)(?P<close>\s*\*\*)?))\s*"
    )


_ASKS = _mark("问题?|提问", "Q(?:uestion|UESTION)?")
_LATE = re.compile(
    r"(\d{1,3})(?:[.、)）](?!\d)|\s)\s*(?=\S)"
)  # "Q:12 What": the number behind the mark, without a space.
_ANSWERS = _mark("答案?|回答", "A(?:nswer|NSWER)?")
_INLINE = re.compile(r"(?<=[？?])\s*(?=(?:答案?|回答|A)\s?[：:])|(?<=[。！？!?])\s*(?=(?:问题?|提问)\s?[：:])")
_COLON = r"(?:(?(bold)(?P<closed>\*\*[：:]|[：:]\s*\*\*)|(?!))|[：:])"
_ASKER = re.compile(
    r"(?P<bold>\*\*)?[【\[]?[\u4e00-\u9fff]{0,10}(?:记者|主持人)[ \u00b7\u4e00-\u9fffA-Z]{0,8}[】\]]?"
    rf"{_COLON}\s*"
)
_SPEAKER = re.compile(
    r"(?P<bold>\*\*)?[【\[]?(?P<name>[\u4e00-\u9fff·]{2,14}|[A-Z][A-Za-z.'-]*(?: [A-Z][A-Za-z.'-]*){0,3})[】\]]?"
    rf"{_COLON}\s*(?=\S)"
)
_NO_SPEAKER = re.compile(
    r"(?:注|备注|提示|时间|地点|来源|摄影|编辑|编者按|说明|图|答案|例如|比如|电话|标题|正文|作者|责编|嘉宾|主题|导语|摘要)"
    r"|[他她].*|.*(?:如下|内容|来源|时间|地点|提示|编辑|报道|表示|认为|指出|强调|[说称道])$"
)
_ASKED = re.compile(r"[？?][”」』）)\"'*]{0,3}$")
_REQUEST = re.compile(r"[？?]|请(?:您|你|问|介绍|谈|讲|说|简单|分享|给)|(?:谈谈|介绍一下|分享一下|说说)")
_INTERROGATIVE = re.compile(
    "什么|甚么|怎|何|吗|嘛|呢|么[？?]|哪|谁|几|多少|多久|多大|多长|多远|多高|是否|能否|可否|还是|([有是能会要该])(?:没|不)\\1?"
)
# Titles that mean something only after what stands before them.
_LEANING = re.compile(
    r"^(?:它|这|那|此|其(?!他|它)|但|不过|而且|而|所以|因此|然后|接下来|接着|下一步|准备好|还有|首先|最后|最终"
    r"|有什么新|你们?(?:会|想|要|真的|准备|是否|怎么[看想])[^？?]{0,16}[？?]+$|想(?:要)?(?:试|了解|知道))"
    r"|它|这(?:个|些|样|里|么|是|会)|那(?:个|些|样)|上[面述]"
    r"|^(?:其他|其它|结果|真的|为什么|怎么办?|如何|什么|然后)*(?:的|呢|吗)*[？?]+$"
    r"|\b(?i:it|this|that|them|these|those|next|now)[？?]+$"
    r"|^(?i:what|why|how|who) (?:is|are|does|do) (?:it|this|they|these)\b"
)
_DEFINED = re.compile("什么是|什么叫|何为|何谓|为什么|(?i:what|why|who) ")
_ARTICLE = re.compile(r"第[零〇一二三四五六七八九十百千\d]{1,6}[条章节编款项]")
_OPTION = re.compile(r"(?:^|\s)[(（]?B\d{0,3}\s?[.．、:：)）]")
_BLANK = re.compile(r"_{4}|（\s{0,20}）\s{0,9}$|…{3}\s{0,9}\d{1,4}$|\.{6}")
_WORDS = re.compile(r"[\u3400-\u9fffA-Za-z]")
_HAN = re.compile(r"[\u3400-\u9fff]")


@dataclass(frozen=True, slots=True)
class _Line:
    """A line with what it may be; ``text`` is without marks and numbers, ``raw`` with them."""

    raw: str
    kind: Literal["text", "asks", "answers", "title", "numbered", "asker", "rule"] = "text"
    text: str = ""
    level: int = 0
    style: str = ""
    number: str = ""
    latin: bool = False

    @property
    def titled(self) -> bool:
        """Whether the line is a question by itself, not by a mark before it."""
        words = len(_WORDS.findall(self.text))
        if words < (3 if _DEFINED.match(self.text) else 5) or len(self.text) > 120 or not _ASKED.search(self.text):
            return False
        if _HAN.search(self.text) and not _INTERROGATIVE.search(self.text):
            return False
        return not _LEANING.search(self.text) and not _ARTICLE.match(self.text)


def pairs_of(text: str, rules: Questions | None = None) -> list[tuple[str, str, bool]]:
    """(question, answer, whether their marks are Latin) of ``text`` in order, by the ``rules``."""
    rules = rules or Questions()
    lines = list(_lines(text, rules))
    pairs, at = [], 0
    while at < len(lines):
        if lines[at].kind == "asks":
            found = _marked(lines, at) or (_titled(lines, at) if lines[at].level and rules.headings else None)
        elif lines[at].kind == "asker":
            found = _interview(lines, at)
        elif lines[at].kind in ("title", "numbered"):
            found = _titled(lines, at)
        else:
            found = None
        if found is None:
            at += 1
            continue
        question, answer, end = found
        answer = [answer[0].lstrip(), *answer[1:]] if answer else []
        asked, answered = "\n".join(question), "\n".join(answer)
        if _sound(question, answer) and sum(not one.isspace() for one in answered) >= rules.least_answer:
            pairs.append((asked, answered, lines[at].latin or not _HAN.search(asked)))
        at = end
    return pairs


_Found = tuple[list[str], list[str], int]


def _marked(lines: list[_Line], at: int) -> _Found | None:
    place = at + 1
    while place < len(lines) and lines[place].kind in ("text", "numbered") and place - at < 20:
        place += 1
    if place == len(lines) or lines[place].kind != "answers":
        return None
    asks, answers = lines[at], lines[place]
    # "A." is more often an option than an answer, and numbers that differ belong to different questions.
    if (answers.style == "." and asks.style != ".") or (asks.number and answers.number not in ("", asks.number)):
        return None
    question = [one for one in (asks.text, *(line.raw for line in lines[at + 1 : place])) if one.strip()]
    end = _end(lines, place + 1, asks.level)
    rest = [line.text if line.level else line.raw for line in lines[place + 1 : end]]
    return question, [answers.text, *rest] if answers.text else rest, end


def _interview(lines: list[_Line], at: int) -> _Found | None:
    place = at + 1
    while place < len(lines) and lines[place].kind == "text" and not _speaker(lines[place].raw) and place - at < 5:
        place += 1
    question = [lines[at].text, *(line.raw for line in lines[at + 1 : place])]
    if place == len(lines) or not _REQUEST.search("".join(question)):
        return None
    first = lines[place].text if lines[place].kind == "answers" else _speaker(lines[place].raw)
    if not first:
        return None
    end = _end(lines, place + 1)
    return [one for one in question if one], [first, *(line.raw for line in lines[place + 1 : end])], end


def _titled(lines: list[_Line], at: int) -> _Found | None:
    line = lines[at]
    before = lines[at - 1] if at else None
    if not line.titled:
        return None
    if line.kind == "numbered" and before and before.kind == "numbered" and before.titled:
        return None  # A list of questions, the last of which is followed by the text.
    end = at + 1
    while end < len(lines) and lines[end].kind in ("text", "numbered", "answers"):
        if lines[end].kind == "numbered" and (lines[end].titled or lines[end].style == line.style):
            break
        end += 1
    answer = [one.raw for one in lines[at + 1 : end]]
    if answer and lines[at + 1].kind == "answers":
        answer[0] = lines[at + 1].text
    whole = bool(answer) and not answer[-1].endswith(("：", ":", "？", "?")) and any(map(_prose, answer))
    return ([line.text], answer, end) if whole else None


def _end(lines: list[_Line], start: int, level: int = 0) -> int:
    """Where an answer ends that began before ``start``: at the next question, title or rule."""
    for place in range(start, len(lines)):
        line = lines[place]
        deeper = level and line.level > level
        if line.kind in ("asks", "asker", "rule") or (line.kind == "title" and line.level and not deeper):
            return place
    return len(lines)


def _prose(line: str) -> bool:
    return len(_WORDS.findall(line)) >= 6 and not line.startswith(("|", "![", "<", "```", "$ ", "[#]"))


def _sound(question: list[str], answer: list[str]) -> bool:
    """False for options, gaps to be filled in, and questions without a word or as long as a text."""
    if not any(map(str.isalnum, "".join(answer))):
        return False
    if any(map(_OPTION.search, [*question, *answer])) or any(map(_BLANK.search, [*question, answer[0]])):
        return False
    asked = "".join(question)
    return len(_WORDS.findall(asked)) >= 2 and len(asked) <= 2000


def _speaker(line: str) -> str:
    """What a named speaker says on ``line``; empty where none speaks."""
    found = _SPEAKER.match(line)
    return line[found.end() :] if found and not _NO_SPEAKER.match(found["name"]) else ""


def _lines(text: str, rules: Questions) -> Iterator[_Line]:
    """The lines that are not blank, by what they are; those of code are text, blank ones among them too."""
    code, first = False, True
    headed = len(re.findall(r"(?m)^#{1,6} ", text)) > 1
    for whole in text.split("\n"):
        bare = whole.strip(" \t\r\u00a0\u3000")
        if _FENCE.match(bare) or code:
            code = code != bool(_FENCE.match(bare))
            yield _Line(whole.rstrip("\r"))
            continue
        if not bare:
            continue
        for part in _INLINE.split(bare) if rules.marked and _ASKS.match(bare) else [bare]:
            line = _line(part, whole.rstrip(), rules)
            # The title of an article is a question that all of it answers.
            if line.kind == "title" and line.level == 1 and first and headed:
                line = _Line(line.raw, "rule")
            yield line
            first = False


def _line(bare: str, whole: str, rules: Questions) -> _Line:
    raw = bare if len(bare) < len(whole.strip()) else whole.lstrip("\u3000")
    # Four spaces before it make of a heading a line of code, such as a comment of a shell.
    heading = None if whole.expandtabs(4).startswith("    ") else _HEADING.match(bare)
    level = len(heading[1]) if heading else 0
    body = heading[2].rstrip("#").rstrip() if heading else bare
    if rules.marked:
        kinds: tuple[tuple[Literal["asks", "answers"], re.Pattern[str]], ...] = (("asks", _ASKS), ("answers", _ANSWERS))
        for kind, pattern in kinds:
            if (mark := pattern.match(body)) and mark.end():
                said = _unbolded(body[mark.end() :], bool(mark["bold"]) and not (mark["inner"] or mark["close"]))
                number = mark["number"] or mark["boxed"] or ""
                latin = bool(mark["latin"])
                if kind == "asks" and latin and mark[0].endswith(mark["stop"]) and (late := _LATE.match(said)):
                    number, said = late[1], said[late.end() :]
                style = "." if mark["stop"] in (".", "．", "、") else ":"
                if style == ":" or latin:
                    return _Line(raw, kind, said, level, style, number, latin)
    if _RULE.match(bare):
        return _Line(raw, "rule")
    if rules.interviews and (asker := _ASKER.match(body)):
        return _Line(raw, "asker", _unbolded(body[asker.end() :], bool(asker["bold"]) and not asker["closed"]))
    bold = _BOLD.match(body)
    plain = bold[1].strip() if bold else body
    numbered = _NUMBERED.match(plain)
    text = plain[numbered.end() :] if numbered else plain
    if heading or (bold and len(plain) <= 120):
        return _Line(raw, "title" if rules.headings or heading else "text", text, level)
    if numbered and rules.numbered:
        return _Line(raw, "numbered", text, style=re.sub(rf"\d+|{_NUMERAL}", "1", numbered[1]))
    return _Line(raw)


def _unbolded(said: str, opened: bool) -> str:
    return said.removesuffix("**").rstrip() if opened and said.count("**") % 2 else said


def _suspects(rules: Questions) -> str:
    """What a text has that any of the rules could find a pair in."""
    start, end = r"(?m)^[ \t\u{3000}]*", r"[^\n]*[？?][”」』）)\"'*# \t\r]{0,9}$"
    marks = {
        "marked": rf"(?:答案?|A|Answer|ANSWER)\s?(?:{_DIGITS})?\s?[】\]]?(?:\*\*)?[：:.．】\]]",
        "interviews": r"(?:记者|主持人)[^\n：:]{0,12}[：:]",
        "numbered": rf"{start}[(（]?(?:{_DIGITS})[.、．)）]{end}",
        "headings": rf"{start}(?:#|\*\*){end}",
    }
    return "|".join(f"(?:{pattern})" for name, pattern in marks.items() if getattr(rules, name))


@operator(
    "extract_qa",
    title=("问答抽取", "question-answer extraction"),
    summary=(
        "将正文改写为其中的问答对：每对写作“问：…”“答：…”（英文为 Q: …、A: …），各对之间空一行。",
        "Texts become their pairs of question and answer: blocks Q: … / A: …, with an empty line between.",
    ),
    kind="map",
    parameters=Questions,
    cost=140.0,
)
def extract_qa(batch: pl.DataFrame, parameters: Questions) -> pl.DataFrame:
    """Texts become their pairs of question and answer: blocks 问：…/答：… (Q: …/A: …) with an empty line between."""
    text = batch["text"]
    places = text.str.contains(_suspects(parameters)).arg_true()
    found = [_written(pairs_of(one, parameters)) for one in text.gather(places)]
    rest = text if parameters.otherwise == "keep" else pl.Series("text", [""] * len(text), pl.String)
    kept = [(place, one) for place, one in zip(places, found, strict=True) if one]
    fresh = rest.clone().scatter([place for place, _ in kept], pl.Series([one for _, one in kept], dtype=pl.String))
    return rewritten(batch, pl.lit(fresh))


@operator(
    "dialogue",
    title=("对话", "dialogue"),
    summary=(
        "以说话人开头的行所占比例，以及按全部规则可抽取的问答对数。",
        "How many lines begin with a speaker, and how many pairs of question and answer are found with all rules.",
    ),
    kind="stat",
    writes={
        "speaker_lines": ("以说话人开头的行比例", "lines that begin with a speaker"),
        "question_answer_pairs": ("问答对数", "pairs of question and answer"),
    },
    parameters=Nothing,
    cost=110.0,
    version=2,
)
def dialogue(batch: pl.DataFrame, parameters: Nothing) -> pl.DataFrame:
    """How many lines begin with a speaker, and how many pairs ``extract_qa`` finds with all its rules."""
    del parameters
    rules, text = Questions(), batch["text"]
    places = text.str.contains(_suspects(rules)).fill_null(False).arg_true()
    found = pl.Series([len(pairs_of(one, rules)) for one in text.gather(places)], dtype=pl.Float32)
    pairs = pl.zeros(batch.height, pl.Float32, eager=True).scatter(places, found)
    speaker = pl.col("line").str.contains(r"^(?:[\u{4e00}-\u{9fff}A-Za-z]{1,8}|[QA])\s?[：:]\s?\S")
    counted = per_row(batch, lines_of(batch), {"speaker_lines": speaker.mean()})
    return counted.with_columns(question_answer_pairs=pairs)


def _written(pairs: list[tuple[str, str, bool]]) -> str:
    blocks = []
    for asked, answered, latin in pairs:
        question, answer = ("Q: ", "A: ") if latin else ("问：", "答：")
        # A fence is one only where its line begins with it.
        between = "\n" if _FENCE.match(answered) else ""
        blocks.append(f"{question}{asked}\n{answer.rstrip() if between else answer}{between}{answered}")
    return "\n\n".join(blocks)
