"""Answers that are owed (ours)."""

from collections.abc import Mapping

from heliograph.api.reference.samples import CONVERSATION_ID, INTEGRATION_ID
from heliograph.api.reference.terms import FLAG, ID, TEXT, TIME, Entry, Schema, many, obj, one_of, ref

STATES = one_of("open", "soon", "late")

SCHEMAS: Mapping[str, Schema] = {
    "Commitment": obj(
        "A conversation that is owed an answer.",
        {"conversationId": ID, "integrationId": ID, "waitingSince": TIME, "responseDueAt": TIME, "state": STATES},
    ),
    "CommitmentListResponse": obj(
        "A page of commitments, the most urgent first.",
        {
            "commitments": many(ref("Commitment")),
            "meta": obj("Whether there are more.", {"hasMore": FLAG, "afterCursor?": TEXT}),
        },
    ),
}

OPERATIONS: Mapping[str, Entry] = {
    "ListCommitments": Entry(
        "List answers that are owed",
        "CommitmentListResponse",
        {
            "commitments": [
                {
                    "conversationId": CONVERSATION_ID,
                    "integrationId": INTEGRATION_ID,
                    "waitingSince": "2026-03-02T08:15:00.000Z",
                    "responseDueAt": "2026-03-03T08:15:00.000Z",
                    "state": "soon",
                }
            ],
            "meta": {"hasMore": False},
        },
    ),
}
