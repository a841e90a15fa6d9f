"""The golden conversations, held with the reference plugin."""

import unittest

from .conversation import ROOT, python
from .transcript import Player, read_transcript

DIRECTORY = ROOT.parent.parent / "transcripts"


class Transcripts(unittest.TestCase):
    def test_the_reference_plugin_holds_them_all(self):
        files = sorted(DIRECTORY.glob("*.jsonl"))
        self.assertTrue(files, "there are no transcripts")
        for file in files:
            title, capability, steps = read_transcript(file)
            with self.subTest(file.name, title=title):
                # This SDK has none of those that a transcript can ask for.
                if capability is not None:
                    self.skipTest(f"no {capability}")
                self.hold(file.name, steps)

    def hold(self, name, steps):
        with python(ROOT / "examples" / "conformance.py") as plugin:
            player = Player(plugin)
            for line, step in enumerate(steps, start=2):
                try:
                    player.perform(step)
                except Exception as error:
                    raise AssertionError(f"{name}:{line}: {error!r}\n{plugin.stderr}") from error
