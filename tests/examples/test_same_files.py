"""What both samples share stands in both, word for word, and their READMEs say so."""

import re

from tests.examples.conftest import EXAMPLES, SAMPLES


def test_the_programs_that_both_have_are_the_same_file_and_said_to_be() -> None:
    readmes = [(EXAMPLES / sample / "README.md").read_text("utf-8") for sample in SAMPLES]
    said = [set(re.findall(r"^\| `([\w.]+)` \|.* The same file in both samples \|$", text, re.M)) for text in readmes]
    for name in {"meta.py", "settings.py"}.union(*said):
        first, second = ((EXAMPLES / sample / name).read_bytes() for sample in SAMPLES)
        assert first == second, name
    same = {
        path.name
        for path in (EXAMPLES / SAMPLES[0]).glob("*.py")
        if (EXAMPLES / SAMPLES[1] / path.name).read_bytes() == path.read_bytes()
    }
    assert said == [same, same]
