"""The library as its users meet it: real plugins, over their pipes."""

import json
import os
import pathlib
import pty
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import unittest

sys.path.insert(0, os.path.dirname(__file__))
from plugin import INITIALIZE, Plugin, built  # noqa: E402

SDK = pathlib.Path(__file__).resolve().parent.parent


def trial(*arguments):
    return Plugin(built("trial"), *arguments)


class Params(unittest.TestCase):
    def test_what_fits_arrives_and_an_integer_is_one(self):
        with trial() as plugin:
            plugin.start()
            given = {
                "integer": 2.0,
                "number": 2.0,
                "either": None,
                "one": 2.0,
                "constant": 1,
                "text": "äöü",
                "list": [1.0, 2],
                "map": {"x": 3.0},
                "deep": {"a/b~c": [{"x": 1}]},
                "anything": [1e300],
            }
            plugin.send(id="x", method="trial.fit", params=given)
            answer = plugin.receive()["result"]
            self.assertEqual(answer, given)
            for value in (answer["integer"], *answer["list"], answer["map"]["x"]):
                self.assertIsInstance(value, int)

    def test_what_does_not_fit_is_named_by_a_json_pointer(self):
        cases = [
            ({"integer": "5"}, "/integer", "expected integer, found a string"),
            ({"integer": 1.5}, "/integer", "expected integer, found a number"),
            ({"integer": 1e300}, "/integer", "expected integer"),
            ({"integer": 6}, "/integer", "at most 5"),
            ({"integer": -6}, "/integer", "at least -5"),
            ({"number": True}, "/number", "expected number, found a boolean"),
            ({"either": 1}, "/either", "expected string or null, found an integer"),
            ({"one": "b"}, "/one", 'one of ["a",2,null]'),
            ({"constant": 2}, "/constant", "expected 1"),
            ({"text": ""}, "/text", "at least 1 characters"),
            ({"text": "äöüß"}, "/text", "at most 3 characters"),
            ({"list": []}, "/list", "at least 1 items"),
            ({"list": [1, 2, 3]}, "/list", "at most 2 items"),
            ({"list": [1, "2"]}, "/list/1", "expected integer"),
            ({"map": {"x": 1, "y": None}}, "/map/y", "found null"),
            ({"deep": {"a/b~c": [{"x": 1}, {}]}}, "/deep/a~1b~0c/1/x", "found none"),
            ({"never": 1}, "/never", "expected nothing"),
            ({"unknown": 1}, "/unknown", "expected nothing"),
        ]
        with trial() as plugin:
            plugin.start()
            for params, path, message in cases:
                with self.subTest(params=params):
                    error = plugin.error("trial.fit", params)
                    self.assertEqual((error["code"], error["data"]["path"]), (-32602, path))
                    self.assertIn(message, error["message"])
                    self.assertTrue(error["message"].startswith(path))

    def test_int64_travels_as_a_string(self):
        with trial() as plugin:
            plugin.start()
            self.assertEqual(plugin.result("trial.twice", {"n": "4611686018427387903"}), "9223372036854775806")
            self.assertEqual(plugin.result("trial.twice", {"n": "-9223372036854775808"}), "-9223372036854775808")
            for wrong in ("9223372036854775808", "", "-", "+1", " 1", "1x", "1\0", 5):
                self.assertEqual(plugin.error("trial.twice", {"n": wrong})["data"]["path"], "/n")


