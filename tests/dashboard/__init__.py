"""The dashboard, as members and others meet it."""
