"""Tags: words that staff put on people to find them again."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session, selectinload

from server.errors import NotFound
from server.models import Person, Tag, person_tag

__all__ = [
    "COLOURS",
    "MAX_NAME",
    "MOST_AT_ONCE",
    "delete_tag",
    "put_on",
    "save_tag",
    "tags",
    "tags_with_counts",
    "take_off",
]

COLOURS: Final = ("blue", "green", "yellow", "orange", "red", "purple", "grey")
MAX_NAME: Final = 60
MOST_AT_ONCE: Final = 500


def tags(session: Session, organization_id: str) -> Sequence[Tag]:
    """The organization's tags by name."""
    wanted = select(Tag).where(Tag.organization_id == organization_id)
    return session.scalars(wanted.order_by(func.lower(Tag.name), Tag.id)).all()


def tags_with_counts(session: Session, organization_id: str) -> list[tuple[Tag, int]]:
    """The tags, each with how many people have it."""
    counted = select(person_tag.c.tag_id, func.count()).group_by(person_tag.c.tag_id)
    mine = select(Tag.id).where(Tag.organization_id == organization_id)
    counts = {row[0]: int(row[1]) for row in session.execute(counted.where(person_tag.c.tag_id.in_(mine)))}
    return [(tag, counts.get(tag.id, 0)) for tag in tags(session, organization_id)]


def save_tag(session: Session, organization_id: str, tag_id: str | None, *, name: str, colour: str) -> bool:
    """Makes or changes a tag; False when another has the name. Raises NotFound for a tag that is not theirs."""
    same = select(Tag.id).where(Tag.organization_id == organization_id, func.lower(Tag.name) == name.lower())
    if session.scalar(same.where(Tag.id != (tag_id or ""))) is not None:
        return False
    tag = Tag(organization_id=organization_id) if tag_id is None else _tag(session, organization_id, tag_id)
    tag.name, tag.colour = name, colour if colour in COLOURS else COLOURS[0]
    session.add(tag)
    session.flush()
    return True


def delete_tag(session: Session, organization_id: str, tag_id: str) -> None:
    """Takes the tag off everybody and deletes it."""
    tag = _tag(session, organization_id, tag_id)
    session.execute(delete(person_tag).where(person_tag.c.tag_id == tag.id))
    session.delete(tag)


def put_on(session: Session, organization_id: str, tag_id: str, person_ids: Collection[str]) -> int:
    """Puts the tag on those of these people who are the organization's; returns how many had it not."""
    tag, number = _tag(session, organization_id, tag_id), 0
    for person in _people(session, organization_id, person_ids):
        if tag not in person.tags:
            person.tags.append(tag)
            number += 1
    return number


def take_off(session: Session, organization_id: str, tag_id: str, person_ids: Collection[str]) -> int:
    """Takes the tag off these people; returns how many had it."""
    tag, number = _tag(session, organization_id, tag_id), 0
    for person in _people(session, organization_id, person_ids):
        if tag in person.tags:
            person.tags.remove(tag)
            number += 1
    return number


def _people(session: Session, organization_id: str, ids: Collection[str]) -> Sequence[Person]:
    """As objects, so that the audit log hears of it."""
    some = list(dict.fromkeys(ids))[:MOST_AT_ONCE]
    wanted = select(Person).where(Person.organization_id == organization_id, Person.id.in_(some))
    return session.scalars(wanted.options(selectinload(Person.tags))).all()


def _tag(session: Session, organization_id: str, tag_id: str) -> Tag:
    tag = session.scalar(select(Tag).where(Tag.id == tag_id, Tag.organization_id == organization_id))
    if tag is None:
        raise NotFound(tag_id)
    return tag
