"""People, organisations, teams and roles; how they prove who they are (passwords, one-time codes, single sign-on,
sessions, access tokens); and what the platform tells them (inbox, e-mail, webhooks, announcements).

Every request becomes a `kernel.actor.Actor` here. What people and organisations own, spend or run is for the
rooms above, which know them by id and by the values exported here.
"""

from ceyuan.identity.access.credential import Credential, credential_of, require_admin, require_own_hands
from ceyuan.identity.access.forgetting import CONCERNS
from ceyuan.identity.access.scopes import ScopeRoom
from ceyuan.identity.administration.bootstrap import ensure_first_admin, give_new_password
from ceyuan.identity.errors import OrganisationNotFound, PersonNotFound, TokenRejected
from ceyuan.identity.names import ReservedNames
from ceyuan.identity.notices.addresses import check_url as check_webhook_url
from ceyuan.identity.notices.inbox import notify, settle
from ceyuan.identity.notices.outbox import queue_webhooks
from ceyuan.identity.organisations.kinds import KINDS
from ceyuan.identity.organisations.members import add_member
from ceyuan.identity.organisations.service import found_organisation
from ceyuan.identity.origin import PublicAddress
from ceyuan.identity.people.duties import Duty
from ceyuan.identity.privacy.hooks import ExportFile, OrganisationData, PersonalData, json_file
from ceyuan.identity.privacy.rows import OrganisationRows, PersonalRows, Rows
from ceyuan.identity.references import (
    OrganisationRef,
    PersonRef,
    actor_for,
    credential_changes,
    first_admin_actor,
    get_organisation,
    get_person,
    member_ids,
    org_by_name,
    organisations_by_id,
    organisations_of,
    people_by_id,
    people_with_duty,
    require_role_in,
    resolve_names,
    team_ids_of,
    token_credential,
    verify_token,
)
from ceyuan.identity.settings import WebhookSettings
from ceyuan.identity.telling import Listener
from ceyuan.identity.tokens.service import Issued, issue_personal, issue_service

CREDENTIAL_TOPICS = tuple(CONCERNS)
"""Events after which a cached credential may no longer be right."""

__all__ = [
    "CREDENTIAL_TOPICS",
    "KINDS",
    "Credential",
    "Duty",
    "ExportFile",
    "Issued",
    "Listener",
    "OrganisationData",
    "OrganisationNotFound",
    "OrganisationRef",
    "OrganisationRows",
    "PersonNotFound",
    "PersonRef",
    "PersonalData",
    "PersonalRows",
    "PublicAddress",
    "ReservedNames",
    "Rows",
    "ScopeRoom",
    "TokenRejected",
    "WebhookSettings",
    "actor_for",
    "add_member",
    "check_webhook_url",
    "credential_changes",
    "credential_of",
    "ensure_first_admin",
    "first_admin_actor",
    "found_organisation",
    "get_organisation",
    "get_person",
    "give_new_password",
    "issue_personal",
    "issue_service",
    "json_file",
    "member_ids",
    "notify",
    "org_by_name",
    "organisations_by_id",
    "organisations_of",
    "people_by_id",
    "people_with_duty",
    "queue_webhooks",
    "require_admin",
    "require_own_hands",
    "require_role_in",
    "resolve_names",
    "settle",
    "team_ids_of",
    "token_credential",
    "verify_token",
]
