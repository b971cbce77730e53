"""Reviews: independent reviewers by lot, ballots, quorum, scores, recusals."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceyuan.kernel.actor import Actor
from ceyuan.kernel.events import Event
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.workflow import (
    Candidate,
    ConflictOfInterest,
    Criterion,
    FormInvalid,
    GuardRefused,
    InstanceNotFound,
    NotYours,
    Review,
    WrongState,
    independence,
    reviews,
)
from ceyuan.kernel.workflow.outcome import count
from ceyuan.kernel.workflow.tables import WorkflowInstance, WorkflowReviewer
from tests.kernel.actors import OWNER
from tests.kernel.workflow.conftest import FORM, OFFICER, REVIEWERS, Pool, at_review, begin, take
from tests.kernel.workflow.samples import GRANT

INSIDER = Actor("person", "per_insider", "Insider", roles={"org_a": "viewer"}, duties=frozenset({"reviewer"}))


async def seats(platform: Platform, instance: WorkflowInstance, actor: Actor = OFFICER) -> list[WorkflowReviewer]:
    async with platform.work(actor) as uow:
        rows, _ = await reviews.list_ballots(uow, instance.id)
        return rows


async def seated(platform: Platform, instance: WorkflowInstance) -> list[Actor]:
    taken = {row.person_id for row in await seats(platform, instance) if row.recused_at is None}
    return [reviewer for reviewer in REVIEWERS if reviewer.id in taken]


async def vote(platform: Platform, instance: WorkflowInstance, actor: Actor, **ballot: Any) -> None:
    async with platform.work(actor) as uow:
        await reviews.cast(uow, instance.id, **(ballot or {"vote": "approve"}))


async def test_seats_are_drawn_among_the_independent_on_entry(flows: Platform, heard: list[Event]) -> None:
    instance = await at_review(flows)
    rows = await seats(flows, instance)
    assert len(rows) == 3
    assert "per_insider" not in {row.person_id for row in rows}
    await flows.dispatcher.drain()
    asked = [e.data for e in heard if e.data.get("body", ["", ""])[1] == "please review it and cast your ballot"]
    assert sorted(asked[0]["to"]) == [row.person_id for row in rows]
    assert asked[0]["todo"] is True


async def test_the_lot_falls_first_on_those_who_owe_least(flows: Platform) -> None:
    first = await at_review(flows)
    second = await at_review(flows, subject="app_2")
    people = {row.person_id for instance in (first, second) for row in await seats(flows, instance)}
    assert len(people) == 6


async def test_a_declared_conflict_and_a_party_exclude_reviewers(flows: Platform) -> None:
    for reviewer in REVIEWERS[:2]:
        async with flows.work(reviewer) as uow:
            await independence.declare(uow, "org_a", "顾问")
    instance = await at_review(flows, parties=["org_r2", "org_x"])
    assert {row.person_id for row in await seats(flows, instance)} == {r.id for r in REVIEWERS[3:]}


async def test_a_declaration_can_be_withdrawn(flows: Platform) -> None:
    async with flows.work(REVIEWERS[0]) as uow:
        await independence.declare(uow, "org_a", "顾问")
        await independence.declare(uow, "org_a", "股东")
        await independence.withdraw(uow, "org_a")
    async with flows.work(OFFICER) as uow:
        instance = await begin(flows)
        assert await independence.declared_against(uow, instance) == set()


async def test_staff_are_told_when_seats_stay_free(flows: Platform, pool: Pool, heard: list[Event]) -> None:
    del pool.people[2:]
    instance = await at_review(flows)
    assert len(await seats(flows, instance)) == 2
    await flows.dispatcher.drain()
    assert any("1 review seats are free" in event.data.get("body", ["", ""])[1] for event in heard)


async def test_only_staff_appoint_and_nobody_with_a_conflict(flows: Platform) -> None:
    instance = await begin(flows, "challenge_bid")
    await take(flows, instance, "submit", OWNER)
    await take(flows, instance, "accept", OFFICER)
    assert await seats(flows, instance) == []
    async with flows.work(OWNER) as uow:
        with pytest.raises(NotYours):
            await reviews.seat_reviewers(uow, instance.id, [REVIEWERS[0].id])
    async with flows.work(REVIEWERS[0]) as uow:
        with pytest.raises(InstanceNotFound):
            await reviews.seat_reviewers(uow, instance.id, [REVIEWERS[0].id])
    async with flows.work(OFFICER) as uow:
        for person_id in ("per_insider", "per_owner", "per_nobody"):
            with pytest.raises(ConflictOfInterest):
                await reviews.seat_reviewers(uow, instance.id, [REVIEWERS[0].id, person_id])
        await reviews.seat_reviewers(uow, instance.id, [REVIEWERS[0].id, REVIEWERS[0].id])
        await reviews.seat_reviewers(uow, instance.id, [REVIEWERS[0].id, REVIEWERS[1].id])
    assert len(await seats(flows, instance)) == 2
    async with flows.work(OFFICER) as uow:
        await reviews.seat_reviewers(uow, instance.id, [])
    assert len(await seats(flows, instance)) == 5


async def test_a_round_needs_its_quorum_and_a_majority(flows: Platform) -> None:
    instance = await at_review(flows)
    people = await seated(flows, instance)
    await vote(flows, instance, people[0])
    for name in ("pass_", "fail"):
        with pytest.raises(GuardRefused, match="1 ballots of 2 needed"):
            await take(flows, instance, name, OFFICER)
    await vote(flows, instance, people[1], vote="reject")
    with pytest.raises(GuardRefused, match="not in favour"):
        await take(flows, instance, "pass_", OFFICER)
    await vote(flows, instance, people[2], vote="abstain")
    await vote(flows, instance, people[1], vote="approve")
    assert (await take(flows, instance, "pass_", OFFICER)).state == "publicity"


async def test_only_seated_reviewers_cast_and_only_while_the_round_lasts(flows: Platform) -> None:
    instance = await at_review(flows)
    people = await seated(flows, instance)
    stranger = next(reviewer for reviewer in REVIEWERS if reviewer not in people)
    with pytest.raises(InstanceNotFound):
        await vote(flows, instance, stranger)
    with pytest.raises(reviews.NoSeat):
        await vote(flows, instance, OFFICER)
    await take(flows, instance, "withdraw", OWNER)
    with pytest.raises(WrongState):
        await vote(flows, instance, people[0])


async def test_a_reviewer_who_joins_the_organisation_can_no_longer_vote(flows: Platform, pool: Pool) -> None:
    instance = await at_review(flows)
    person = (await seated(flows, instance))[0]
    joined = Actor("person", person.id, person.label, roles={"org_a": "member"}, duties=person.duties)
    with pytest.raises(ConflictOfInterest):
        await vote(flows, instance, joined)


async def test_a_ballot_does_not_count_once_its_reviewer_declares_a_conflict(flows: Platform) -> None:
    instance = await at_review(flows)
    first, second, _ = await seated(flows, instance)
    for reviewer in (first, second):
        await vote(flows, instance, reviewer)
    async with flows.work(first) as uow:
        await reviews.declare_conflict(uow, "org_a", "advisor since last week")
    left = {row.person_id: row.recused_at for row in await seats(flows, instance)}
    assert left[first.id] is not None
    assert len([one for one in left.values() if one is None]) == 3, "another reviewer was drawn for the seat"
    with pytest.raises(GuardRefused, match="1 ballots of 2"):
        await take(flows, instance, "pass_", OFFICER)


async def test_a_conflict_with_another_organisation_leaves_the_seat_and_the_ballot(flows: Platform) -> None:
    instance = await at_review(flows)
    first, second, _ = await seated(flows, instance)
    for reviewer in (first, second):
        await vote(flows, instance, reviewer)
    async with flows.work(first) as uow:
        await reviews.declare_conflict(uow, "org_z", "family")
    assert (await take(flows, instance, "pass_", OFFICER)).state == "publicity"


async def test_the_ballot_of_who_joined_the_applicant_since_does_not_count(flows: Platform, pool: Pool) -> None:
    instance = await at_review(flows)
    first, second, _ = await seated(flows, instance)
    for reviewer in (first, second):
        await vote(flows, instance, reviewer)
    pool.people = [
        Candidate(one.person_id, one.label, frozenset({"org_a"})) if one.person_id == first.id else one
        for one in pool.people
    ]
    with pytest.raises(GuardRefused, match="1 ballots of 2"):
        await take(flows, instance, "pass_", OFFICER)


async def test_a_token_that_is_limited_to_another_organisation_hides_no_conflict(flows: Platform, pool: Pool) -> None:
    instance = await at_review(flows)
    person = (await seated(flows, instance))[0]
    others = [one for one in pool.people if one.person_id != person.id]
    pool.people = [*others, Candidate(person.id, person.label, frozenset({"org_a", *person.roles}))]
    with pytest.raises(ConflictOfInterest):
        await vote(flows, instance, person)


async def test_who_withdraws_is_replaced_and_not_counted(flows: Platform) -> None:
    instance = await at_review(flows)
    people = await seated(flows, instance)
    await vote(flows, instance, people[0])
    async with flows.work(people[0]) as uow:
        await reviews.recuse(uow, instance.id, "与负责人合作过论文")
    assert len(await seats(flows, instance)) == 4
    now = await seated(flows, instance)
    assert len(now) == 3
    assert people[0] not in now
    with pytest.raises(reviews.NoSeat):
        await vote(flows, instance, people[0])
    review = GRANT.by_name["review"].review
    assert review is not None
    assert count(review, await seats(flows, instance)).cast == 0


async def test_a_second_review_is_a_new_round(flows: Platform) -> None:
    instance = await at_review(flows)
    for reviewer in await seated(flows, instance):
        await vote(flows, instance, reviewer)
    await take(flows, instance, "withdraw", OWNER)
    again = await begin(flows, subject="app_2")
    await take(flows, again, "submit", OWNER, form=FORM)
    again = await take(flows, again, "accept", OFFICER)
    assert all(row.cast_at is None for row in await seats(flows, again))


async def test_reviewers_see_their_own_ballot_staff_all_applicants_none(flows: Platform) -> None:
    instance = await at_review(flows)
    people = await seated(flows, instance)
    await vote(flows, instance, people[0], vote="reject", comment="不足")
    assert [row.person_id for row in await seats(flows, instance, people[0])] == [people[0].id]
    assert await seats(flows, instance, OWNER) == []
    assert len(await seats(flows, instance)) == 3


@pytest.mark.parametrize(
    ("ballot", "field"),
    [
        ({}, "scores.technology"),
        ({"scores": {"technology": 50}}, "scores.team"),
        ({"scores": {"technology": 61, "team": 1}}, "scores.technology"),
        ({"scores": {"technology": -1, "team": 1}}, "scores.technology"),
        ({"scores": {"technology": 1, "team": 1, "looks": 1}}, "scores.looks"),
        ({"scores": {"technology": 1, "team": 1}, "vote": "approve"}, "vote"),
    ],
)
async def test_a_wrong_ballot_is_pointed_at(flows: Platform, ballot: dict[str, Any], field: str) -> None:
    instance = await begin(flows, "challenge_bid")
    await take(flows, instance, "submit", OWNER)
    await take(flows, instance, "accept", OFFICER)
    async with flows.work(OFFICER) as uow:
        await reviews.seat_reviewers(uow, instance.id, [REVIEWERS[0].id])
    async with flows.work(REVIEWERS[0]) as uow:
        with pytest.raises(FormInvalid) as caught:
            await reviews.cast(uow, instance.id, **ballot)
    assert field in {error["field"] for error in caught.value.fields["errors"]}


def ballots(totals: list[float]) -> list[WorkflowReviewer]:
    at = REVIEW_TIME
    return [WorkflowReviewer(person_id=str(n), cast_at=at, scores={"all": total}) for n, total in enumerate(totals)]


REVIEW_TIME: Any = "any time but None"
SCORED = Review(
    seats=7, quorum=3, ballot="score", criteria=(Criterion("all", ("总", "All"), 100),), pass_score=60, trimmed=True
)


def test_the_highest_and_lowest_of_five_scores_are_left_out() -> None:
    outcome = count(SCORED, ballots([0, 60, 60, 60, 100]))
    assert (outcome.score, outcome.passed) == (60, True)
    assert count(SCORED, ballots([0, 60, 60, 100])).score == 55
    assert count(SCORED, ballots([100, 100])).passed is False
    assert count(SCORED, []).score is None


@given(st.lists(st.floats(0, 100), min_size=1, max_size=9))
def test_a_mean_lies_between_its_scores(totals: list[float]) -> None:
    score = count(SCORED, ballots(totals)).score
    assert score is not None
    assert min(totals) - 1e-9 <= score <= max(totals) + 1e-9


@given(st.lists(st.sampled_from(["approve", "reject", "abstain"]), max_size=7))
def test_a_vote_passes_with_a_quorum_and_more_yes_than_no(votes: list[str]) -> None:
    rows = [WorkflowReviewer(person_id=str(n), cast_at=REVIEW_TIME, vote=vote) for n, vote in enumerate(votes)]
    outcome = count(Review(seats=7, quorum=3), rows)
    assert outcome.passed == (len(votes) >= 3 and votes.count("approve") > votes.count("reject"))
    assert outcome.approve + outcome.reject + outcome.abstain == outcome.cast
