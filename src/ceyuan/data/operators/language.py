"""Which language a text is in, by script and then by the characters that only one language writes; its field."""

import polars as pl

from ceyuan.data.operators.forms import is_code, is_dialogue
from ceyuan.data.operators.operator import Nothing, operator

__all__ = ["FIELDS", "field", "language"]

FIELDS: dict[str, tuple[tuple[str, str], str]] = {
    "government": (
        ("政务", "government"),
        "国务院|人民政府|办公厅|通知|意见|措施|部门|印发|贯彻|落实|政务|行政审批|规划|工作报告|各区|各单位|市委",
    ),
    "law": (
        ("法律", "law"),
        "本法|条例|规定|法院|判决|诉讼|原告|被告|"
        "当事人|违反|刑法|民法|合同法|仲裁|司法|第[一二三四五六七八九十百千\\d]+条",
    ),
    "finance": (
        ("金融", "finance"),
        "银行|股票|基金|债券|利率|证券|保险|投资者|上市公司|融资|贷款|汇率|财报|市值|信贷|理财",
    ),
    "medicine": (
        ("医疗", "medicine"),
        "患者|医院|治疗|临床|症状|药物|诊断|手术|疾病|剂量|医生|病人|疫苗|血压|肿瘤|感染",
    ),
    "education": (
        ("教育", "education"),
        "学生|教师|课程|学校|教学|考试|高校|招生|课堂|大学|中小学|教材|作业|学位|培训",
    ),
    "science": (
        ("科学", "science"),
        "实验|研究表明|理论|分子|细胞|物理|化学|数学|定理|证明|样本|模型|量子|基因|观测|论文",
    ),
    "news": (
        ("新闻", "news"),
        "记者|报道|新华社|讯|据悉|日电|发布会|采访|通讯员|本报|快讯|举行|宣布",
    ),
    "literature": (
        ("文学", "literature"),
        "小说|诗|散文|故事|她说|他说|笑道|心里|眼睛|月光|爱情|梦|曰|春风|明月",
    ),
    "technology": (
        ("技术", "technology"),
        "软件|命令|配置|安装|服务器|程序|代码|系统|数据库|网络|算法|文件|接口|版本|内核|Linux|Python|函数",
    ),
    "commerce": (
        ("商业", "commerce"),
        "商品|快递|卖家|买家|价格|质量|客服|发货|包装|酒店|服务态度|性价比|购买|订单",
    ),
    "agriculture": (
        ("农业", "agriculture"),
        "农业|农民|种植|粮食|作物|养殖|农村|化肥|土壤|水稻|小麦|畜牧",
    ),
    "transport": (
        ("交通", "transport"),
        "铁路|高速公路|地铁|航班|机场|车辆|驾驶|道路|公交|运输|港口|交通事故",
    ),
    "military": (
        ("军事", "military"),
        "军队|部队|战争|导弹|士兵|国防|战斗机|军舰|作战|演习|军官",
    ),
    "sports": (
        ("体育", "sports"),
        "比赛|球队|冠军|球员|联赛|奥运|教练|进球|决赛|运动员|赛季",
    ),
}
"""Fields with their names in both languages and the words that point to them."""


