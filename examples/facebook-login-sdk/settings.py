"""Where everything is: from a running demo of Heliograph, or from the environment."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

SCOPES = (
    "pages_show_list,pages_manage_metadata,pages_messaging,"
    "instagram_basic,instagram_manage_messages,business_management"
)
"""What messaging needs. With Facebook Login for Business these stand in a configuration instead: ``FACEBOOK_CONFIG_ID``."""


@dataclass(frozen=True)
class Settings:
    """``dialog_url`` is where people log in, ``graph_url`` where servers ask, ``sdk_url`` the JavaScript SDK."""

    public_url: str
    facebook_app_id: str
    facebook_app_secret: str
    facebook_config_id: str | None
    dialog_url: str
    graph_url: str
    sdk_url: str
    heliograph_url: str
    heliograph_app_id: str
    heliograph_key: tuple[str, str]
    version: str = "v23.0"

    @property
    def simulated(self) -> bool:
        """Whether the simulator plays Meta."""
        return self.dialog_url != "https://www.facebook.com"

    @classmethod
    def of_demo(cls, file: Path, public_url: str) -> "Settings":
        """Those of ``make demo``, whose simulator is dialog, Graph API and SDK in one."""
        known = json.loads(file.read_text())
        meta = known["simulator_url"]
        return cls(
            public_url=public_url,
            facebook_app_id=known["facebook_app_id"],
            facebook_app_secret=known["facebook_app_secret"],
            facebook_config_id=None,
            dialog_url=meta,
            graph_url=meta,
            sdk_url=f"{meta}/en_US/sdk.js",
            heliograph_url=known["server_url"],
            heliograph_app_id=known["app_id"],
            heliograph_key=(known["app_key"]["id"], known["app_key"]["secret"]),
        )

    @classmethod
    def of_environment(cls, public_url: str) -> "Settings":
        """Those of the real Meta. Raises ``SystemExit`` with the name of what is missing."""
        try:
            return cls(
                public_url=os.environ.get("PUBLIC_URL", public_url),
                facebook_app_id=os.environ["FACEBOOK_APP_ID"],
                facebook_app_secret=os.environ["FACEBOOK_APP_SECRET"],
                facebook_config_id=os.environ.get("FACEBOOK_CONFIG_ID"),
                dialog_url=os.environ.get("DIALOG_URL", "https://www.facebook.com"),
                graph_url=os.environ.get("GRAPH_URL", "https://graph.facebook.com"),
                sdk_url=os.environ.get("SDK_URL", "https://connect.facebook.net/en_US/sdk.js"),
                heliograph_url=os.environ["HELIOGRAPH_URL"],
                heliograph_app_id=os.environ["HELIOGRAPH_APP_ID"],
                heliograph_key=(os.environ["HELIOGRAPH_KEY_ID"], os.environ["HELIOGRAPH_KEY_SECRET"]),
            )
        except KeyError as missing:
            raise SystemExit(f"Set {missing.args[0]}, or use --demo with the demo.json of a running demo.") from None