class Messages(unittest.TestCase):
    def answer_to(self, body):
        with trial() as plugin:
            plugin.start()
            plugin.body(body)
            answer = plugin.receive()
            self.assertEqual(plugin.result("trial.any", {"x": 1}), {"x": 1})
            return answer

    def test_what_is_no_message_is_refused_and_the_session_goes_on(self):
        cases = [
            (b"", -32700),
            (b"{", -32700),
            (b"{} {}", -32700),
            (b"\xff", -32700),
            (b'{"jsonrpc":"2.0","id":1,"method":"\xed\xa0\x80"}', -32700),
            (b'{"jsonrpc":"2.0","id":1,"method":"ping","params":{"x":"\\ud800"}}', -32700),
            (b'{"jsonrpc":"2.0","id":1,"method":"ping","params":{"x":Infinity}}', -32700),
            (b'{"jsonrpc":"2.0","id":1,"method":"ping","params":{"x":%s}}' % (b"[" * 99 + b"]" * 99), -32700),
            (b"[" * 100_000, -32700),
            (b'{"a":' * 100_000, -32700),
            (b"5", -32600),
            (b'{"jsonrpc":"2.0","id":null,"method":"ping"}', -32600),
            (b'{"jsonrpc":"2.0","id":1.0,"method":"ping"}', -32600),
            (b'{"jsonrpc":"2.0","id":99999999999999999999,"method":"ping"}', -32600),
            (b'{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}', -32600),
            (b'{"jsonrpc":"2.0","id":1,"\\u0069d":2,"method":"ping"}', -32600),
        ]
        for body, code in cases:
            with self.subTest(body=body[:60]):
                answer = self.answer_to(body)
                self.assertEqual((answer["id"], answer["error"]["code"]), (None, code))

    def test_numbers_that_c_does_not_have(self):
        body = b'{"jsonrpc":"2.0","id":7,"method":"trial.any","params":{"x":%s}}'
        for text, value in [
            (b"100000000000000000000", 1e20),
            (b"-9223372036854775809", -9223372036854775809.0),
            (b"[18446744073709551616,9223372036854775807]", [2.0**64, 2**63 - 1]),
            (b'[18446744073709551616,"\\"18446744073709551616"]', [2.0**64, '"18446744073709551616']),
            (b"1e-400", 0),
        ]:
            self.assertEqual(self.answer_to(body % text), {"jsonrpc": "2.0", "id": 7, "result": {"x": value}})
        for text in (b"1e400", b'{"a\\u0000b":[1,{}]}', b'[1e999,{"params":1}]'):
            answer = self.answer_to(body % text)
            self.assertEqual((answer["id"], answer["error"]["code"], answer["error"]["data"]["path"]), (7, -32602, ""))

    def test_a_member_twice_inside_params_is_the_last_one(self):
        answer = self.answer_to(b'{"jsonrpc":"2.0","id":1,"method":"trial.any","params":{"x":1,"x":2}}')
        self.assertEqual(answer["result"], {"x": 2})

    def test_a_hundred_levels_are_not_too_many(self):
        body = b'{"jsonrpc":"2.0","id":1,"method":"trial.any","params":{"x":%s}}' % (b"[" * 98 + b"]" * 98)
        self.assertIn("result", self.answer_to(body))

    def test_a_broken_frame_ends_the_session_and_is_named(self):
        cases = [
            (b"Content-Length: -1\r\n\r\n", "no number"),
            (b"Content-Length: +5\r\n\r\n", "no number"),
            (b"Content-Length: \r\n\r\n", "empty"),
            (b"Content-Length: 99999999999999999999999\r\n\r\n", "beyond the limit"),
            (b"Content-Length: 2\n\n{}", "CR LF"),
            (b"\r\n", "without Content-Length"),
            (b"Content-Length: 2\r\ncontent-length: 2\r\n\r\n{}", "twice"),
            (b"X: 1\r\n\r\n", "without Content-Length"),
            (b"hello\r\n\r\n", "without a colon"),
            (b"x" * 5000, "more than 4096 bytes"),
            (b"Content-Length: 5\r\n\r\n{}", "inside a frame"),
            (b"Content-Le", "inside a frame"),
        ]
        for data, named in cases:
            with self.subTest(data=data[:40]), trial() as plugin:
                plugin.raw(data)
                status, said = plugin.leave()
                self.assertEqual(status, 65)
                self.assertIn(named, said)


class Answers(unittest.TestCase):
    def test_what_can_not_leave_is_an_internal_error(self):
        with trial() as plugin:
            plugin.start()
            for method, params, name in [
                ("trial.nothing", {}, "internal_error"),
                ("trial.nested", {"levels": 100}, "too_deep"),
                ("trial.cyclic", {}, "too_deep"),
                ("trial.no_stream", {}, "no_stream"),
            ]:
                error = plugin.error(method, params)
                self.assertEqual((error["code"], error["data"]["code"]), (-32603, name))
            self.assertIn("result", plugin.call("trial.nested", {"levels": 99}))

    def test_an_error_that_is_no_utf8_still_arrives(self):
        with trial() as plugin:
            plugin.start()
            self.assertEqual(plugin.error("trial.garbled")["message"], "not UTF-8: ??")

    def test_progress_has_the_shape_that_the_method_gives_it(self):
        with trial() as plugin:
            plugin.start()
            id = plugin.ask("trial.shape")
            values = [plugin.receive()["params"] for _ in range(2)]
            self.assertEqual(values, [
                {"id": id, "value": {"phase": "one"}},
                {"id": id, "value": {"message": "two", "done": 1}},
            ])
            self.assertEqual(plugin.receive()["id"], id)

    def test_an_item_that_is_no_json_fails_the_call(self):
        with trial() as plugin:
            plugin.start()
            for what in ("null", "cursor"):
                self.assertEqual(plugin.error("trial.items", {"what": what}, {"credit": 5})["code"], -32603)
            plugin.ask("trial.items", {"what": "three"}, {"credit": 3})
            self.assertEqual([plugin.receive()["params"]["seq"] for _ in range(3)], [0, 1, 2])
            self.assertIs(plugin.receive()["result"], True)


