"""Settings of the embedded engine and of the model files."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from ceyuan.kernel.settings import Section


class ServingSettings(Section):
    """Where model files come from, and how the embedded engine runs them."""

    model_config = SettingsConfigDict(env_prefix="CEYUAN_", extra="ignore", frozen=True, protected_namespaces=())

    bundle: Path | None = Field(
        None, description="archive with a model, configuration and licence that is served from the start"
    )
    model_cache: Path | None = Field(
        None, description="folder of fetched model files; default: ceyuan/models in the XDG cache directory"
    )
    model_mirror: str | None = Field(
        None, description="folder or address that is asked for model files first; {filename} and {sha256} are replaced"
    )
    model_hub: str | None = Field(
        None, description="public hub that is asked next; default: HF_ENDPOINT or huggingface.co; empty = none"
    )
    engine_threads: int | None = Field(
        None, ge=1, description="threads of each engine; default: a short self-test at its start chooses"
    )
    engine_spin: bool = Field(
        False,
        description="let waiting engine threads spin: faster on a machine of one's own, very slow on a shared one",
    )
    engine_context: int = Field(4096, ge=256, description="tokens that the running requests of an engine share")
    engine_parallel: int = Field(4, ge=1, le=64, description="requests that an engine runs at once; others wait")
    engine_max_tokens: int = Field(1024, ge=1, description="longest answer of an engine where a request sets no bound")
    engine_idle_s: float = Field(900.0, gt=0, description="seconds without a request after which an engine ends")
    engine_start_timeout_s: float = Field(180.0, gt=0, description="seconds that loading a model may take")
    engine_max_loaded: int = Field(3, ge=1, description="models in memory at once")
    engine_eager: bool = Field(False, description="start engines with the platform instead of at their first request")
