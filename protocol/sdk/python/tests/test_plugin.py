"""Behaviour at the process boundary, beyond the golden conversations."""

import os
import pty
import sys
import unittest

from .conversation import PATIENCE, ROOT, Conversation, python

OPTIONS = ROOT / "tests" / "plugins" / "options.py"
NEW = [("sums", "2.0.0"), ("options", "1.0.0")]


class PluginCase(unittest.TestCase):
    def setUp(self):
        self.plugin = self.enterContext(python(OPTIONS)) if sys.version_info >= (3, 11) else self.entered()

    def entered(self):
        plugin = python(OPTIONS).__enter__()
        self.addCleanup(plugin.__exit__, None, None, None)
        return plugin

    def result(self, method, params=None, **ctx):
        answer = self.plugin.ask(9, method, params, **ctx)
        self.assertIn("result", answer)
        return answer["result"]

    def error(self, method, params=None):
        answer = self.plugin.ask(9, method, params)
        self.assertIn("error", answer)
        return answer["error"]


class Description(PluginCase):
    def test_it_says_all_that_was_declared(self):
        described = self.plugin.start()
        self.assertEqual(described["plugin"], {"name": "options", "version": "2.1.0"})
        self.assertEqual(described["build"]["language"], "python")
        self.assertIs(described["exclusive"], True)
        self.assertEqual([each["version"] for each in described["apis"]], ["1.0.0", "2.0.0", "1.0.0"])
        self.assertEqual(
            described["config"],
            {
                "type": "object",
                "properties": {
                    "offset": {"type": "integer", "default": 0},
                    "mode": {"type": "string", "enum": ["fast", "safe"], "default": "fast"},
                    "token": {"type": "string", "description": "For the service.", "writeOnly": True, "default": ""},
                    "roots": {"type": "array", "items": {"type": "string"}, "default": []},
                    "label": {"type": "string"},
                },
            },
        )
        int64 = {"type": "string", "format": "int64"}
        self.assertEqual(
            described["apis"][1]["methods"],
            [
                {
                    "name": "sum",
                    "description": "Adds them all up.",
                    "params": {
                        "type": "object",
                        "properties": {"numbers": {"type": "array", "items": int64}},
                        "required": ["numbers"],
                    },
                    "result": int64,
                    "errors": [{"code": "too_many", "description": "More than 1000."}],
                    "idempotent": True,
                }
            ],
        )
        methods = {each["name"]: each for each in described["apis"][2]["methods"]}
        self.assertEqual(methods["wait"]["description"], "Sleeps in an event loop.")
        self.assertEqual(
            (methods["burst"]["item"], methods["burst"]["progress"]), ({"type": "string"}, {"type": "integer"})
        )


