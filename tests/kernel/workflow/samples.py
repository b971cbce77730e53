"""Workflows that tests run: a small one, and the shapes of the programmes that the engine must be able to express."""

from __future__ import annotations

from ceyuan.kernel.errors import Text
from ceyuan.kernel.workflow import (
    Condition,
    Criterion,
    Definition,
    Publicity,
    Review,
    State,
    Step,
    Transition,
    by_another,
    calendar_days,
    forms,
    no_open_objection,
    objection_upheld,
    review_failed,
    review_passed,
    until,
    working_days,
)


async def has_documents(step: Step) -> Text | None:
    return None if step.instance.data.get("documents") else ("缺少材料", "documents are missing")


async def note_amount(step: Step) -> None:
    step.instance.data["amount"] = step.form["amount"]


GRANT = Definition(
    name="grant",
    version=1,
    title=("资助申请", "Grant application"),
    link="/programmes/grants/{subject}",
    states=(
        State("draft", ("草稿", "Draft"), kind="start"),
        State("check", ("形式审查中", "Needs screening"), public=("已提交", "Submitted"), deadline=working_days(5)),
        State("review", ("专家评审", "Expert review"), review=Review(seats=3, quorum=2)),
        State(
            "publicity",
            ("公示", "Publicity"),
            deadline=calendar_days(7, setting="publicity_days"),
            publicity=Publicity("programme_officer"),
        ),
        State("granted", ("已批准", "Granted"), kind="good"),
        State("rejected", ("未通过", "Rejected"), kind="bad"),
        State("withdrawn", ("已撤回", "Withdrawn"), kind="bad"),
    ),
    transitions=(
        Transition(
            "submit",
            ("提交", "Submit"),
            ("draft",),
            "check",
            by=("owner", "org:member"),
            form=forms.form(
                amount=forms.money(("金额", "Amount"), least=1_000_000),
                purpose=forms.text(("用途", "Purpose"), least=2, most=20),
                agreed=forms.flag(("同意条款", "Terms agreed"), must=True),
            ),
            guards=(Condition(("材料齐全", "documents are complete"), has_documents),),
            effect=note_amount,
        ),
        Transition("return_", ("退回补正", "Return"), ("check",), "draft", by=("duty:programme_officer",)),
        Transition(
            "accept",
            ("受理", "Accept"),
            ("check",),
            "review",
            by=("duty:programme_officer",),
            guards=(by_another(),),
            disclosed=False,
            form=forms.form(note=forms.text(("内部意见", "Internal note")), required=()),
        ),
        Transition(
            "pass_",
            ("评审通过", "Pass"),
            ("review",),
            "publicity",
            by=("duty:programme_officer",),
            guards=(review_passed(),),
        ),
        Transition(
            "fail",
            ("评审不通过", "Fail"),
            ("review",),
            "rejected",
            by=("duty:programme_officer",),
            guards=(review_failed(),),
        ),
        Transition(
            "grant",
            ("公示期满", "Publicity over"),
            ("publicity",),
            "granted",
            automatic=True,
            guards=(no_open_objection(),),
        ),
        Transition(
            "uphold",
            ("异议成立", "Objection upheld"),
            ("publicity",),
            "rejected",
            automatic=True,
            guards=(objection_upheld(),),
            by=("duty:programme_officer",),
            optional=True,
        ),
        Transition(
            "withdraw", ("撤回", "Withdraw"), ("draft", "check", "review"), "withdrawn", by=("owner",), optional=True
        ),
    ),
)

CHALLENGE_BID = Definition(
    name="challenge_bid",
    version=1,
    title=("揭榜申报", "Challenge bid"),
    states=(
        State("draft", ("草稿", "Draft"), kind="start", deadline=until("closes_at")),
        State("submitted", ("已申报", "Submitted")),
        State(
            "scored",
            ("打分评审", "Scoring"),
            review=Review(
                seats=5,
                quorum=3,
                ballot="score",
                criteria=(Criterion("technology", ("技术", "Technology"), 60), Criterion("team", ("团队", "Team"), 40)),
                pass_score=70,
                trimmed=True,
                drawn=False,
            ),
        ),
        State("contracted", ("已签约", "Contracted")),
        State("rectifying", ("整改中", "Rectifying"), deadline=working_days(20)),
        State("accepted", ("通过验收", "Accepted"), kind="good"),
        State("accepted_after_fix", ("整改后通过", "Accepted after rectification"), kind="good"),
        State("lost", ("未中选", "Lost"), kind="bad"),
        State("terminated", ("终止", "Terminated"), kind="bad"),
        State("expired", ("逾期未申报", "Expired"), kind="bad"),
    ),
    transitions=(
        Transition("submit", ("申报", "Submit"), ("draft",), "submitted", by=("org:maintainer",)),
        Transition("expire", ("截止", "Close"), ("draft",), "expired", automatic=True),
        Transition("accept", ("受理", "Accept"), ("submitted",), "scored", by=("duty:programme_officer",)),
        Transition(
            "win", ("中选", "Win"), ("scored",), "contracted", by=("duty:programme_officer",), guards=(review_passed(),)
        ),
        Transition(
            "lose", ("落选", "Lose"), ("scored",), "lost", by=("duty:programme_officer",), guards=(review_failed(),)
        ),
        Transition("pass_", ("验收通过", "Pass"), ("contracted",), "accepted", by=("system",)),
        Transition("rectify", ("限期整改", "Rectify"), ("contracted",), "rectifying", by=("duty:programme_officer",)),
        Transition(
            "fixed", ("整改完成", "Fixed"), ("rectifying",), "accepted_after_fix", by=("duty:programme_officer",)
        ),
        Transition(
            "terminate",
            ("终止", "Terminate"),
            ("contracted", "rectifying"),
            "terminated",
            by=("duty:programme_officer",),
        ),
    ),
)

PROVIDER = Definition(
    name="provider",
    version=1,
    title=("算力节点", "Compute provider"),
    states=(
        State("applied", ("已申请", "Applied"), kind="start"),
        State("verified", ("已核验", "Verified")),
        State("live", ("在线", "Live")),
        State("degraded", ("降级", "Degraded")),
        State("suspended", ("暂停", "Suspended")),
        State("retired", ("退出", "Retired"), kind="good"),
        State("refused", ("未通过", "Refused"), kind="bad"),
    ),
    transitions=(
        Transition("verify", ("核验", "Verify"), ("applied",), "verified", by=("duty:operator",)),
        Transition("refuse", ("驳回", "Refuse"), ("applied",), "refused", by=("duty:operator",)),
        Transition("publish", ("上线", "Publish"), ("verified", "suspended"), "live", by=("org:maintainer",)),
        Transition("degrade", ("降级", "Degrade"), ("live",), "degraded", by=("system",)),
        Transition("recover", ("恢复", "Recover"), ("degraded",), "live", by=("system",)),
        Transition(
            "suspend", ("暂停", "Suspend"), ("live", "degraded"), "suspended", by=("duty:operator", "org:owner")
        ),
        Transition("retire", ("退出", "Retire"), ("live", "suspended"), "retired", by=("org:owner",), optional=True),
    ),
)

ALL = (GRANT, CHALLENGE_BID, PROVIDER)
