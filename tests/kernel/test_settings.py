from __future__ import annotations

import pytest
from pydantic import Field
from pydantic_settings import SettingsConfigDict

from ceyuan.kernel.errors import Invalid
from ceyuan.kernel.settings import Section, read_section


class Odd(Section):
    model_config = SettingsConfigDict(env_prefix="CEYUAN_ODD_", extra="ignore", frozen=True)
    networks: list[str] = Field(default=[])
    most: int = 3


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("CEYUAN_ODD_NETWORKS", "127.0.0.0/8", "not valid JSON"),
        ("CEYUAN_ODD_MOST", "many", "valid integer"),
        ("CEYUAN_ODD_NETWORKS", "{}", "valid list"),
    ],
)
def test_a_variable_that_cannot_be_read_is_named(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, words: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(Invalid, match=f"{variable} is not valid.*{words}"):
        read_section(Odd)


def test_a_section_is_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CEYUAN_ODD_NETWORKS", '["127.0.0.0/8"]')
    assert (read_section(Odd).networks, read_section(Odd).most) == (["127.0.0.0/8"], 3)
