"""The commands behind `heliograph …`, one module each. `cli` only names them and their options."""
