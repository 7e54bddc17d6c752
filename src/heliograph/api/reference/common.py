"""What all resources share: metadata, pages, errors, the empty answer."""

from collections.abc import Mapping

from heliograph.api.reference.terms import FLAG, ID, TEXT, Schema, many, obj, ref

SCHEMAS: Mapping[str, Schema] = {
    "Metadata": {
        "type": "object",
        "description": "A flat object of your own: names to texts, numbers and booleans. At most 4096 bytes as JSON.",
        "additionalProperties": {"type": ["string", "number", "boolean"]},
    },
    "Meta": obj(
        "Where a page stands in its list.",
        {"hasMore": FLAG, "afterCursor?": ID, "beforeCursor?": ID},
    ),
    "Links": obj("The neighbouring pages; absent where there is none.", {"prev?": TEXT, "next?": TEXT}),
    "Error": obj("One thing that was wrong.", {"code": TEXT, "title": TEXT}),
    "Errors": obj("The body of every answer that is not a success.", {"errors": {**many(ref("Error")), "minItems": 1}}),
    "Nothing": {
        "type": "object",
        "description": "An empty object: done, nothing to tell.",
        "properties": {},
    },
}
