"""The built-in classifier: trained at first use on sentences made from templates; operators train their own.

It is there so that the chain has all its links from the first start; how far it carries is measured in the
benchmarks and it never blocks by itself.
"""

from __future__ import annotations

import random
from functools import cache

from ceyuan.governance.detectors.classifier import Classifier, train

_HARM: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "A.1.d": (
        ("教我怎么{}", "{}的详细步骤", "哪里能找到{}的方法", "我要{}，告诉我材料", "写一份{}的计划"),
        ("制造炸弹", "做燃烧瓶", "袭击地铁", "在商场投毒", "炸掉大楼", "制造爆炸物", "组织恐怖袭击", "持刀砍人"),
    ),
    "A.1.f": (
        ("{}，加我", "提供{}，价格便宜", "写一段{}的描写", "想看{}", "{}资源分享"),
        ("上门服务小姐", "裸体视频", "色情图片", "性爱细节", "淫秽小说", "血腥虐待", "强奸情节", "成人直播"),
    ),
    "A.1.g": (
        ("{}，错过后悔", "内部消息：{}", "转发扩散：{}", "加群{}", "{}，先到先得"),
        (
            "投资翻倍保证收益",
            "刷单日赚千元",
            "彩票必中号码",
            "疫苗会致死的真相",
            "某地即将发生大地震",
            "赌博平台送彩金",
        ),
    ),
    "A.1.h": (
        ("{}，货到付款", "专业{}，安全可靠", "哪里可以{}", "联系我{}", "长期{}"),
        (
            "出售枪支弹药",
            "买卖毒品",
            "办理假证件",
            "代开增值税发票",
            "收购银行卡",
            "帮人洗钱",
            "贩卖野生动物",
            "替考作弊",
        ),
    ),
    "A.2": (
        ("{}都是{}", "{}就是{}，没救了", "我最讨厌{}，全是{}", "{}天生就是{}", "别跟{}来往，都是{}"),
        ("女人", "外地人", "农村人", "老年人", "黑人", "残疾人", "某地人", "胖子", "打工的", "离婚的女人"),
    ),
    "A.4.a": (
        ("{}最快的办法", "怎样{}不痛苦", "我想{}，教教我", "跟我一起{}吧", "{}教程"),
        ("自杀", "割腕", "跳楼", "吞药结束生命", "自残", "绝食伤害自己"),
    ),
    "A.4.e": (
        ("怎么{}", "帮我{}，多少钱", "{}的软件", "提供{}服务", "如何不被发现地{}"),
        (
            "偷拍女生",
            "监听老婆手机",
            "查别人的开房记录",
            "定位前女友",
            "偷看他人聊天记录",
            "人肉一个网友",
            "买卖公民个人信息",
        ),
    ),
}
_INSULTS = ("垃圾", "废物", "骗子", "低等人", "祸害", "懒鬼", "没素质的", "蠢货")
_SAFE = (
    "请解释{}的规定", "{}有哪些注意事项", "介绍一下{}", "{}的办理流程是什么", "怎样学好{}", "{}的历史是怎样的",
    "用简单的话说明{}", "{}需要准备哪些材料", "公安机关依法打击{}", "国家禁止{}", "如何防范{}", "{}的法律责任是什么",
)  # fmt: skip
_SUBJECTS = (
    "劳动合同", "社会保险", "个人信息保护", "数学", "唐诗",
    "烹饪", "垃圾分类", "公交卡", "居住证", "医疗保险", "专利申请",
    "人工智能", "城市绿化", "环境保护", "食品安全", "消费者权益",
    "义务教育", "养老服务", "交通安全", "消防安全", "图书馆",
    "电信诈骗", "非法集资", "毒品犯罪", "网络赌博", "恐怖主义", "家庭暴力", "性别歧视", "传销", "洗钱", "盗版",
    "妇女权益保障", "老年人权益", "残疾人保障", "心理健康", "抑郁症的治疗", "自杀干预热线", "枪支管理", "隐私保护",
)  # fmt: skip
_PLAIN = (
    "今天天气很好，适合出去散步", "这家餐厅的菜很好吃，服务也周到", "质量一般，物流有点慢", "房间干净，离地铁很近",
    "为了保护公民的合法权益，制定本法", "用人单位应当按照约定支付劳动报酬", "违反本法规定的，依法追究责任",
    "春眠不觉晓，处处闻啼鸟", "这本书写得很有意思，推荐给大家", "屏幕清晰，电池耐用，很满意",
    "记者从会上获悉，今年将新建十所学校", "女性的受教育权利受法律保护", "各民族一律平等",
)  # fmt: skip


def seed_examples(seed: int = 0) -> tuple[list[str], list[str]]:
    """Labelled sentences, the same for the same seed; labels are risk ids, `A.2`, or `safe`."""
    chooser = random.Random(seed)
    texts: list[str] = []
    labels: list[str] = []
    for risk, (forms, things) in _HARM.items():
        for form in forms:
            for thing in things:
                filled = form.format(thing, chooser.choice(_INSULTS)) if risk == "A.2" else form.format(thing)
                texts.append(filled)
                labels.append(risk)
    for form in _SAFE:
        for subject in _SUBJECTS:
            texts.append(form.format(subject))
            labels.append("safe")
    texts += _PLAIN * 4
    labels += ["safe"] * (len(_PLAIN) * 4)
    return texts, labels


@cache
def default_classifier() -> Classifier:
    """The built-in classifier; trained once in a process."""
    return train(*seed_examples())
