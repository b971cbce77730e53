"""Modules of the mixing engine can be had alone, whatever was imported before."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize("name", ["chain", "ledger", "recount", "mix", "exporting"])
def test_a_module_is_imported_first(name: str) -> None:
    call = [sys.executable, "-c", f"import ceyuan.data.mixing.{name}"]
    assert subprocess.run(call, check=False, capture_output=True).returncode == 0
