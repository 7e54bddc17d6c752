"""What somebody may do on a Page, as Meta names it, and whether it is enough to message for it. Pure.

Source: Meta reference 4.2. Sending needs MESSAGING, profiles and conversations need MODERATE.
"""

from collections.abc import Collection, Mapping

# A task, and what else includes it.
TASKS: Mapping[str, frozenset[str]] = {
    "MESSAGING": frozenset({"MESSAGING", "PROFILE_PLUS_MESSAGING", "PROFILE_PLUS_FULL_CONTROL"}),
    "MODERATE": frozenset({"MODERATE", "PROFILE_PLUS_MODERATE", "PROFILE_PLUS_FULL_CONTROL"}),
}


def missing_tasks(tasks: Collection[str] | None) -> tuple[str, ...]:
    """The tasks that messaging needs and a person lacks; None: not told, and so none.

    Older Pages have MODERATE alone, which includes messages.
    """
    if tasks is None:
        return ()
    had = set(tasks)
    if "MODERATE" in had and not any(task.startswith("PROFILE_PLUS_") for task in had):
        return ()
    return tuple(task for task, enough in TASKS.items() if not enough & had)
