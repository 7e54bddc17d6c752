"""Pages to connect an account from, under ``/connect``: for people who have no session here, only an invitation."""
