"""A plugin as a partner would write it: fields for accounts and contacts, a record of its own, rules and settings."""

from collections.abc import AsyncIterator

from pydantic import Field, SecretStr

from accord.plugins import Change, Permission, Plugin, PluginSettings, Rule, Unit, Violation, hookimpl

from .records import ClinicAccount, ClinicContact, ClinicKind, ClinicVisit

BEDS_NEEDED = Rule(code="BEDS_NEEDED", message="A clinic has beds; say how many.", reference="Test Act 1(2)")


class ClinicSettings(PluginSettings):
    """What an operator may set."""

    region: str = Field(default="EU", description="Whose law counts.")
    hours: int = Field(default=8, ge=1, description="Hours that a clinic is open.")
    wards: tuple[str, ...] = Field(default=(), description="The wards that there are.")
    token: SecretStr | None = Field(default=None, description="What the register asks for.")


class Clinic(Plugin):
    """Clinics among the accounts."""

    name = "clinic"
    title = "Clinics"
    models = (ClinicAccount, ClinicContact, ClinicVisit)
    migrations = "accord_clinic.migrations"
    rules = (BEDS_NEEDED,)
    permissions = (Permission(name="clinic.phi.read", description="Read what clinics know of patients."),)
    settings_type = ClinicSettings

    @hookimpl
    async def validate(self, unit: Unit) -> AsyncIterator[tuple[Change, Violation]]:
        """A clinic has beds."""
        for change in unit.changes("ClinicAccount"):
            if change.is_write and change.after["kind"] != ClinicKind.NONE and not change.after["beds"]:
                yield BEDS_NEEDED.on(change, "beds")
