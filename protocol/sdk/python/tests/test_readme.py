"""The first example of the README, run as it stands there."""

import re
import tempfile
import unittest
from pathlib import Path

from .conversation import ROOT, python


class Readme(unittest.TestCase):
    def test_the_first_example_is_a_whole_plugin(self):
        example = re.search(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)[1]
        self.assertLessEqual(len(example.splitlines()), 12)
        with tempfile.TemporaryDirectory() as directory:
            file = Path(directory, "min.py")
            file.write_text(example, encoding="utf-8")
            with python(file) as plugin:
                plugin.start()
                for a, b, least in [(1, 2, 1), (-10, 10, -10), (2000, 2000, 2000)]:
                    self.assertEqual(plugin.ask(3, "numbers.min", {"a": a, "b": b})["result"], least)
                wrong = plugin.ask(4, "numbers.min", {"a": 1, "b": "5"})["error"]
                self.assertEqual((wrong["code"], wrong["data"]["path"]), (-32602, "/b"))
                self.assertEqual(wrong["message"], '/b: expected an integer, found "5"')

    def test_the_other_examples_declare_plugins(self):
        _, *others = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
        for example in others:
            names = {"__name__": __name__}
            exec(example, names)
            self.assertEqual(names["plugin"].describe()["protocol"], 1)
