import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "protocol" / "sdk" / "python"))

from tests.conversation import Conversation  # noqa: E402


class Reverse(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.data = Path(directory.name, "data")
        self.file = self.data / "out.jsonl"

    def started(self, **config):
        plugin = Conversation(str(HERE / "reverse.py"))
        self.addCleanup(plugin.__exit__)
        plugin.start(config=config, apis=[("reverse", "1.0.0")], data_dir=str(self.data))
        return plugin

    def test_an_answered_write_is_in_the_file(self):
        plugin = self.started()
        self.assertIsNone(plugin.ask(3, "reverse.write", {"value": "añ🚢", "cursor": "7"})["result"])
        self.assertEqual(self.file.read_text(encoding="utf-8"), '{"value":"🚢ña","cursor":"7","redelivered":false}\n')

    def test_each_kind_of_value_has_its_reverse(self):
        plugin = self.started(prefix="> ")
        for value in ("ab", {"a": "xy", "b": 5, "c": ["xy"]}, ["ab", 1, None], 12, None, True):
            self.assertIn("result", plugin.ask(3, "reverse.write", {"value": value, "cursor": None}))
        lines = plugin.ask(4, "reverse.read")["result"]["lines"]
        kept = ["> ba", {"a": "> yx", "b": 5, "c": ["xy"]}, [None, 1, "ab"], 12, None, True]
        self.assertEqual([line["value"] for line in lines], kept)

    def test_reading_gives_the_last_lines(self):
        plugin = self.started()
        for n in range(3):
            plugin.ask(3, "reverse.write", {"value": n, "cursor": str(n), "redelivered": n == 2})
        last = plugin.ask(4, "reverse.read", {"last": 1})["result"]
        self.assertEqual(last, {"lines": [{"value": 2, "cursor": "2", "redelivered": True}]})
        self.assertEqual(plugin.ask(5, "reverse.read", {"last": 0})["result"], {"lines": []})
        error = plugin.ask(6, "reverse.read", {"last": -1})["error"]
        self.assertEqual((error["code"], error["data"]["path"]), (-32602, "/last"))

    def test_what_was_answered_survives_a_kill_and_half_a_line_does_not_spoil_the_next(self):
        first = self.started()
        first.ask(3, "reverse.write", {"value": 1, "cursor": "1"})
        first.process.kill()
        first.process.wait()
        with self.file.open("a") as file:
            file.write('{"value":2,"cu')
        second = self.started()
        second.ask(3, "reverse.write", {"value": 2, "cursor": "2", "redelivered": True})
        lines = second.ask(4, "reverse.read")["result"]["lines"]
        self.assertEqual([(line["value"], line["redelivered"]) for line in lines], [(1, False), (2, True)])

    def test_the_prefix_can_be_changed_while_it_runs(self):
        plugin = self.started(prefix="a")
        self.assertEqual(plugin.ask(3, "configure", {"config": {"prefix": 5}})["error"]["data"]["path"], "/prefix")
        self.assertEqual(plugin.ask(4, "configure", {"config": {"prefix": "b"}})["result"], {})
        plugin.ask(5, "reverse.write", {"value": "x"})
        self.assertEqual(plugin.ask(6, "reverse.read")["result"]["lines"][0]["value"], "bx")


if __name__ == "__main__":
    unittest.main()
