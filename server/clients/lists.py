"""Saved lists: filters and a search under a name, one's own or for all staff of the organization."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import delete, func, or_, select
from sqlalchemy.orm import Session

from server.errors import NotFound
from server.models import SavedList

__all__ = ["MAX_NAME", "delete_list", "save_list", "visible_lists"]

MAX_NAME: Final = 100


def visible_lists(session: Session, organization_id: str, staff_id: str) -> Sequence[SavedList]:
    """One's own and the shared ones, by name."""
    wanted = select(SavedList).where(SavedList.organization_id == organization_id)
    wanted = wanted.where(or_(SavedList.staff_id == staff_id, SavedList.is_shared))
    return session.scalars(wanted.order_by(func.lower(SavedList.name), SavedList.id)).all()


def save_list(
    session: Session, organization_id: str, staff_id: str, *, name: str, query: Mapping[str, str], is_shared: bool
) -> SavedList:
    """Keeps a list; one's own of the same name is replaced."""
    wanted = select(SavedList).where(SavedList.organization_id == organization_id, SavedList.staff_id == staff_id)
    kept = session.scalars(wanted.where(SavedList.name == name)).first()
    if kept is None:
        kept = SavedList(organization_id=organization_id, staff_id=staff_id, name=name)
        session.add(kept)
    kept.query, kept.is_shared = dict(query), is_shared
    session.flush()
    return kept


def delete_list(session: Session, organization_id: str, list_id: str, *, staff_id: str, may_shared: bool) -> None:
    """Deletes one's own list, or with the permission a shared one. Raises NotFound for any other."""
    mine = SavedList.staff_id == staff_id
    allowed = or_(mine, SavedList.is_shared) if may_shared else mine
    gone = delete(SavedList).where(SavedList.id == list_id, SavedList.organization_id == organization_id, allowed)
    if session.execute(gone.returning(SavedList.id)).first() is None:
        raise NotFound(list_id)
