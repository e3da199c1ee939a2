"""The back office: starlette-admin's frame with our own pages for what is particular."""

from __future__ import annotations

from fastapi import FastAPI
from starlette_admin.views import BaseView

from server.admin.addresses import put_first
from server.admin.frame import BackOffice
from server.admin.office import Office
from server.admin.pages.access_point import AccessPointPage
from server.admin.pages.access_point_history import AccessPointHistoryPage
from server.admin.pages.account import AccountPage
from server.admin.pages.account_activity import AccountActivityPage, EventPage
from server.admin.pages.account_balance import AccountBalancePage, AccountEntryPage
from server.admin.pages.account_cards import AccountCardPage, AccountCardsPage
from server.admin.pages.account_contacts import AccountContactsPage
from server.admin.pages.account_edit import AccountEditPage
from server.admin.pages.account_itself import AccountEndPage, AccountSettingsPage
from server.admin.pages.account_members import AccountMembersPage
from server.admin.pages.account_people import AccountPeoplePage
from server.admin.pages.account_pictures import AccessPicturePage, AccountPicturesPage, ProfilePicturePage
from server.admin.pages.account_selling import AccountSellingPage
from server.admin.pages.account_skills import AccountSkillsPage, SkillEditPage
from server.admin.pages.activities import ActivitiesPage, ActivityMakingPage
from server.admin.pages.activities_account import AccountRegisteringPage
from server.admin.pages.activities_dates import OccurrencesPage
from server.admin.pages.activities_edit import ActivityEditPage
from server.admin.pages.activities_page import ActivityPage
from server.admin.pages.activities_people import ActivityRegistrationsPage
from server.admin.pages.alarm_subject import AlarmSubjectPage
from server.admin.pages.attendance import AttendancePage
from server.admin.pages.audit import AuditPage
from server.admin.pages.card_templates import CardTemplatesPage, PrintCardsPage
from server.admin.pages.client_login import ClientLoginPage
from server.admin.pages.clients import ClientsPage
from server.admin.pages.device import DevicePage
from server.admin.pages.devices import DevicesPage
from server.admin.pages.explain import WhyPage
from server.admin.pages.imports import ImportsPage
from server.admin.pages.integrations import IntegrationsPage
from server.admin.pages.mail import MailPage
from server.admin.pages.merge import MergePage
from server.admin.pages.new_account import NewAccountPage
from server.admin.pages.organization import OrganizationPage
from server.admin.pages.overview import OverviewPage
from server.admin.pages.pictures import PicturePage
from server.admin.pages.privacy import LeavingPage, PrivacyPage
from server.admin.pages.profile import ProfilePage
from server.admin.pages.report import ReportPage
from server.admin.pages.retention import RetentionPage
from server.admin.pages.roles import RolesPage
from server.admin.pages.second_factor import SecondFactorPage
from server.admin.pages.sites import SitesPage
from server.admin.pages.tags import TagsPage
from server.admin.pages.what_if import WhatIfPage
from server.admin.records.access_points import AccessPointView, FacilityView, SiteView
from server.admin.records.alarms import AlarmView, QuarantineView
from server.admin.records.clients import AccountView, PersonView
from server.admin.records.passes import (
    CredentialView,
    MembershipTypeView,
    MembershipView,
    MultipassTypeView,
    MultipassView,
)
from server.admin.records.staff import StaffView
from server.db import Database
from server.settings import ServerSettings

__all__ = ["mount_admin"]


def mount_admin(app: FastAPI, database: Database, settings: ServerSettings) -> None:
    """Mounts the back office at `/admin`."""
    office = Office(database, settings)
    frame = BackOffice(office, OverviewPage(office))
    views: list[BaseView] = [
        # What is added later is asked first: a fixed path comes after the one with a parameter that would match it.
        AccountPage(office),
        AccountMembersPage(office),
        AccountEditPage(office),
        AccountContactsPage(office),
        AccountPeoplePage(office),
        AccountSettingsPage(office),
        AccountEndPage(office),
        AccountCardsPage(office),
        AccountCardPage(office),
        AccountPicturesPage(office),
        ProfilePicturePage(office),
        AccessPicturePage(office),
        ClientLoginPage(office),
        AccountSkillsPage(office),
        SkillEditPage(office),
        AccountBalancePage(office),
        AccountEntryPage(office),
        AccountSellingPage(office),
        AccountRegisteringPage(office),
        AccountActivityPage(office),
        EventPage(office),
        ClientsPage(office),
        ActivitiesPage(office),
        ActivityPage(office),
        ActivityEditPage(office),
        OccurrencesPage(office),
        ActivityRegistrationsPage(office),
        ActivityMakingPage(office),
        NewAccountPage(office),
        TagsPage(office),
        PrintCardsPage(office),
        CardTemplatesPage(office),
        PersonView(),
        AccountView(),
        MembershipView(),
        MultipassView(),
        CredentialView(),
        MembershipTypeView(),
        MultipassTypeView(),
        SiteView(),
        AccessPointView(),
        AccessPointPage(office),
        AccessPointHistoryPage(office),
        AttendancePage(office),
        SitesPage(office),
        ReportPage(office),
        FacilityView(),
        WhyPage(office),
        WhatIfPage(office),
        DevicePage(office),
        DevicesPage(office),
        ImportsPage(office),
        IntegrationsPage(office),
        MailPage(office),
        PicturePage(office),
        AlarmView(),
        AlarmSubjectPage(office),
        QuarantineView(),
        StaffView(),
        RolesPage(office),
        SecondFactorPage(office),
        AuditPage(office),
        ProfilePage(office),
        OrganizationPage(office),
        LeavingPage(office),
        PrivacyPage(office),
        MergePage(office),
        RetentionPage(office),
    ]
    for view in views:
        frame.add_view(view)
    frame.mount_to(app)
    put_first(app, frame.route_name)
