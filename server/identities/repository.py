"""The queries that look past one organization. Each answers rows of one identity only; none is for a page to show."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.models import AllowedAdult, Person

__all__ = ["adult_rows", "rows_of"]


def rows_of(session: Session, identity_id: str, *, is_locked: bool = False) -> Sequence[Person]:
    """Every organization's row of an identity, in an order that is the same for everybody who locks them."""
    wanted = select(Person).where(Person.identity_id == identity_id).order_by(Person.id)
    return session.scalars(wanted.with_for_update() if is_locked else wanted).all()


def adult_rows(session: Session, person_ids: Collection[str]) -> Sequence[AllowedAdult]:
    """Where these people are adults who may pick up a child."""
    wanted = select(AllowedAdult).where(AllowedAdult.adult_person_id.in_(person_ids))
    return session.scalars(wanted.order_by(AllowedAdult.id)).all()
