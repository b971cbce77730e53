"""Nothing that a room keeps for an organisation is left out of the organisation's export unawares."""

from __future__ import annotations

import re
from pathlib import Path

from sqlalchemy import LargeBinary, inspect

from ceyuan.identity import OrganisationData, OrganisationRows, PersonalData, PersonalRows
from ceyuan.kernel.secrets import Sealed
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


def test_no_export_holds_what_is_sealed(tmp_path: Path) -> None:
    platform = build_platform(ServerSettings(data_dir=tmp_path / "data"))
    for filled in [*platform.find(OrganisationData), *platform.find(PersonalData)]:  # type: ignore[type-abstract]
        for rows in filled.rows if isinstance(filled, OrganisationRows | PersonalRows) else ():
            columns = inspect(rows.table).columns
            secret = {column.key for column in columns if isinstance(column.type, LargeBinary | Sealed)} - rows.without
            assert not secret, f"{rows.table.__tablename__} hands out {secret}"


def test_what_is_secret_is_found_when_the_master_key_is_changed() -> None:
    rooms.load_tables()
    plain = {
        f"{table.name}.{column.name}"
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, LargeBinary) and re.search("secret|token|password|(?<!public_)key", column.name)
    }
    assert plain == set(), "give the columns the type Sealed"


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
