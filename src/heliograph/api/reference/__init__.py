"""What the OpenAPI document and the reference page say beyond the routes themselves.

    tables (a file for each resource) ──▶ merge ──▶ /openapi.json ──▶ page ──▶ /reference

Request bodies come from the models that check them; answers, descriptions and examples come from the tables here, by
operation id. The tables know every operation of the wire; those that are not served are passed over.
"""

from heliograph.api.reference.merge import complete
from heliograph.api.reference.page import page_of

__all__ = ["complete", "page_of"]
