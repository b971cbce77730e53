"""Statistics by pattern: what occurs in a text, how often, and how much of it that is."""

from ceyuan.data.operators.declaring import count_pattern

__all__ = ["BOILERPLATE", "CITATION", "CONTACT", "EMOJI", "LINK", "MARKUP", "NOTICE"]

LINK = r"(?i)(?:https?|ftp)://[^\s<>\u{3000}-\u{303f}\u{4e00}-\u{9fff}\u{ff00}-\u{ffef}]+|(?-u:\b)www\.[\w./?=&%#-]+"
CONTACT = (
    r"(?i)[\w.+-]+@[\w-]+(?:\.[\w-]+)+|(?:\+?86[- ]?)?(?-u:\b)1[3-9]\d[- ]?\d{4}[- ]?\d{4}(?-u:\b)"
    r"|(?-u:\b)0\d{2,3}[- ]\d{7,8}(?-u:\b)|(?:QQ|qq|微信|VX|vx|V信)[号群]?\s?[:：]\s?[\w-]{5,}"
)
EMOJI = r"[\u{1F1E6}-\u{1F1FF}\u{1F300}-\u{1FAFF}\u{2600}-\u{27BF}\u{FE0F}\u{200D}]"
MARKUP = r"</?[A-Za-z][A-Za-z0-9-]{0,20}(?:\s[^<>]{0,500})?/?>|<!--|-->"
CITATION = (
    r"\[\s?\d{1,3}(?:\s?[-–,，、]\s?\d{1,3})*\s?\]|［\d{1,3}］|〔\d{1,2}〕"
    r"|[(（][A-Z][A-Za-z-]+(?: et al\.?| and [A-Z][A-Za-z-]+|等)?[,，] ?(?:19|20)\d\d[a-z]?[)）]"
)
BOILERPLATE = (
    r"责任编辑[:：]|版权所有|转载请注明|未经(?:授权|许可)(?:不得|禁止)转载|点击(?:查看|阅读)(?:更多|全文|原文)|上一[篇页条][:：]"
    r"|下一[篇页条][:：]|返回(?:顶部|首页|列表)|相关(?:阅读|推荐|文章)[:：]?|分享到|打印本页|关闭窗口|扫一扫|扫描二维码"
    r"|免责声明|网站地图|联系我们|关于我们|加入收藏|设为首页|本文来源[:：]|字体[:：]\s?[\[【]?大|ICP备"
    r"|版權所有|責任編輯|轉載請註明|上一頁|下一頁|(?i:all rights reserved|click here|read more|privacy policy)"
)
NOTICE = (
    r"(?i)copyright\s*(?:\(c\)|©)?\s*\d{4}|©\s*\d{4}|SPDX-License-Identifier"
    r"|licensed under the|permission is hereby granted"
)

