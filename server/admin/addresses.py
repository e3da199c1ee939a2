"""Addresses of the back office's pages, found by name: a page has hundreds of links, the office as many routes."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from starlette.datastructures import URLPath
from starlette.routing import BaseRoute, Mount, NoMatchFound

__all__ = ["NamedMount", "put_first"]


class NamedMount(Mount):
    """A mount that knows its routes by their names; the routes are those of when it is made."""

    def __init__(self, mount: Mount) -> None:
        super().__init__(mount.path, app=mount.app, name=mount.name)
        self._named: dict[str, list[BaseRoute]] = {}
        for route in mount.routes:
            name = getattr(route, "name", None)
            if isinstance(name, str):
                self._named.setdefault(f"{self.name}:{name}", []).append(route)

    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:
        """The address of the first route of that name that takes these parameters. Raises `NoMatchFound`."""
        for route in self._named.get(name, ()):
            try:
                url = route.url_path_for(name.partition(":")[2], **path_params)
            except NoMatchFound:
                continue
            return URLPath(path=f"{self.path}{url}", protocol=url.protocol)
        return super().url_path_for(name, **path_params)


def put_first(app: FastAPI, name: str) -> None:
    """Puts the mount of that name before the app's other routes and has it know its own by name."""
    routes = app.router.routes
    (mount,) = [each for each in routes if isinstance(each, Mount) and each.name == name]
    routes.remove(mount)
    routes.insert(0, NamedMount(mount))
