"""The schema, as numbered SQL files that only ever grow in number."""
