"""The workflows of the catalogue: a partner is admitted, an offer is verified, named, published, live, and ends.

Whatever brings a supplier nearer to the market is for officers who do not belong to it.
"""

from __future__ import annotations

from ceyuan.compute.catalogue import repository
from ceyuan.compute.catalogue.evidence import missing_evidence, usable_until
from ceyuan.compute.catalogue.identifiers import make_identifier
from ceyuan.compute.catalogue.regions import REGIONS
from ceyuan.compute.catalogue.repository import PUBLIC
from ceyuan.compute.catalogue.tariffs import write_down
from ceyuan.kernel.errors import Text
from ceyuan.kernel.workflow import (
    Condition,
    Definition,
    State,
    Step,
    Transition,
    by_outsider,
    forms,
    until,
    working_days,
)

PARTNER, OFFER = "compute_partner", "compute_offer"
OFFICER = ("duty:programme_officer",)
SUPPLIER = ("org:maintainer",)
USABLE = ("live", "degraded")
"""States of an offer in which work may be placed on it."""
UNTIL = "usable_until"


async def _mirror_partner(step: Step) -> None:
    partner = await repository.get_partner(step.uow.session, step.instance.subject)
    partner.state = step.transition.target


async def _mirror(step: Step) -> None:
    offer = await repository.get_offer(step.uow.session, step.instance.subject)
    offer.state = step.transition.target
    if offer.state == "live":
        await write_down(step.uow.session, offer, step.uow.clock.now())
    step.instance.data = {**step.instance.data, UNTIL: offer.usable_until.isoformat()}
    await step.uow.publish("compute.offer_moved", offer_id=offer.id, org_id=offer.org_id, state=offer.state)


async def _issue(step: Step) -> None:
    offer = await repository.get_offer(step.uow.session, step.instance.subject)
    if offer.identifier is None:
        offer.identifier = make_identifier(REGIONS[offer.region].code, offer.accelerator, offer.id)
    if external := str(step.form.get("external_identifier") or "").strip():
        offer.external_identifier = external
    await _mirror(step)


async def _partner_admitted(step: Step) -> Text | None:
    _offer, _pool, _site, partner = await repository.whole_offer(step.uow.session, step.instance.subject)
    if partner.state == "admitted":
        return None
    return (f"算力伙伴“{partner.name_zh}”尚未准入", f"the partner “{partner.name_en}” is not admitted")


async def _evidence_complete(step: Step) -> Text | None:
    offer, pool, site, _partner = await repository.whole_offer(step.uow.session, step.instance.subject)
    missing = missing_evidence(offer, pool, site)
    if not missing:
        return None
    names = ", ".join(missing)
    return (f"这些数据没有依据:{names}", f"no evidence is given for: {names}")


async def _not_expired(step: Step) -> Text | None:
    offer, pool, site, _partner = await repository.whole_offer(step.uow.session, step.instance.subject)
    if usable_until(offer, pool, site) > step.uow.clock.now():
        return None
    return ("供给或其依据已过期", "the offer, or the evidence of one of its figures, is expired")


_ADMITTED = Condition(("伙伴已准入", "the partner is admitted"), _partner_admitted)
_EVIDENCE = Condition(("每项数据都有依据", "every figure has its evidence"), _evidence_complete)
_CURRENT = Condition(("供给与依据均在有效期内", "offer and evidence are not expired"), _not_expired)
_INDEPENDENT = by_outsider()
_REASON = forms.form(reason=forms.text(("理由", "Reason"), most=500, lines=3))
_EXTERNAL = forms.form(
    external_identifier=forms.text(("已有算力标识", "Identifier issued elsewhere"), least=0, most=120), required=()
)