_PATTERNS = (
    ("links", ("链接", "links"), LINK, ("链接数", "number of links"), ("链接所占比例", "share of links")),
    (
        "contacts",
        ("联系方式", "contacts"),
        CONTACT,
        ("联系方式数", "e-mail addresses, telephone and account numbers"),
        None,
    ),
    ("emoji", ("表情符号", "emoji"), EMOJI, ("表情符号数", "number of emoji"), ("表情符号所占比例", "share of emoji")),
    (
        "markup",
        ("残留标记", "markup left over"),
        MARKUP,
        ("残留标签数", "HTML tags left over"),
        ("标签所占比例", "share of tags"),
    ),
    (
        "entities",
        ("残留实体", "entities left over"),
        r"&(?:#\d{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});",
        ("残留字符实体数", "character entities left over"),
        None,
    ),
    ("citations", ("引文标注", "citations"), CITATION, ("引文标注数", "marks of citations"), None),
    (
        "dates",
        ("日期", "dates"),
        r"(?:19|20)\d\d\s?[年./-]\s?(?:1[0-2]|0?[1-9])(?:\s?[月./-]\s?(?:3[01]|[12]\d|0?[1-9])日?)?|[二一][〇○零九八七六五四三二一]{3}年",
        ("日期数", "number of dates"),
        None,
    ),
    (
        "formulas",
        ("公式", "formulas"),
        r"\\(?:frac|sum|int|alpha|beta|theta|sqrt|left|right|begin|mathbf|mathrm|cdot|partial|infty)\b|\$[^$\n]{1,200}\$",
        ("公式标记数", "marks of formulas"),
        None,
    ),
    (
        "articles",
        ("法条编号", "articles of law"),
        r"第[零〇一二三四五六七八九十百千\d]{1,8}[章节条款项编]",
        ("条、款、项、章节编号数", "numbers of chapters, articles and paragraphs"),
        None,
    ),
    (
        "placeholders",
        ("模板占位", "placeholders"),
        r"\{\{[^{}\n]{0,60}\}\}|\$\{[^{}\n]{0,60}\}|(?i:lorem ipsum)|[XＸ×]{3,}|[_＿]{5,}"
        r"|【(?:请输入|待补充|此处|填写)[^】\n]{0,40}】|%[sd]\b",
        ("模板占位符数", "placeholders of a template"),
        None,
    ),
    (
        "adverts",
        ("广告用语", "advertising"),
        r"加(?:微信|群|V信|薇信)|扫码(?:关注|领取|加群)|限时(?:优惠|抢购|特价)|点击(?:领取|购买|下载)|免费(?:领取|试用|咨询)|包邮|代开发票"
        r"|日赚|月入[\d一二三四五六七八九十过]|刷单|秒杀价|客服(?:微信|QQ)|全网最低|优惠券|关注公众号|一键下载|真人荷官|棋牌|彩票投注",
        ("广告用语数", "phrases of advertising"),
        None,
    ),
    (
        "secrecy",
        ("密级标志", "marks of secrecy"),
        r"(?:绝密|机密|秘密)\s?★|(?:绝密|机密|秘密)[★☆]?\s?\d+\s?[年个]"
        r"|内部(?:资料|文件|使用)[，,、 ]?(?:注意保存|请勿外传|不得外传|严禁外传)?|不予公开|工作秘密",
        ("密级与内部标志数", "marks of secrecy and of internal use"),
        None,
    ),
    (
        "boilerplate",
        ("页面套话", "boilerplate"),
        BOILERPLATE,
        ("页面套话数", "phrases of page furniture"),
        ("套话所占比例", "share of page furniture"),
    ),
    (
        "notices",
        ("版权声明", "licence notices"),
        NOTICE,
        ("版权与许可声明数", "notices of copyright and licence"),
        None,
    ),
    (
        "mentions",
        ("提及与话题", "mentions"),
        r"@[\w\u{4e00}-\u{9fff}-]{2,30}|#[^#\s]{2,30}#|\[[\u{4e00}-\u{9fff}]{1,4}\]",
        ("提及、话题与表情代码数", "mentions, topics and emoticons in brackets"),
        None,
    ),
    (
        "mojibake",
        ("乱码迹象", "signs of mojibake"),
        r"[ÃÂ][\u{80}-\u{bf}]|[äåæçèé][\u{80}-\u{bf}\u{2018}-\u{203a}ŒœŠšŽžŸƒˆ˜€™]{2}|锟斤拷|烫烫烫|屯屯屯|ï¿½|\u{FFFD}{2,}|(?:[鐨涓浠鏄鍦鍙鎴][勶綔嬬澂樊彲]){2,}",
        ("乱码迹象数", "signs of a wrong decoding"),
        None,
    ),
    (
        "personal_numbers",
        ("证件号码", "numbers of documents"),
        r"(?-u:\b)[1-9]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx](?-u:\b)|(?-u:\b)62\d{14,17}(?-u:\b)",
        ("疑似身份证号、银行卡号数", "what looks like identity or bank card numbers"),
        None,
    ),
    (
        "quotations",
        ("引语", "quotations"),
        r"“[^”\n]{2,400}”|「[^」\n]{2,400}」",
        ("引语数", "number of quotations"),
        ("引语所占比例", "share of quotations"),
    ),
)

for _one in _PATTERNS:
    count_pattern(*_one)
