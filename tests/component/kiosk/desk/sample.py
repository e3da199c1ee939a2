"""Made-up people for the desk's tests, their faces drawn here, and one pass."""

import io
from datetime import date
from typing import Any

from PIL import Image, ImageDraw

from access.domain.facts import Entitlement
from access.domain.people import AgeGroup, Language, Memo, Participant, Text
from access.domain.policy import AccessType, EntitlementClass

POOL = Entitlement(
    type=AccessType.MULTIPASS,
    class_=EntitlementClass.COUNTED_MULTIPASS,
    id="m1",
    name=Text("Pool multipass", "Laissez-passer piscine"),
    type_id="t1",
    ends_on=date(2027, 3, 31),
    total=10,
    remaining=2,
    takes_use=True,
)


def face(seed: int) -> bytes:
    """A made-up face, drawn here; another seed is another face."""
    skins, hairs, shirts = (
        ("#d9a27c", "#8d5a3b", "#f0c7a3"),
        ("#4a2f22", "#1d1713", "#c9862f"),
        ("#2f6f8f", "#7a3f6d", "#3f7a4b"),
    )
    skin, hair, shirt = skins[seed % 3], hairs[(seed // 2) % 3], shirts[(seed // 3) % 3]
    image = Image.new("RGB", (480, 600), ("#c9d8d2", "#d8d2c9", "#cfd5e0")[seed % 3])
    draw = ImageDraw.Draw(image)
    draw.ellipse((60, 430, 420, 900), fill=shirt)
    draw.ellipse((110 - 8 * (seed % 2), 80, 370, 430 + 40 * (seed % 2)), fill=hair)
    draw.ellipse((145, 130, 335, 400), fill=skin)
    draw.rectangle((205, 380, 275, 460), fill=skin)
    draw.arc((190, 280, 290, 350), 20, 160, fill="#7a3b2e", width=7)
    for x in (195, 270):
        draw.ellipse((x, 235, x + 18, 253), fill="#2b1c14")
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def person(id_: str, first: str, last: str, picture: int | None, **more: Any) -> Participant:
    values: dict[str, Any] = {"member_id": f"10{len(id_)}{sum(map(ord, id_)) % 1000:03}", **more}
    if picture is not None:
        values = {
            "picture": f"{picture:064x}",
            "picture_verified_on": date(2026, 3, 3),
            "picture_verified_by": "Marie-Ève Desrochers",
            **values,
        }
    return Participant(id=id_, account_id="a1", first_name=first, last_name=last, **values)


PEOPLE = {
    each.id: each
    for each in (
        person(
            "ewa", "Ewa", "Kowalska", 1, memos=(Memo("Brings a guest on Tuesdays"), Memo("Peanuts", is_allergy=True))
        ),
        person("leo", "Léo", "Tremblay-Roy", 2, age_group=AgeGroup.CHILD, language=Language.FR),
        person("sam", "Samuel", "Okafor", 3, age_group=AgeGroup.TEEN, picture_verified_on=None),
        person("ines", "Inès", "Bélanger-Charbonneau", 4, language=Language.FR),
        person("tom", "Tom", "Nguyen", None),
        person("ava", "Ava", "Singh", 5, age_group=AgeGroup.CHILD, memos=(Memo("Eggs and sesame", is_allergy=True),)),
    )
}
