"""Settings: each room declares a section; a value comes from the environment (`CEYUAN_…`) or its default."""

from __future__ import annotations

import re
from typing import TypeVar

from pydantic import ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from ceyuan.kernel.errors import Invalid

_FIELD = re.compile(r'field "(\w+)"')


class Section(BaseSettings):
    """A room's settings. A field `lock_after` of a section is read from `CEYUAN_LOCK_AFTER`, or with the
    section's own `env_prefix`. Every field has a description: the reference is made from them."""

    model_config = SettingsConfigDict(env_prefix="CEYUAN_", extra="ignore", frozen=True)


S = TypeVar("S", bound=Section)


def read_section(kind: type[S]) -> S:
    """The section as the environment has it; raises `Invalid`, which names the variable that cannot be read."""
    try:
        return kind()
    except ValidationError as error:
        first = error.errors()[0]
        name, words = str(first["loc"][0]), str(first["msg"])
    except SettingsError as error:
        # It names the field in its words alone; only fields of several values are read as JSON.
        found = _FIELD.search(str(error))
        name, words = found[1] if found else "", 'not valid JSON, such as ["a", "b"]'
    variable = f"{kind.model_config.get('env_prefix', '')}{name}".upper()
    raise Invalid(
        (f"环境变量 {variable} 无效:{words}", f"the environment variable {variable} is not valid: {words}"),
        hint=("可用的值见 docs/reference/settings.md", "docs/reference/settings.md lists what it may be"),
    )