class Host(unittest.TestCase):
    def serve(self, plugin, method, result):
        request = plugin.receive()
        self.assertEqual(request["method"], method)
        plugin.send(id=request["id"], result=result)
        return request

    def test_every_service_is_asked_in_its_own_words(self):
        with trial() as plugin:
            plugin.start()
            id = plugin.ask("trial.tour")
            told = [
                self.serve(plugin, method, result)
                for method, result in [
                    ("host.log", None),
                    ("host.storage.set", None),
                    ("host.storage.get", {"value": [1]}),
                    ("host.storage.delete", {"deleted": True}),
                    ("host.storage.list", {"keys": ["a"], "more": False}),
                    ("host.call", {"lines": 0}),
                    ("host.emit", None),
                ]
            ]
            self.assertEqual([each["params"] for each in told], [
                {"level": "info", "msg": "hello", "fields": {"n": 1}},
                {"key": "k", "value": [1]},
                {"key": "k"},
                {"key": "k"},
                {"prefix": "a", "limit": 5},
                {"target": "other/text.count", "params": {"text": "x"}},
                {"event": "trial.done", "params": {}},
            ])
            self.assertEqual([each["ctx"] for each in told], [{"parent": id}] * 7)
            self.assertEqual([each["id"] for each in told], list(range(1, 8)))
            self.assertEqual(plugin.receive()["result"], {
                "value": [1], "deleted": True, "list": {"keys": ["a"], "more": False}, "other": {"lines": 0},
            })

    def test_a_failure_that_nobody_asks_for_becomes_that_of_the_call(self):
        with trial() as plugin:
            plugin.start()
            for error, leaves in [
                ({"code": 7, "message": "no", "data": {"code": "storage_full"}}, {"code": 7, "message": "no"}),
                ({"code": -31954, "message": "no"}, {"code": -32603}),
                ({"code": "7"}, {"code": -32603}),
            ]:
                plugin.ask("trial.tour")
                plugin.send(id=plugin.receive()["id"], error=error)
                answer = plugin.receive()["error"]
                self.assertEqual({**answer, **leaves}, answer)

    def test_a_thread_of_its_own_asks_without_a_parent(self):
        with trial() as plugin:
            plugin.start()
            id = plugin.ask("trial.alone")
            messages = [plugin.receive(), plugin.receive()]
            request = next(each for each in messages if "method" in each)
            self.assertNotIn("ctx", request)
            self.assertEqual({each["id"] for each in messages if "method" not in each}, {id})
            plugin.send(id=request["id"], result=None)


