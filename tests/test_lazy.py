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


def test_a_library_for_later_is_imported_when_a_name_of_it_is_used() -> None:
    code = """
import sys
from ceyuan.lazy import later
graphlib = later("graphlib")
assert "graphlib" not in sys.modules
assert graphlib.TopologicalSorter is not None
import graphlib as real
assert graphlib.TopologicalSorter is real.TopologicalSorter
try:
    graphlib.nothing
except AttributeError:
    print("as ever")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "as ever"


def test_what_is_put_off_is_whole_for_everybody_else() -> None:
    code = """
import sys
from ceyuan.lazy import put_off
with put_off("xml", "xml.sax"):
    import xml
    from xml import sax
assert "xml" not in sys.modules and "xml.sax" not in sys.modules
import xml.sax.handler
assert sax.make_parser is xml.sax.make_parser and xml.sax is not sax
print("whole")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "whole"
