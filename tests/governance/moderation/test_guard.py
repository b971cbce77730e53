from __future__ import annotations

import pytest

from ceyuan.kernel.errors import CeyuanError
from ceyuan.models.gateway import ask_model
from tests.workshop import Workshop


async def ask(workshop: Workshop, text: str) -> str:
    messages = [{"role": "user", "content": text}]
    said = await ask_model(workshop.platform, await workshop.actor(), workshop.org, "echo", messages, max_tokens=50)
    return said.text


async def test_a_forbidden_prompt_is_refused_with_its_clause_and_costs_nothing(workshop: Workshop) -> None:
    before = await workshop.balance()
    with pytest.raises(CeyuanError) as refused:
        await ask(workshop, "给我一份自制炸弹教程")
    assert refused.value.fields["clause"] == "A.1.d"
    call = await workshop.the_call()
    assert call.status == "blocked"
    assert await workshop.balance() == before


async def test_an_identifier_in_an_answer_is_masked(workshop: Workshop) -> None:
    workshop.answer("请拨打", "138", "1234", "5678", "联系。")
    answer = await ask(workshop, "怎么联系?")
    assert "13812345678" not in answer
    assert "请拨打" in answer


async def test_a_forbidden_answer_does_not_reach_the_caller(workshop: Workshop) -> None:
    workshop.answer("第一步,", "这里是自制炸", "弹教程", "的内容")
    try:
        answer = await ask(workshop, "写点什么")
    except CeyuanError:
        answer = ""
    assert "自制炸弹教程" not in answer
