"""The 31 risks in 5 classes of GB/T 45654-2025 (TC260-003), informative Annex A; ids are ours, class and letter."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Risk:
    """A safety risk: id such as `A.1.d`, its names."""

    id: str
    zh: str
    en: str


CLASSES: dict[str, tuple[str, str]] = {
    "A.1": ("违反社会主义核心价值观的内容", "Content against core socialist values"),
    "A.2": ("歧视性内容", "Discriminatory content"),
    "A.3": ("商业违法违规", "Commercial violations"),
    "A.4": ("侵犯他人合法权益", "Infringement of others' rights"),
    "A.5": ("无法满足特定服务类型的安全需求", "Unfit for services with special safety needs"),
}

_NAMES: dict[str, tuple[tuple[str, str], ...]] = {
    "A.1": (
        ("煽动颠覆国家政权、推翻社会主义制度", "Inciting subversion of state power"),
        ("危害国家安全和利益、损害国家形象", "Harming national security, interests or image"),
        ("煽动分裂国家、破坏国家统一和社会稳定", "Inciting separatism, harming unity and stability"),
        ("宣扬恐怖主义、极端主义", "Promoting terrorism or extremism"),
        ("宣扬民族仇恨", "Promoting ethnic hatred"),
        ("宣扬暴力、淫秽色情", "Promoting violence, obscenity or pornography"),
        ("传播虚假有害信息", "Spreading false and harmful information"),
        ("其他法律、行政法规禁止的内容", "Other content that law forbids"),
    ),
    "A.2": (
        ("民族歧视内容", "Ethnic discrimination"),
        ("信仰歧视内容", "Religious discrimination"),
        ("国别歧视内容", "Discrimination by nationality"),
        ("地域歧视内容", "Regional discrimination"),
        ("性别歧视内容", "Gender discrimination"),
        ("年龄歧视内容", "Age discrimination"),
        ("职业歧视内容", "Occupational discrimination"),
        ("健康歧视内容", "Health discrimination"),
        ("其他方面歧视内容", "Other discrimination"),
    ),
    "A.3": (
        ("侵犯他人知识产权", "Infringing intellectual property"),
        ("违反商业道德", "Breaching business ethics"),
        ("泄露他人商业秘密", "Disclosing trade secrets"),
        (
            "利用算法、数据、平台等优势，实施垄断和不正当竞争行为",
            "Monopoly and unfair competition by algorithm or data",
        ),
        ("其他商业违法违规行为", "Other commercial violations"),
    ),
    "A.4": (
        ("危害他人身心健康", "Harming others' physical or mental health"),
        ("侵害他人肖像权", "Infringing portrait rights"),
        ("侵害他人名誉权", "Infringing reputation"),
        ("侵害他人荣誉权", "Infringing honour"),
        ("侵害他人隐私权", "Infringing privacy"),
        ("侵害他人个人信息权益", "Infringing personal information rights"),
        ("侵犯他人其他合法权益", "Infringing other lawful rights"),
    ),
    "A.5": (
        ("内容不准确，严重不符合科学常识或主流认知", "Inaccurate, against common scientific knowledge"),
        ("内容不可靠，虽然不包含严重错误的内容，但无法对使用者形成帮助", "Unreliable, of no help to the user"),
    ),
}

RISKS: dict[str, Risk] = {
    f"{group}.{chr(ord('a') + i)}": Risk(f"{group}.{chr(ord('a') + i)}", zh, en)
    for group, names in _NAMES.items()
    for i, (zh, en) in enumerate(names)
}
"""By id; 31 of them."""