class Life(unittest.TestCase):
    def test_the_description_tells_all(self):
        with trial() as plugin:
            described = plugin.result("initialize", INITIALIZE)
            self.assertIs(described["exclusive"], True)
            self.assertEqual(described["capabilities"], {"ping": True, "configure": True})
            self.assertEqual([(api["name"], api["version"]) for api in described["apis"]],
                             [("trial", "1.0.0"), ("versions", "1.2.0"), ("versions", "2.0.0")])
            methods = {each["name"]: each for each in described["apis"][0]["methods"]}
            self.assertEqual(methods["facts"], {"name": "facts", "description": "What it was told.",
                                                "params": {"type": "object"}, "idempotent": True})
            self.assertEqual(methods["tour"]["errors"], [{"code": "storage_full", "description": "No room."}])

    def test_calls_come_between_activate_and_shutdown(self):
        with trial() as plugin:
            self.assertEqual(plugin.error("trial.any")["code"], -32600)
            self.assertEqual(plugin.error("activate")["code"], -32600)
            plugin.start()
            self.assertEqual(plugin.error("initialize", INITIALIZE)["code"], -32600)
            self.assertEqual(plugin.error("activate")["code"], -32600)
            plugin.result("shutdown", {"ms": 1})
            self.assertEqual(plugin.error("trial.any")["code"], -32600)
            self.assertEqual(plugin.error("configure", {"config": {}})["code"], -32600)
            self.assertEqual(plugin.leave()[0], 0)

    def test_it_knows_what_it_was_told(self):
        with trial() as plugin:
            plugin.start()
            facts = {"dataDir": "/tmp/data", "plugin": "life", "generation": 3, "storage": True, "log": False}
            self.assertEqual(plugin.result("trial.facts"), {**facts, "hurry": False})
            self.assertEqual(plugin.result("trial.facts", ctx={"ms": 1000.5}), {**facts, "hurry": True})

    def test_of_two_versions_the_agreed_one_is_served(self):
        for apis, answer, gone in [
            ([], "new", -32601),
            ([{"name": "versions", "version": "2.0.0"}], "new", -32601),
            ([{"name": "versions", "version": "1.2.0"}], "old", None),
        ]:
            with self.subTest(apis=apis), trial() as plugin:
                plugin.start(apis=apis)
                self.assertEqual(plugin.result("versions.which"), answer)
                self.assertEqual(plugin.call("versions.gone").get("error", {}).get("code"), gone)

    def test_a_configuration_that_is_refused_leaves_the_old_one_in_force(self):
        with trial() as plugin:
            plugin.start({"mode": "a"})
            for config, path in [({"mode": 5}, "/mode"), ({"mode": "forbidden"}, "/mode")]:
                error = plugin.error("configure", {"config": config})
                self.assertEqual((error["code"], error["data"]), (-32002, {"code": "config_invalid", "path": path}))
            self.assertEqual(plugin.result("trial.mode"), {"mode": "a"})
            plugin.result("configure", {"config": {"mode": "b"}})
            self.assertEqual(plugin.result("trial.mode"), {"mode": "b"})

    def test_the_bound_of_threads_makes_calls_queue_and_a_queued_one_is_cancelled_at_once(self):
        with trial() as plugin:
            plugin.start()
            running = [plugin.ask("trial.sleep") for _ in range(4)]
            queued = [plugin.ask("trial.sleep"), plugin.ask("trial.any", {"x": 1})]
            plugin.send(method="$/cancelRequest", params={"id": queued[0]})
            self.assertEqual(plugin.receive()["id"], queued[0])
            plugin.send(method="$/cancelRequest", params={"id": running[2]})
            first, second = plugin.receive(), plugin.receive()
            self.assertEqual((first["id"], first["error"]["code"]), (running[2], -32800))
            self.assertEqual((second["id"], second["result"]), (queued[1], {"x": 1}))

    def test_of_many_calls_each_is_answered_once_whatever_becomes_of_it(self):
        rounds = 300

        def talk(plugin):
            for n in range(rounds):
                plugin.send(id=f"any {n}", method="trial.any", params={"n": n})
                plugin.send(id=f"items {n}", method="trial.items", params={"what": "three"}, ctx={"credit": 1})
                plugin.send(id=f"sleep {n}", method="trial.sleep", params={})
                plugin.send(id=f"mode {n}", method="trial.mode", params={})
                plugin.send(method="$/credit", params={"id": f"items {n}", "n": 1 + n % 2})
                plugin.send(method="$/cancelRequest", params={"id": f"items {n}"})
                plugin.send(method="$/cancelRequest", params={"id": f"sleep {n}"})
                plugin.send(id=f"configure {n}", method="configure", params={"config": {"mode": str(n)}})
            plugin.send(id="end", method="shutdown", params={"ms": 5000})

        with trial() as plugin:
            plugin.start()
            talker = threading.Thread(target=talk, args=[plugin])
            talker.start()
            answered, seqs = set(), {}
            while "end" not in answered:
                message = plugin.receive()
                if message.get("method") == "$/item":
                    params = message["params"]
                    self.assertNotIn(params["id"], answered)
                    self.assertEqual(params["seq"], seqs.get(params["id"], 0))
                    seqs[params["id"]] = params["seq"] + 1
                    continue
                self.assertNotIn(message["id"], answered)
                answered.add(message["id"])
                if message["id"].startswith(("any", "mode", "configure")):
                    self.assertIn("result", message)
            talker.join()
            self.assertEqual(len(answered), 5 * rounds + 1)
            plugin.send(method="exit")
            self.assertEqual(plugin.leave()[0], 0)

    def test_an_id_in_use_and_a_call_too_many_are_refused(self):
        with trial() as plugin:
            plugin.start(limits={"frameBytes": 64 << 20, "depth": 100, "inFlight": 2})
            plugin.send(id="a", method="trial.sleep", params={})
            plugin.send(id="a", method="trial.sleep", params={})
            self.assertEqual(plugin.receive()["error"]["code"], -32600)
            plugin.ask("trial.sleep")
            self.assertEqual(plugin.error("trial.sleep")["code"], -32600)

    def test_logs_are_json_lines_and_prints_are_lines(self):
        with trial("print") as plugin:
            plugin.start()
            plugin.result("trial.log", {"text": 'a "b"\nc'})
            plugin.send(method="exit")
            status, said = plugin.leave()
            self.assertEqual(status, 0)
            first, second = said.splitlines()
            self.assertEqual(first, "before the run")
            self.assertEqual(json.loads(second), {"level": "warn", "msg": 'said: a "b"\nc'})

    def test_a_wrong_table_is_named_at_the_start(self):
        for mistake, named in [
            ("name", "Trial! is no name of a plugin"),
            ("handler", "a.lost has no handler"),
            ("schema", "params of bad: "),
            ("action", "the action go names no method"),
            ("twice", "the api a 1.0.0 is offered twice"),
        ]:
            with self.subTest(mistake=mistake), trial(mistake) as plugin:
                status, said = plugin.leave()
                self.assertEqual(status, 70)
                self.assertIn(named, said)

    def test_in_a_terminal_it_explains_itself(self):
        controller, terminal = pty.openpty()
        done = subprocess.run([built("trial")], stdin=terminal, capture_output=True, check=False)
        os.close(controller)
        os.close(terminal)
        self.assertEqual((done.returncode, done.stdout), (64, b""))
        self.assertIn(b"[plugins.trial]", done.stderr)

    def test_when_nobody_reads_any_more_it_leaves(self):
        with trial() as plugin:
            plugin.start()
            plugin.process.stdout.close()
            plugin.ask("ping")
            self.assertEqual(plugin.process.wait(), 0)


