"""`ceyuan partner` without a platform: what is sent for a file, and what is refused before anything is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ceyuan.cli import partner
from ceyuan.compute.catalogue.schemas import OfferIn
from ceyuan.kernel.errors import Invalid

OFFER = """
title: 京算 H800
list_yuan: 20
spot_yuan: 6.5
bands: [{from_hour: 0, to_hour: 8, yuan: 8}]
expires_at: 2027-12-31T00:00:00+08:00
"""


class Recorder:
    """Takes what would be sent."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str, Any]] = []

    def call(self, method: str, path: str, json: Any = None) -> dict[str, Any]:
        self.sent.append((method, path, json))
        return {"id": "cof_1"}

    def post(self, path: str, body: Any = None) -> dict[str, Any]:
        return self.call("POST", path, body)

    def pages(self, path: str, **params: Any) -> list[dict[str, Any]]:
        return [{"id": "cst_1", "partner_id": "cpt_1"}]


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    found = Recorder()
    monkeypatch.setattr(partner, "Api", lambda: found)
    return found


def test_prices_in_a_file_may_stand_in_yuan(tmp_path: Path) -> None:
    path = tmp_path / "offer.yaml"
    path.write_text(OFFER)
    fields = partner.read_fields(path, OfferIn, pool_id="cpl_1")
    assert (fields["list_micro"], fields["spot_micro"]) == (20_000_000, 6_500_000)
    assert fields["bands"] == [{"from_hour": 0, "to_hour": 8, "micro": 8_000_000}]
    assert (fields["expires_at"], fields["pool_id"]) == ("2027-12-31T00:00:00+08:00", "cpl_1")
    assert OfferIn.model_validate(fields).list_micro == 20_000_000


@pytest.mark.parametrize(
    ("before", "after", "word"),
    [("list_yuan", "lst_yuan", "lst_yuan"), (": 20", ": dear", "dear"), (": 20", ": 0.0000001", "list_yuan")],
)
def test_what_cannot_be_is_named_in_one_line(tmp_path: Path, before: str, after: str, word: str) -> None:
    path = tmp_path / "offer.yaml"
    path.write_text(OFFER.replace(before, after, 1))
    with pytest.raises(Invalid) as refused:
        partner.read_fields(path, OfferIn)
    assert word in refused.value.message[1]


def test_each_thing_goes_to_its_own_place(tmp_path: Path, recorder: Recorder) -> None:
    path = tmp_path / "any.yaml"
    path.write_text("name: A\n")
    offer = tmp_path / "offer.yaml"
    offer.write_text(OFFER)
    for words in (
        ["add-site", str(path), "--partner", "cpt_1"],
        ["change-site", "cst_1", str(path)],
        ["add-pool", str(path), "--site", "cst_1"],
        ["add-offer", str(offer), "--pool", "cpl_1"],
        ["decide-offer", "cof_1", "suspend", "--form", "reason=a=b"],
    ):
        assert CliRunner().invoke(partner.app, words).exit_code == 0
    base = "/api/v1/compute"
    assert [(method, path) for method, path, _ in recorder.sent] == [
        ("POST", f"{base}/sites"),
        ("PUT", f"{base}/sites/cst_1"),
        ("POST", f"{base}/pools"),
        ("POST", f"{base}/offers"),
        ("POST", f"{base}/offers/cof_1/decision"),
    ]
    assert recorder.sent[1][2] == {"partner_id": "cpt_1", "name": "A"}
    assert recorder.sent[-1][2] == {"decision": "suspend", "form": {"reason": "a=b"}}
