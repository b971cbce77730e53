"""Documents of a corpus are found by what they are and counted by class, in both languages."""

from pathlib import Path
from typing import Any

import pytest

from ceyuan.data.corpus.browse import browse
from ceyuan.data.corpus.trace import trace
from ceyuan.data.problems import DataProblem
from tests.data.versions.test_publish import collected, run

STATUTE = (
    "第一条　为了规范法院的诉讼程序，制定本条例。\n"
    "第二条　当事人违反本法规定的，法院判决。\n"
    "第三条　本法自公布之日起施行{}。\n"
)
CLINIC = "患者到医院就诊，医生诊断为感染，给予药物治疗，症状在第{}天消失，病人恢复良好，没有并发症。"
PLAIN = "春天来了，院子里的花一朵一朵地开了，孩子们在树下追着蝴蝶跑来跑去，一共{}只。"
STEPS = [{"operator": "field"}, {"operator": "form"}]


def corpus(root: Path, steps: list[dict[str, str]]) -> Path:
    wanted = {f"law{n}.txt": STATUTE.format("，解释权归第" + "甲乙丙"[n] + "部门") for n in range(3)}
    wanted |= {f"clinic{n}.txt": CLINIC.format("三五"[n]) + "病情" * n for n in range(2)}
    wanted |= {"plain.txt": PLAIN.format("七"), "short.txt": "短"}
    run(
        collected(root / "raw", wanted),
        root / "store",
        root / "made",
        recipe={"steps": steps, "duplicates": {"near": False}},
    )
    return root / "made"


@pytest.fixture(scope="module")
def classified(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return corpus(tmp_path_factory.mktemp("classified"), STEPS)


def counts(found: dict[str, Any], facet: str) -> dict[str, int]:
    return {one["value"]: one["documents"] for one in found["facets"][facet]}


def test_each_class_is_counted_and_named_in_both_languages(classified: Path) -> None:
    found = browse(classified, {}, 50, 0)
    assert counts(found, "field") == {"law": 3, "medicine": 2, "other": 2}
    assert counts(found, "form") == {"prose": 4, "statute": 3}
    assert counts(found, "reason") == {"too_short": 1}
    assert counts(found, "domain") == {"general": 7}
    names = {one["value"]: one["names"] for facet in found["facets"].values() for one in facet}
    assert names["medicine"] == ["医疗", "medicine"]
    assert names["statute"] == ["条文", "articles of a law"]
    assert names["too_short"] == ["过短", "too short"]
    assert [one["value"] for one in found["facets"]["form"]] == ["prose", "statute"], "the most frequent first"
    assert {row["id"]: (row["field"], row["form"]) for row in found["documents"]}["own/law0.txt"] == ("law", "statute")


def test_a_facet_counts_what_fits_the_other_filters(classified: Path) -> None:
    found = browse(classified, {"field": "law"}, 50, 0)
    assert found["total"] == len(found["documents"]) == 3
    assert counts(found, "form") == {"statute": 3}
    assert counts(found, "field") == {"law": 3, "medicine": 2, "other": 2}, "so that another one can be chosen"
    both = browse(classified, {"form": "prose", "state": "kept"}, 1, 0)
    assert (both["total"], len(both["documents"])) == (3, 1)
    assert counts(both, "field") == {"medicine": 2, "other": 1}
    assert counts(browse(classified, {"text": "院子里"}, 50, 0), "field") == {"other": 1}
    assert browse(classified, {"field": "sports"}, 50, 0)["total"] == 0


def test_a_document_tells_its_classes_in_both_languages(classified: Path) -> None:
    told = {one["name"]: one for one in trace(classified, "own/law0.txt", [])["statistics"]}
    assert told["field"]["value_names"] == ["法律", "law"]
    assert "value_names" not in told["characters"]
    assert told["bytes"]["names"] == ["正文字节数", "bytes of text"]


def test_an_unknown_class_and_an_unclassified_corpus_are_told_how_to_mend_it(classified: Path, tmp_path: Path) -> None:
    with pytest.raises(DataProblem, match="class_unknown: There is no form novel; there are: code, statute"):
        browse(classified, {"form": "novel"}, 50, 0)
    plain = corpus(tmp_path, [])
    found = browse(plain, {}, 50, 0)
    assert (found["facets"]["field"], found["documents"][0]["field"]) == ([], None)
    assert counts(found, "domain") == {"general": 7}
    with pytest.raises(DataProblem, match=r"not_classified: .*add the operator field"):
        browse(plain, {"field": "law"}, 50, 0)