@operator(
    "language",
    title=("语言", "language"),
    summary=(
        "先按文字系统判定语言，再按虚字区分各类中文；较短的古典诗句判为中文。",
        "The language by script, among the Chinese ones by function characters; short classical verse is Chinese.",
    ),
    kind="stat",
    writes={
        "language": (
            "语言：zh 简体、zh-Hant 繁体、lzh 文言、yue 粤语、ja、ko、en、other",
            "language: zh, zh-Hant, lzh (classical), yue, ja, ko, en, other",
        )
    },
    parameters=Nothing,
    cost=40.0,
)
def language(batch: pl.DataFrame, parameters: Nothing) -> pl.DataFrame:
    del parameters
    text = pl.col("text")

    def count(pattern: str) -> pl.Expr:
        return text.str.count_matches(pattern).cast(pl.Float64)

    counts = batch.select(
        han=count(r"\p{Han}"),
        kana=count(r"[\p{Hiragana}\u{30A1}-\u{30FA}]"),
        hangul=count(r"\p{Hangul}"),
        latin=count(r"\p{Latin}"),
        letters=count(r"\p{L}"),
        english=count(r"(?i)\b(?:the|of|and|to|in|is|for|that|with|on)\b"),
        words=count(r"\p{Latin}+"),
        modern=count("[的了是我你他她们吗呢吧啊这那个说没会們嗎這個說沒會]"),
        classical=count("[之乎者也矣焉哉兮曰吾汝乃耶其於]"),
        cantonese=count("[嘅咗喺唔冇咁哋嚟啲佢俾乜嘢]"),
        traditional=count("[這個們來國說時對會於從讓將與為學點開關門問題現經過還進種後樣]"),
        simplified=count("[这个们来国说时对会从让将与为学点开关门问题现经过还进种后样]"),
    )
    of = pl.col
    chinese = (
        pl.when(of("cantonese") >= 0.2 * (of("modern") + of("cantonese")), of("cantonese") > 0)
        .then(pl.lit("yue"))
        .when(of("classical") > 2 * of("modern"), of("classical") >= 2)
        .then(pl.lit("lzh"))
        .when(of("traditional") > of("simplified"))
        .then(pl.lit("zh-Hant"))
        .otherwise(pl.lit("zh"))
    )
    told = (
        pl.when(of("kana") > 0.15 * (of("kana") + of("han")))
        .then(pl.lit("ja"))
        .when(of("hangul") > of("han"), of("hangul") > 0.3 * of("letters"))
        .then(pl.lit("ko"))
        .when(of("han") >= 0.2 * of("letters"), of("han") > 0)
        .then(chinese)
        .when(of("english") >= 0.08 * of("words"), of("latin") >= 0.5 * of("letters"), of("english") > 0)
        .then(pl.lit("en"))
        .otherwise(pl.lit("other"))
    )
    return batch.with_columns(counts.select(language=told).to_series())


@operator(
    "field",
    title=("领域分类", "field"),
    summary=(
        "正文中提示词命中最多的领域；各领域命中均不足三次的记为“其他”。",
        "The field whose words a text has most of; other where fewer than three of them occur.",
    ),
    kind="stat",
    writes={
        "field": ("领域", "field of knowledge"),
        "field_hits": ("该领域的提示词命中数", "hits of the field's words"),
        "field_margin": ("领先第二名的比例", "lead over the second field"),
    },
    parameters=Nothing,
    cost=14.0,
    version=2,
)
def field(batch: pl.DataFrame, parameters: Nothing) -> pl.DataFrame:
    """The field whose words a text has most of; ``other`` where fewer than three of them occur.

    Code and dialogue are told by their form, whatever they are about.
    """
    del parameters
    text = pl.col("text")
    names = list(FIELDS)
    hits = batch.select(text.str.count_matches(words).cast(pl.Int32).alias(name) for name, (_, words) in FIELDS.items())
    top = hits.select(best=pl.max_horizontal(names), at=pl.concat_list(names))
    second = top.select(pl.col("at").list.sort(descending=True).list.get(1)).to_series()
    place = top.select(pl.col("at").list.arg_max()).to_series()
    name = pl.Series("field", names).gather(place)
    known = top["best"] >= 3
    by_form = batch.with_columns(_lines=text.str.count_matches(r"(?m)^[^\n]*\S[^\n]*$").cast(pl.Int32)).select(
        code=is_code(pl.col("_lines")), dialogue=is_dialogue(pl.col("_lines"))
    )
    told = (
        pl.when(by_form["code"])
        .then(pl.lit("code"))
        .when(by_form["dialogue"])
        .then(pl.lit("dialogue"))
        .when(known)
        .then(name)
        .otherwise(pl.lit("other"))
    )
    return batch.with_columns(
        field=pl.select(told).to_series(),
        field_hits=top["best"],
        field_margin=((top["best"] - second) / top["best"]).fill_nan(0.0).cast(pl.Float32),
    )
