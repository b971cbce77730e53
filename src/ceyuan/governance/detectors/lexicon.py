"""The built-in starter list: unambiguous terms of trade and instruction, so that a fresh platform is not blind.

It is no library in the sense of the standard (10,000 terms, weekly upkeep): operators bring their own. Terms
that news, law or history use in good faith only flag.
"""

from __future__ import annotations

from collections.abc import Iterator

from ceyuan.governance.detectors.keywords import Keyword, Severity

_TERMS: dict[tuple[str, Severity], str] = {
    ("A.1.a", "flag"): "颠覆国家政权 推翻社会主义制度 武装夺取政权",
    ("A.1.b", "flag"): "出卖国家机密 收买军事情报 窃取国家秘密",
    ("A.1.c", "flag"): "分裂国家 独立建国 策划暴乱",
    (
        "A.1.d",
        "block",
    ): "自制炸弹教程 土制炸弹配方 制造炸弹的方法 炸药配方 圣战招募 人体炸弹制作 自制燃烧弹 加入恐怖组织",
    ("A.1.d", "flag"): "恐怖袭击计划 极端组织宣传",
    ("A.1.e", "flag"): "煽动民族仇恨 种族清洗",
    (
        "A.1.f",
        "block",
    ): "淫秽视频 色情直播 裸聊服务 招嫖 一夜情上门 成人色情网站 儿童色情 幼女视频 援交服务 血腥虐杀视频 雇凶杀人",
    ("A.1.f", "flag"): "色情小说 虐杀动物",
    ("A.1.g", "block"): "刷单返利 稳赚不赔内幕 包赚不赔 博彩平台开户 网络赌场 六合彩内幕 时时彩计划 赌球平台",
    ("A.1.g", "flag"): "包治百病 祖传秘方根治癌症 特效药根治",
    ("A.1.h", "block"): (
        "出售枪支 购买枪支弹药 气枪专卖 仿真枪购买 出售毒品 冰毒购买 海洛因出售 大麻代购 迷药购买 听话水出售 "
        "代开发票 办理假证 出售身份证 银行卡四件套 出售银行卡 跑分平台 洗钱渠道 代考服务 "
        "出售考题答案 人体器官买卖 高利贷暴力催收"
    ),
    ("A.1.h", "flag"): "翻墙软件购买 伪基站设备 黑客接单",
    ("A.2.a", "flag"): "劣等民族 低等民族",
    ("A.2.b", "flag"): "信教的都是骗子 异教徒该死",
    ("A.2.c", "flag"): "外国人滚出去 黑鬼 小日本鬼子",
    ("A.2.d", "flag"): "河南人都是骗子 地域黑 乡下人素质低",
    ("A.2.e", "flag"): "女人就该在家 女司机都不行 娘炮 男人都不是好东西 女的不适合当领导",
    ("A.2.f", "flag"): "老不死的 老东西没用 三十五岁以上不要",
    ("A.2.g", "flag"): "扫大街的低贱 农民工素质差",
    ("A.2.h", "flag"): "残废没资格 精神病都该关起来 胖子都懒",
    ("A.2.i", "flag"): "穷人就是懒 学历低就是废物",
    ("A.3.a", "block"): "破解版下载 盗版资源下载 注册机序列号 代写论文 枪手代写",
    ("A.3.b", "flag"): "刷好评服务 职业差评 水军服务",
    ("A.3.c", "flag"): "出售客户名单 内部机密文件泄露 竞争对手机密",
    ("A.3.e", "flag"): "传销招募 拉人头返利 非法集资项目",
    ("A.4.a", "block"): "自杀方法 无痛自杀 自残教程 相约自杀 怎么自杀 催吐减肥教程",
    ("A.4.b", "flag"): "一键脱衣 换脸色情",
    ("A.4.c", "flag"): "造谣抹黑他 曝光他的丑事",
    ("A.4.e", "block"): "偷拍视频出售 针孔摄像头偷拍 开房记录查询 手机定位他人 监听他人手机 窃听器购买",
    ("A.4.f", "block"): "人肉搜索服务 查身份证信息 户籍信息查询服务 出售个人信息 公民信息出售 社工库",
}
_HARMLESS: dict[str, tuple[str, ...]] = {
    "颠覆国家政权": ("颠覆国家政权罪", "煽动颠覆国家政权罪", "禁止"),
    "分裂国家": ("分裂国家罪", "反分裂国家", "禁止"),
    "窃取国家秘密": ("非法获取国家秘密罪", "不得", "禁止"),
    "煽动民族仇恨": ("煽动民族仇恨、民族歧视罪", "禁止", "不得"),
    "出售个人信息": ("不得", "禁止", "非法出售", "向他人出售"),
    "出售枪支": ("禁止", "不得", "依法", "违反"),
    "出售毒品": ("禁止", "打击"),
}


def default_keywords() -> Iterator[Keyword]:
    """The built-in terms."""
    for (risk, severity), terms in _TERMS.items():
        for term in terms.split():
            yield Keyword(term, risk, severity, _HARMLESS.get(term, ()))
