"""Whatever may be in a cache: odd texts, times and numbers, of the right types."""

from datetime import UTC

from hypothesis import strategies as st

from access.domain.facts import Entitlement, Finding
from access.domain.people import Language, Memo, Participant, Text
from access.domain.policy import AccessType, EntitlementClass
from access.domain.reasons import Outcome, Reason

TEXTS = st.text(max_size=80)
INSTANTS = st.datetimes(timezones=st.just(UTC))
NAMES = st.builds(Text, TEXTS, TEXTS)
FINDINGS = st.lists(
    st.builds(
        Finding,
        reason=st.sampled_from(Reason),
        outcome=st.sampled_from(Outcome),
        on=st.none() | st.dates(),
        at=st.none() | INSTANTS,
        name=st.none() | NAMES,
    ),
    max_size=3,
).map(tuple)
ENTITLEMENTS = st.builds(
    Entitlement,
    type=st.sampled_from(AccessType),
    class_=st.sampled_from(EntitlementClass),
    id=TEXTS,
    name=NAMES,
    type_id=TEXTS,
    ends_on=st.none() | st.dates(),
    starts_at=st.none() | INSTANTS,
    ends_at=st.none() | INSTANTS,
    total=st.none() | st.integers(),
    remaining=st.none() | st.integers(),
    takes_use=st.booleans(),
    activates=st.booleans(),
)
PEOPLE = st.builds(
    Participant,
    id=TEXTS,
    account_id=TEXTS,
    first_name=TEXTS,
    last_name=TEXTS,
    member_id=TEXTS,
    language=st.none() | st.sampled_from(Language),
    picture=st.none() | TEXTS,
    picture_verified_on=st.none() | st.dates(),
    memos=st.lists(st.builds(Memo, TEXTS, st.booleans()), max_size=2).map(tuple),
)
