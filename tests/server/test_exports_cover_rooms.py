"""Nothing that a room keeps for an organisation is left out of the organisation's export unawares."""

from __future__ import annotations

from pathlib import Path

from ceyuan.identity import OrganisationData, OrganisationRows
from ceyuan.kernel.tables import Base
from ceyuan.server import rooms
from ceyuan.server.assembly import build_platform
from ceyuan.server.settings import ServerSettings

BY_HAND = {
    # identity, workflow, metering and hub write their own files
    *("access_token", "data_request", "invitation", "organisation_former_name", "organisation_membership"),
    *("organisation_team", "person", "webhook", "notice", "workflow_conflict", "workflow_instance"),
    *("bill", "hold", "ledger_entry", "org_terms", "quota", "usage_event", "wallet"),
    *("hub_collection", "hub_repository", "lineage_node"),
}
DERIVED = {
    # sums and copies of what is exported, and the log that all organisations share
    *("audit_entry", "closed_period", "gateway_minute", "gateway_repeat", "usage_hour"),
}


def test_every_table_with_an_organisation_is_exported(tmp_path: Path) -> None:
    platform = build_platform(ServerSettings(data_dir=tmp_path / "data"))
    rooms.load_tables()
    tables = {mapper.local_table.name for mapper in Base.registry.mappers if "org_id" in mapper.local_table.columns}  # type: ignore[attr-defined]
    exported = {
        rows.table.__tablename__
        for filled in platform.find(OrganisationData)  # type: ignore[type-abstract]
        if isinstance(filled, OrganisationRows)
        for rows in filled.rows
    }
    assert tables - exported - BY_HAND - DERIVED == set(), "declare them in the room's wiring (OrganisationRows)"