PARTNER_WORKFLOW = Definition(
    name=PARTNER,
    version=1,
    title=("算力伙伴准入", "Admission of a compute partner"),
    link="/compute/partners/{subject}",
    states=(
        State("applied", ("待审核", "To be examined"), kind="start", deadline=working_days(10)),
        State("admitted", ("已准入", "Admitted")),
        State("suspended", ("已暂停", "Suspended")),
        State("refused", ("未准入", "Refused"), kind="bad"),
        State("retired", ("已退出", "Retired"), kind="good"),
    ),
    transitions=(
        Transition(
            "admit",
            ("准入", "Admit"),
            ("applied",),
            "admitted",
            by=OFFICER,
            guards=(_INDEPENDENT,),
            effect=_mirror_partner,
        ),
        Transition(
            "refuse",
            ("不予准入", "Refuse"),
            ("applied",),
            "refused",
            by=OFFICER,
            form=_REASON,
            effect=_mirror_partner,
            optional=True,
        ),
        Transition(
            "suspend",
            ("暂停", "Suspend"),
            ("admitted",),
            "suspended",
            by=OFFICER,
            form=_REASON,
            effect=_mirror_partner,
            optional=True,
        ),
        Transition(
            "reinstate",
            ("恢复", "Reinstate"),
            ("suspended",),
            "admitted",
            by=OFFICER,
            guards=(_INDEPENDENT,),
            effect=_mirror_partner,
            optional=True,
        ),
        Transition(
            "retire",
            ("退出", "Retire"),
            ("applied", "admitted", "suspended"),
            "retired",
            by=("org:owner", *OFFICER),
            effect=_mirror_partner,
            optional=True,
        ),
    ),
)


def _step(
    name: str, label: Text, sources: tuple[str, ...], target: str, by: tuple[str, ...], **more: object
) -> Transition:
    more = {"effect": _mirror, "optional": True, **more}
    return Transition(name, label, sources, target, by=by, **more)  # type: ignore[arg-type]


_LATER = ("verified", "identified", "published", "live", "degraded", "suspended")

OFFER_WORKFLOW = Definition(
    name=OFFER,
    version=1,
    title=("算力供给", "Compute offer"),
    link="/compute/offers/{subject}",
    states=(
        State("applied", ("待核验", "To be verified"), kind="start", deadline=working_days(10)),
        State("verified", ("已核验", "Verified")),
        State("identified", ("已赋码", "Identifier issued")),
        State("published", ("已发布", "Published")),
        State("live", ("在线", "Live"), deadline=until(UNTIL)),
        State("degraded", ("降级", "Degraded"), deadline=until(UNTIL)),
        State("suspended", ("已暂停", "Suspended")),
        State("refused", ("未通过", "Refused"), kind="bad"),
        State("retired", ("已退役", "Retired"), kind="good"),
    ),
    transitions=(
        _step(
            "verify",
            ("核验通过", "Verify"),
            ("applied",),
            "verified",
            OFFICER,
            guards=(_ADMITTED, _EVIDENCE, _CURRENT, _INDEPENDENT),
            optional=False,
        ),
        _step("refuse", ("不通过", "Refuse"), ("applied",), "refused", OFFICER, form=_REASON),
        _step(
            "issue_identifier",
            ("赋码", "Issue the identifier"),
            ("verified",),
            "identified",
            OFFICER,
            guards=(_INDEPENDENT,),
            form=_EXTERNAL,
            effect=_issue,
            optional=False,
        ),
        _step(
            "publish",
            ("发布", "Publish"),
            ("identified",),
            "published",
            OFFICER,
            guards=(_CURRENT, _INDEPENDENT),
            optional=False,
        ),
        _step("go_live", ("上线", "Go live"), ("published",), "live", SUPPLIER, guards=(_CURRENT,), optional=False),
        _step("degrade", ("降级", "Degrade"), ("live",), "degraded", (*SUPPLIER, *OFFICER), form=_REASON),
        _step("restore", ("恢复", "Restore"), ("degraded",), "live", (*SUPPLIER, *OFFICER), guards=(_CURRENT,)),
        _step("suspend", ("暂停", "Suspend"), PUBLIC, "suspended", OFFICER, form=_REASON),
        _step("lapse", ("到期", "Lapse"), USABLE, "suspended", (), automatic=True),
        _step(
            "resume",
            ("恢复上线", "Resume"),
            ("suspended",),
            "live",
            OFFICER,
            guards=(_ADMITTED, _CURRENT, _INDEPENDENT),
        ),
        _step("amend", ("变更", "Amend"), _LATER, "applied", SUPPLIER),
        _step("retire", ("退役", "Retire"), ("applied", *_LATER), "retired", (*SUPPLIER, *OFFICER)),
    ),
)
