"""How `heliograph backup` and `restore` show what they do, and what is left to do."""

from pathlib import Path

from rich.filesize import decimal
from rich.markup import escape

from heliograph.commands.backup import Done
from heliograph.commands.console import StatusLine, console, errors


class Writing(StatusLine):
    """How far a backup is."""

    def __call__(self, size: int) -> None:
        """Show how many bytes are written."""
        self.show(f"{decimal(size)} written")


def show_backup(done: Done) -> None:
    """What was saved, and what was not."""
    console.print(f"[sun]{decimal(done.size)}[/sun] saved in {done.seconds} s: {escape(done.file)}")
    key = "HELIOGRAPH_SECRET_KEY" if done.key_file is None else done.key_file
    errors.print(f"The secret key is not in it. Keep a copy of {escape(key)} somewhere else: tokens need it.")


def show_restore(done: Done) -> None:
    """What is there again, and what else has to be."""
    console.print(f"[good]Restored[/good] in {done.seconds} s from {escape(done.file)}")
    if done.key_file is not None and not Path(done.key_file).exists():
        errors.print(
            f"Before the start put the key of that time back as {escape(done.key_file)}: without it a new one is made,"
            " which opens nothing."
        )
    errors.print("Then: `heliograph serve`, and `heliograph doctor`.", markup=False)
