"""Where the master key comes from."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr

from ceyuan.kernel.settings import Section


class SecretSettings(Section):
    """The key that protects all stored secrets; it lives outside the database."""

    key_file: Path | None = Field(
        default=None, description="key file, mode 0600; by default keys/master.json under the data directory"
    )
    master_key: SecretStr | None = Field(
        default=None,
        description="the key itself instead of a file: 32 bytes in base64, or the whole content of a key file",
    )