class Readme(unittest.TestCase):
    def test_the_first_example_is_a_whole_plugin(self):
        readme = (SDK / "README.md").read_text()
        source = re.search(r"```c\n(.*?)```", readme, re.S)[1]
        command = re.search(r"```sh\n(cc .*?)\n```", readme, re.S)[1]
        with tempfile.TemporaryDirectory() as folder:
            (pathlib.Path(folder) / "min.c").write_text(source)
            (pathlib.Path(folder) / "SDK").symlink_to(SDK)
            strict = command.replace("cc ", "cc -Wall -Wextra -Werror ", 1)
            subprocess.run(strict, shell=True, check=True, cwd=folder)
            with Plugin(os.path.join(folder, "min")) as plugin:
                plugin.start()
                self.assertEqual(plugin.result("min.min", {"a": 2, "b": -1}), -1)
                self.assertEqual(plugin.error("min.min", {"a": 2, "b": "1"})["data"]["path"], "/b")


class Template(unittest.TestCase):
    def test_a_new_plugin_builds_and_passes_its_own_test(self):
        with tempfile.TemporaryDirectory() as folder:
            for file in (SDK / "template").iterdir():
                (pathlib.Path(folder) / file.name).write_text(file.read_text().replace("{{name}}", "say-hello"))
            (pathlib.Path(folder) / "sdk").mkdir()
            for name in ("bulkhead_plugin.c", "bulkhead_plugin.h", "bulkhead_test.h"):
                shutil.copy(SDK / name, pathlib.Path(folder) / "sdk")
            make = ["make", "--silent", "--no-print-directory", "test", "CFLAGS=-O0 -Werror"]
            done = subprocess.run(make, cwd=folder, check=False, capture_output=True, text=True)
            self.assertEqual((done.returncode, done.stdout), (0, "ok\n"), done.stderr)
            command = re.search(r'command = "(.*)"', (pathlib.Path(folder) / "plugin.toml").read_text())[1]
            self.assertTrue(os.access(os.path.join(folder, command), os.X_OK))


if __name__ == "__main__":
    unittest.main()
