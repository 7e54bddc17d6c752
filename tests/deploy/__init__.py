"""What docs/deploying.md tells people to do, done: the samples of examples/deploy, before and around a real server."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "examples" / "deploy"