class Calls(PluginCase):
    def test_the_agreed_version_of_an_api_is_served(self):
        self.plugin.start(apis=[("sums", "1.0.0")])
        self.assertEqual(self.result("sums.sum", {"a": 1, "b": 2}), 3)

    def test_without_an_agreement_the_last_version_is_served(self):
        self.plugin.start()
        self.assertEqual(self.result("sums.sum", {"numbers": ["1"]}), "1")

    def test_int64_survives(self):
        self.plugin.start(apis=NEW)
        numbers = ["9223372036854775806", "1"]
        self.assertEqual(self.result("sums.sum", {"numbers": numbers}), "9223372036854775807")
        for wrong in (5, "5.0", "9223372036854775808", "", "１"):
            error = self.error("sums.sum", {"numbers": ["1", wrong]})
            self.assertEqual((error["code"], error["data"]["path"]), (-32602, "/numbers/1"))

    def test_a_call_knows_where_it_is(self):
        self.plugin.start(apis=NEW, services=["host.storage"], data_dir="/some/where")
        where = self.result("options.where", ms=60000)
        self.assertLessEqual(where.pop("left"), 60)
        known = {"plugin": "tested", "generation": 3, "dataDir": "/some/where", "storage": True, "stdin": ""}
        self.assertEqual(where, known)

    def test_params_are_objects_of_the_types_that_the_handler_names(self):
        self.plugin.start(apis=NEW)
        leaf = {"name": "ab", "children": []}
        tree = {"name": "xy", "children": [leaf, {"name": "c", "children": []}]}
        inverted = {"name": "yx", "children": [{"name": "c", "children": []}, {"name": "ba", "children": []}]}
        self.assertEqual(self.result("options.invert", {"node": tree, "colour": "blue", "more": 1}), inverted)
        for params, path in [
            ({"node": {"name": "a", "children": [leaf, {"name": 5, "children": []}]}}, "/node/children/1/name"),
            ({"node": {"name": "a"}}, "/node/children"),
            ({"node": leaf, "span": {"least": 2, "most": 1}}, "/span"),
            ({"node": leaf, "span": {"least": "2", "most": 1}}, "/span/least"),
            ({"node": leaf, "colour": "green"}, "/colour"),
            ({"node": leaf, "from": 5}, "/from"),
            ({"node": leaf, "from": "nowhere"}, "/from"),
        ]:
            error = self.error("options.invert", params)
            self.assertEqual((error["code"], error["data"]["path"]), (-32602, path), error)

    def test_what_may_not_travel_is_an_error(self):
        self.plugin.start(apis=NEW, frame_bytes=4096)
        for what in ("nan", "deep", "huge", "set", "surrogate"):
            self.assertEqual(self.error("options.give", {"what": what})["code"], -32603, what)
        self.assertEqual(self.result("options.give", {"what": "enum"}), [{"name": "n", "children": []}, "red", "1"])

    def test_a_result_that_is_not_of_its_type_is_an_error(self):
        self.plugin.start(apis=NEW)
        self.assertEqual(self.error("options.lie")["message"], 'the result/1: expected an integer, found "2"')
        self.assertIn("Int64", self.error("options.big")["message"])

    def test_an_exception_is_answered_and_its_traceback_logged(self):
        self.plugin.start(apis=NEW)
        error = self.error("options.crash", {"how": "raise"})
        self.assertEqual((error["code"], error["message"]), (-32603, "RuntimeError: on purpose"))
        self.assertEqual(self.error("options.crash", {"how": "strange"})["code"], -32603)
        self.plugin.notify("exit")
        self.assertEqual(self.plugin.status(), 0)
        self.assertRegex(
            self.plugin.stderr, r"options\.crash failed\nTraceback[^$]*options\.py[^$]*RuntimeError: on purpose"
        )

    def test_an_error_of_the_host_does_not_leave_with_its_number(self):
        self.plugin.start(apis=NEW)
        error = self.error("options.crash", {"how": "host"})
        self.assertEqual((error["code"], error["data"]), (-32603, {"code": "host_error", "cause": "timeout"}))

    def test_sys_exit_ends_the_process(self):
        self.plugin.start(apis=NEW)
        self.plugin.request(3, "options.crash", {"how": "exit"})
        self.assertEqual(self.plugin.status(), 7)


class Cancellation(PluginCase):
    def cancel(self, id):
        self.plugin.notify("$/cancelRequest", id=id)
        answer = self.plugin.next()
        self.assertEqual((answer["id"], answer["error"]["code"]), (id, -32800))

    def test_a_coroutine_is_cancelled(self):
        self.plugin.start(apis=NEW)
        self.assertEqual(self.result("options.wait", {"ms": 1}), "waited")
        self.plugin.request(3, "options.wait")
        self.cancel(3)

    def test_on_cancel_ends_what_can_not_look(self):
        self.plugin.start(apis=NEW)
        self.plugin.request(3, "options.child")
        self.assertEqual(self.plugin.next()["params"]["value"], {"message": "it runs"})
        self.cancel(3)

    def test_a_call_that_queues_is_answered_at_once(self):
        self.plugin.start(apis=NEW)
        for id in (3, 4, 5):  # there are two threads
            self.plugin.request(id, "options.hang")
        for id in (5, 3, 4):
            self.cancel(id)
        self.assertEqual(self.result("options.give", {"what": "enum"})[1], "red")


class Streams(PluginCase):
    def test_threads_that_share_a_stream_keep_its_order_and_its_credit(self):
        self.plugin.start(apis=NEW)
        self.plugin.request(3, "options.burst", {"item": "é", "threads": 5}, credit=2)
        sequence, answer = [], None
        while answer is None:
            message = self.plugin.next()
            if message.get("method") == "$/item":
                self.assertEqual(message["params"]["value"], "é")
                self.assertNotIn("cursor", message["params"])
                sequence.append(message["params"]["seq"])
                if len(sequence) == 2:
                    self.assertEqual(self.beside_progress(4, "ping")["result"], {})
                    self.plugin.notify("$/credit", id=3, n=3)
            elif "id" in message:
                answer = message["result"]
        self.assertEqual((sequence, answer), ([0, 1, 2, 3, 4], 5))

    def beside_progress(self, id, method):
        self.plugin.request(id, method)
        while (message := self.plugin.next()).get("method") == "$/progress":
            pass
        return message

    def test_an_item_beyond_the_limit_is_not_sent_and_costs_no_credit(self):
        self.plugin.start(apis=NEW, frame_bytes=4096)
        self.plugin.request(3, "options.overflow", credit=1)
        self.assertEqual(self.plugin.next()["params"], {"id": 3, "seq": 0, "value": "second"})
        self.assertEqual(self.plugin.next()["result"], 1)

    def test_a_method_that_declares_no_items_sends_none(self):
        self.plugin.start(apis=NEW)
        self.assertEqual(
            self.error("options.mute")["message"], "TypeError: options.mute has no items: declare them with item="
        )


