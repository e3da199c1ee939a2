"""A browser without a screen: keeps cookies, follows no redirect, asks the application directly."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import httpx
from fastapi import FastAPI

__all__ = ["Browser"]

_TOKEN = re.compile(r'name="csrftoken" value="([^"]+)"')


class Browser:
    """One person's browser."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app
        self.cookies = httpx.Cookies()

    def get(self, path: str, **headers: str) -> httpx.Response:
        """Asks for a page, as a browser that navigates does."""
        return self.send("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})

    def post(self, path: str, **fields: Any) -> httpx.Response:
        """Sends a form with the token that a page of the back office carries."""
        carriers = ("login", "", "nothing", "login/code", "login/second-factor")
        found = next(filter(None, (_TOKEN.search(self.get(f"/admin/{each}").text) for each in carriers)), None)
        assert found is not None
        return self.send("POST", path, data={"csrftoken": found[1], **fields})

    def send(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Sends a request as it is."""
        return asyncio.run(self._send(method, path, **more))

    async def _send(self, method: str, path: str, **more: Any) -> httpx.Response:
        transport = httpx.ASGITransport(self._app, raise_app_exceptions=True)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://testserver.local", cookies=self.cookies
        ) as client:
            answer = await client.request(method, path, **more)
            self.cookies = client.cookies
            return answer
