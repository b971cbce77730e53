from __future__ import annotations

import subprocess
import sys

import pytest

import ceyuan.hub
from ceyuan.hub import _SOURCES


def test_every_name_of_a_lazy_face_is_there_and_no_other() -> None:
    assert sorted(_SOURCES) == sorted(ceyuan.hub.__all__)
    for name in ceyuan.hub.__all__:
        assert getattr(ceyuan.hub, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        ceyuan.hub.nothing  # noqa: B018


def test_an_engine_in_its_own_process_loads_no_database() -> None:
    engines = (
        "ceyuan.kernel.worker",
        "ceyuan.hub.viewer.formats.sql",
        "ceyuan.hub.chunks.process",
        "ceyuan.data.corpus.query",
    )
    code = f"import importlib, sys; [importlib.import_module(m) for m in {engines}]; print('sqlalchemy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.strip() == "False"