class TheHost(PluginCase):
    def answer(self, method, params, result):
        request = self.plugin.next()
        self.assertEqual((request["method"], request["params"], request["ctx"]["parent"]), (method, params, 3))
        self.plugin.send({"jsonrpc": "2.0", "id": request["id"], "result": result})
        return request

    def test_each_service_has_its_method(self):
        self.plugin.start(apis=NEW)
        self.plugin.request(3, "options.store")
        node = {"name": "n", "children": []}
        self.answer("host.storage.set", {"key": "a", "value": node}, None)
        self.answer("host.storage.get", {"key": "a"}, {"value": node})
        self.answer("host.storage.get", {"key": "none"}, {})
        self.answer("host.storage.delete", {"key": "a"}, {"deleted": True})
        self.answer("host.storage.list", {"prefix": "p"}, {"keys": ["p1", "p2"], "more": True})
        self.answer("host.storage.list", {"prefix": "p", "after": "p2"}, {"keys": ["p3"], "more": False})
        self.answer("host.log", {"level": "warn", "msg": "stored", "fields": {"keys": 1}}, None)
        self.answer("host.emit", {"event": "options.stored", "params": {"key": "a"}}, None)
        self.answer("host.call", {"target": "other/api.method", "params": {"x": 1}}, "told")
        request = self.answer("todo.query", {}, [1])
        self.assertEqual(request["ctx"], {"parent": 3, "ms": 1500})
        stored = [node, "default", True, ["p1", "p2", "p3"], "told", [1]]
        self.assertEqual(self.plugin.next(), {"jsonrpc": "2.0", "id": 3, "result": stored})

    def test_work_of_the_plugins_own_names_no_parent(self):
        self.plugin.start(apis=NEW)
        self.plugin.request(3, "options.background")
        request, answer = sorted([self.plugin.next(), self.plugin.next()], key=lambda message: "method" not in message)
        self.assertEqual((request["method"], "ctx" in request, answer["id"]), ("host.emit", False, 3))


class Configuration(PluginCase):
    def test_a_hook_may_refuse_it(self):
        self.plugin.start(config={"offset": 5}, apis=NEW)
        error = self.error("configure", {"config": {"offset": -1}})
        self.assertEqual((error["code"], error["data"]["path"]), (-32002, "/offset"))
        self.assertEqual(self.result("sums.sum", {"numbers": []}), "5")
        self.assertEqual(self.result("configure", {"config": {"offset": 6}}), {})
        self.assertEqual(self.result("sums.sum", {"numbers": []}), "6")

    def test_calls_come_after_activation(self):
        self.assertEqual(self.error("sums.sum", {"numbers": []})["code"], -32600)
        self.plugin.start()
        self.assertEqual(self.error("activate", {"dataDir": "/", "config": {}})["code"], -32600)
        self.plugin.ask(3, "shutdown", {"ms": 1})
        self.assertEqual(self.error("sums.sum", {"numbers": []})["code"], -32600)


class StandardStreams(PluginCase):
    def test_what_is_printed_or_logged_is_a_line_of_the_log(self):
        self.plugin.start(apis=NEW)
        self.result("options.logs")
        self.plugin.end_input()
        self.assertEqual(self.plugin.status(), 0)
        lines = self.plugin.stderr.splitlines()
        for line in (
            "before run",
            '{"level": "debug", "msg": "by hand", "files": 3, "odd": "{1}"}',
            '{"level": "info", "msg": "by logging", "n": 1}',
            "on descriptor 1",
            "at exit",
        ):
            self.assertIn(line, lines)
        self.assertNotIn("not shown", self.plugin.stderr)

    def test_in_a_terminal_it_explains_itself(self):
        ours, theirs = pty.openpty()
        self.addCleanup(os.close, ours)
        with Conversation(sys.executable, str(OPTIONS), stdin=theirs) as plugin:
            os.close(theirs)
            self.assertEqual(plugin.process.wait(PATIENCE), 64)
            for thread in plugin._threads:
                thread.join(PATIENCE)
            self.assertIn("[plugins.options]", plugin.stderr)

    def test_a_lone_surrogate_is_no_json(self):
        self.plugin.start()
        body = rb'{"jsonrpc":"2.0","id":3,"method":"ping","params":{"x":"\ud800"}}'
        self.plugin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        self.assertEqual(self.plugin.next()["error"]["code"], -32700)
