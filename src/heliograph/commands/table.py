"""`heliograph settings`: every setting, what it is for, and what is in force."""

import os
from typing import Any

from pydantic import SecretStr
from rich.table import Table

from heliograph.commands.console import console
from heliograph.settings import Settings


def settings_rows(settings: Settings) -> list[dict[str, Any]]:
    """One row a setting: variable, value in force (secrets masked), default, whether it was set, description."""
    rows = []
    for name, field in Settings.model_fields.items():
        value = getattr(settings, name)
        variable = f"HELIOGRAPH_{name.upper()}"
        rows.append(
            {
                "variable": variable,
                "value": _shown(value),
                "default": _shown(field.default),
                "set": variable in os.environ,
                "description": field.description or "",
            }
        )
    return rows


def print_settings(settings: Settings) -> None:
    """The same as a table."""
    table = Table(box=None, pad_edge=False, header_style="soft")
    for heading in ("Variable", "Value", "What it is for"):
        table.add_column(heading, overflow="fold")
    for row in settings_rows(settings):
        value = f"[sun]{row['value']}[/sun]" if row["set"] else f"[soft]{row['value']}[/soft]"
        table.add_row(row["variable"], value, row["description"])
    console.print(table)
    console.print("\n[soft]Amber: set in the environment. Dim: the default.[/soft]")


def _shown(value: Any) -> str:
    if isinstance(value, SecretStr):
        return "(set)" if value.get_secret_value() else "(empty)"
    return str(value) if str(value) else "(empty)"
