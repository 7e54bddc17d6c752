"""What a process opens by the settings, a server as well as a command: `storage`, and `instagram` upon it."""
