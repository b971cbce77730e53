"""Who acts in the tests of the identity room."""

from __future__ import annotations

from typing import Any

import httpx
from argon2 import PasswordHasher
from fastapi import FastAPI

from ceyuan.identity import actor_for, issue_personal
from ceyuan.identity.organisations.founding import add_membership, add_organisation
from ceyuan.identity.people import repository
from ceyuan.identity.people.accounts import add_person
from ceyuan.identity.people.tables import Person, PersonDuty
from ceyuan.kernel.actor import Actor, Role
from ceyuan.kernel.platform import Platform

PASSWORD = "四季 harbour lanterns 42"
_HASH = PasswordHasher(time_cost=1, memory_cost=64, parallelism=4).hash(PASSWORD)


class Browser:
    """A browser: keeps cookies and sends the CSRF token with changes, as the console does."""

    def __init__(self, app: FastAPI, *, address: str = "203.0.113.7", token: str | None = None) -> None:
        transport = httpx.ASGITransport(app=app, client=(address, 40_000))
        headers = {"authorization": f"Bearer {token}"} if token else {}
        self.client = httpx.AsyncClient(transport=transport, base_url="https://ai.example.cn", headers=headers)

    async def sign_in(self, name: str, password: str = PASSWORD, **more: Any) -> httpx.Response:
        return await self.client.post("/api/v1/auth/sign-in", json={"name": name, "password": password, **more})

    async def send(self, method: str, path: str, json: Any = None) -> httpx.Response:
        token = self.client.cookies.get("ceyuan_csrf")
        headers = {"x-csrf-token": token} if token else {}
        return await self.client.request(method, f"/api/v1{path}", json=json, headers=headers)

    async def get(self, path: str) -> httpx.Response:
        return await self.send("GET", path)

    async def post(self, path: str, json: Any = None) -> httpx.Response:
        return await self.send("POST", path, json)

    async def put(self, path: str, json: Any = None) -> httpx.Response:
        return await self.send("PUT", path, json)

    async def patch(self, path: str, json: Any = None) -> httpx.Response:
        return await self.send("PATCH", path, json)

    async def delete(self, path: str) -> httpx.Response:
        return await self.send("DELETE", path)


class People:
    """Makes people and organisations without going through the routes under test."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    async def find(self, name: str) -> Person | None:
        async with self._platform.work(write=False) as uow:
            return await repository.by_name(uow.session, name)

    async def add(
        self,
        name: str,
        *,
        admin: bool = False,
        duties: tuple[str, ...] = (),
        email: str | None = None,
        confirmed: bool = False,
        password: bool = True,
    ) -> Person:
        async with self._platform.work() as uow:
            person = await add_person(
                uow,
                name=name,
                display_name=name.title(),
                email=email,
                password_hash=_HASH if password else None,
                email_confirmed=confirmed,
                official=True,
            )
            person.is_admin = admin
            for duty in duties:
                uow.session.add(
                    PersonDuty(person_id=person.id, duty=duty, granted_by="system", granted_at=uow.clock.now())
                )
        return person

    async def organisation(self, name: str, *, kind: str = "company", is_listed: bool = True, **roles: Role) -> str:
        """An organisation whose members are people by name; those who do not exist are made. Returns its id."""
        members = {who: await self.find(who) or await self.add(who) for who in roles}
        async with self._platform.work() as uow:
            org = await add_organisation(uow, name=name, display_name=name.title(), kind=kind, is_listed=is_listed)
            for who, role in roles.items():
                await add_membership(uow, org.id, members[who].id, role)
        return org.id

    async def actor(self, name: str) -> Actor:
        person = await self.find(name)
        assert person is not None
        async with self._platform.work(write=False) as uow:
            return await actor_for(uow, person.id)

    async def token(self, name: str, *scopes: str, **options: Any) -> str:
        """A personal access token of the person."""
        person = await self.find(name) or await self.add(name)
        async with self._platform.work() as uow:
            issued = await issue_personal(uow, name="test", scopes=scopes or ("*",), person_id=person.id, **options)
        return issued.secret
