"""One-time codes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pyotp
from sqlalchemy import select

from ceyuan.identity.second_factor.tables import RecoveryCode, Totp
from ceyuan.kernel.clock import ManualClock
from ceyuan.kernel.platform import Platform
from tests.identity.actors import PASSWORD, Browser, People
from tests.identity.conftest import Open

SignedIn = Callable[..., Awaitable[Browser]]


def code_of(secret: str, clock: ManualClock) -> str:
    return pyotp.TOTP(secret).at(clock.now())


async def enrolled(li: Browser, clock: ManualClock) -> tuple[str, list[str]]:
    """Switch codes on: the secret and the recovery codes."""
    secret = (await li.post("/me/second-factor", {"password": PASSWORD})).json()["secret"]
    answer = await li.post("/me/second-factor/confirm", {"code": code_of(secret, clock)})
    assert answer.status_code == 200, answer.text
    clock.advance(timedelta(seconds=30))
    return secret, answer.json()["codes"]


async def test_it_is_off_until_a_first_code_confirms_it(signed_in: SignedIn, browser: Open, clock: ManualClock) -> None:
    li = await signed_in("li")
    begun = (await li.post("/me/second-factor", {"password": PASSWORD})).json()
    assert begun["uri"].startswith("otpauth://totp/Ceyuan:li?secret=")
    assert (await browser().sign_in("li")).status_code == 200
    assert (await li.post("/me/second-factor/confirm", {"code": "000000"})).json()["code"] == "wrong_code"
    assert (await li.get("/me/second-factor")).json() == {"is_on": False, "recovery_codes_left": 0}
    await li.post("/me/second-factor/confirm", {"code": code_of(begun["secret"], clock)})
    assert (await li.get("/me/second-factor")).json() == {"is_on": True, "recovery_codes_left": 10}
    assert (await li.get("/me")).json()["second_factor"] is True


async def test_sign_in_asks_for_the_code_after_the_right_password(
    signed_in: SignedIn, browser: Open, clock: ManualClock
) -> None:
    li = await signed_in("li")
    secret, _ = await enrolled(li, clock)
    assert (await browser().sign_in("li", "wrong")).json()["code"] == "sign_in_failed"
    assert (await browser().sign_in("li")).json()["code"] == "second_factor_required"
    assert (await browser().sign_in("li", code="123456")).json()["code"] == "second_factor_required"
    assert (await browser().sign_in("li", code=code_of(secret, clock))).status_code == 200


async def test_a_code_counts_once(signed_in: SignedIn, browser: Open, clock: ManualClock) -> None:
    secret, _ = await enrolled(await signed_in("li"), clock)
    code = code_of(secret, clock)
    assert (await browser().sign_in("li", code=code)).status_code == 200
    assert (await browser().sign_in("li", code=code)).status_code == 401


async def test_a_clock_may_be_one_step_off(signed_in: SignedIn, browser: Open, clock: ManualClock) -> None:
    secret, _ = await enrolled(await signed_in("li"), clock)
    early = pyotp.TOTP(secret).at(clock.now() + timedelta(seconds=30))
    assert (await browser().sign_in("li", code=early)).status_code == 200
    far = pyotp.TOTP(secret).at(clock.now() + timedelta(seconds=120))
    assert (await browser().sign_in("li", code=far)).status_code == 401


async def test_a_recovery_code_replaces_the_app_once(signed_in: SignedIn, browser: Open, clock: ManualClock) -> None:
    li = await signed_in("li")
    _, codes = await enrolled(li, clock)
    assert (await browser().sign_in("li", code=codes[0].upper())).status_code == 200
    assert (await browser().sign_in("li", code=codes[0])).status_code == 401
    assert (await li.get("/me/second-factor")).json()["recovery_codes_left"] == 9
    renewed = (await li.post("/me/second-factor/recovery-codes", {"password": PASSWORD})).json()["codes"]
    assert (await browser().sign_in("li", code=codes[1])).status_code == 401
    assert (await browser().sign_in("li", code=renewed[1])).status_code == 200


async def test_guessing_codes_is_slowed_down(signed_in: SignedIn, browser: Open, clock: ManualClock) -> None:
    await enrolled(await signed_in("li"), clock)
    codes = [(await browser().sign_in("li", code=f"{n:06d}")).status_code for n in range(6)]
    assert codes == [401] * 5 + [429]


async def test_secret_and_codes_lie_sealed(signed_in: SignedIn, platform: Platform, clock: ManualClock) -> None:
    secret, codes = await enrolled(await signed_in("li"), clock)
    async with platform.work(write=False) as uow:
        row = (await uow.session.scalars(select(Totp))).one()
        hashes = list(await uow.session.scalars(select(RecoveryCode.code_hash)))
    assert secret.encode() not in row.secret
    assert not set(codes) & set(hashes)


async def test_switching_it_off_needs_the_password(signed_in: SignedIn, browser: Open, clock: ManualClock) -> None:
    li = await signed_in("li")
    await enrolled(li, clock)
    assert (await li.post("/me/second-factor", {"password": PASSWORD})).status_code == 409
    assert (await li.post("/me/second-factor/off", {"password": "wrong"})).status_code == 401
    assert (await li.post("/me/second-factor/off", {"password": PASSWORD})).status_code == 204
    assert (await browser().sign_in("li")).status_code == 200


async def test_a_token_cannot_touch_it(browser: Open, people: People) -> None:
    program = browser(token=await people.token("li"))
    for path, body in (
        ("", {"password": PASSWORD}),
        ("/confirm", {"code": "000000"}),
        ("/off", {"password": PASSWORD}),
    ):
        answer = await program.post(f"/me/second-factor{path}", body)
        assert answer.json()["code"] == "own_hands_only"
