/** Well-formed JSON that says what may not be said. */
import { act, answered, breaks, endures, largeFrame, refused, resultFrame, timedOut } from "../behaviour.ts";
import type { Behaviour, Sees } from "../behaviour.ts";

const frame = (json: string): string[] => ["frame", json];
const message = (name: string, json: string, reason: string): Behaviour => breaks(name, frame(json), reason);

/** An answer with this in the place of the id. */
const id = (name: string, json: string, reason: string): Behaviour =>
  message(name, `{"jsonrpc":"2.0","id":${json},"result":{}}`, reason);

/** The answer is an error. */
const fails = (name: string, error: string, sees: Sees): Behaviour =>
  endures(name, frame(`{"jsonrpc":"2.0","id":%i,"error":${error}}`), sees);

/** Something that is put up with, and then the answer. */
const ignored = (name: string, json: string): Behaviour => endures(name, [...frame(json), "answer"]);

const streams = (name: string, deeds: readonly string[], reason: string): Behaviour => ({
  ...breaks(name, [], reason),
  does: ["hostile.watch", ...deeds],
  asked: { kind: "stream", credit: 2 },
});

const item = (seq: string, more = ""): string[] =>
  frame(`{"jsonrpc":"2.0","method":"$/item","params":{"id":%i,"seq":${seq},"value":0${more}}}`);

/** A plugin that was granted storage asks for something. */
const asks = (json: string): string[] => frame(`{"jsonrpc":"2.0",${json}}`);
const storage = ['services = ["host.storage", "host.log", "host.emit"]'];

/** The answer to `initialize`. */
const describes = (name: string, json: string, reason: string): Behaviour => ({
  name,
  does: ["initialize", ...resultFrame(json)],
  sees: refused,
  report: { class: "permanent", reason: `start_failure ${reason}` },
  state: "failed",
});

const mebibyte = 1024 ** 2;

/** It answers with a text, which its description says is of this form; and that is checked. */
const described = (name: string, pattern: string, text: string): Behaviour => {
  const schema = { type: "object", properties: { text: { type: "string", pattern } } };
  const methods = [{ name: "act", params: { type: "object" }, result: schema }];
  const description = {
    protocol: 1,
    plugin: { name: "hostile", version: "1.0.0" },
    apis: [{ name: "hostile", version: "1.0.0", methods }],
  };
  return {
    name,
    does: [
      "initialize",
      ...resultFrame(JSON.stringify(description)),
      "await",
      "activate",
      "answer",
      "flush",
      "await",
      "hostile.act",
      ...resultFrame(JSON.stringify({ text })),
    ],
    entry: ['validate = "relay"'],
    sees: { error: "invalid_result", settlement: "answered" },
    report: null,
    state: "serving",
  };
};

const own = (code: number | "plugin_error"): Sees => ({ error: code, settlement: "answered" });

export const messages: readonly Behaviour[] = [
  message("a message without jsonrpc", '{"id":%i,"result":{}}', "bad_envelope"),
  message("jsonrpc 1.0", '{"jsonrpc":"1.0","id":%i,"result":{}}', "bad_envelope"),
  message("jsonrpc as a number", '{"jsonrpc":2.0,"id":%i,"result":{}}', "bad_envelope"),
  message("a member twice", '{"jsonrpc":"2.0","id":1,"id":%i,"result":{}}', "duplicate_member"),
  message(
    "a member twice, once in escapes",
    '{"jsonrpc":"2.0","id":1,"\\\\u0069d":%i,"result":{}}',
    "duplicate_member",
  ),
  id("an answer to an id that was never issued", "987654", "unknown_id"),
  id("an answer to the id 0", "0", "unknown_id"),
  id("an answer to a negative id", "-%i", "unknown_id"),
  id("an answer to the id as a string", '"%i"', "unknown_id"),
  id("an answer to __proto__", '"__proto__"', "unknown_id"),
  id("an id beyond 2^53", "9007199254740993", "bad_envelope"),
  id("an id of three hundred digits", "9".repeat(300), "bad_envelope"),
  id("an id with a fraction", "%i.5", "bad_envelope"),
  id("an id with an exponent", "3e0", "bad_envelope"),
  id("an id of 300 characters", `"${"a".repeat(300)}"`, "bad_envelope"),
  id("an object for an id", '{"id":%i}', "bad_envelope"),
  id("an array for an id", "[%i]", "bad_envelope"),
  id("true for an id", "true", "bad_envelope"),
  id("null for the id of a result", "null", "bad_envelope"),
  message("an answer without an id", '{"jsonrpc":"2.0","result":{}}', "bad_envelope"),
  ignored("an error with the id null", '{"jsonrpc":"2.0","id":null,"error":{"code":1,"message":"m"}}'),
  message(
    "both result and error",
    '{"jsonrpc":"2.0","id":%i,"result":{},"error":{"code":1,"message":"m"}}',
    "bad_envelope",
  ),
  message("neither result nor error", '{"jsonrpc":"2.0","id":%i}', "bad_envelope"),
  message(
    "both a method and a result",
    '{"jsonrpc":"2.0","id":%i,"method":"a.b","result":{}}',
    "bad_envelope",
  ),
  message("an error that is text", '{"jsonrpc":"2.0","id":%i,"error":"no"}', "bad_envelope"),
  message("an error without a code", '{"jsonrpc":"2.0","id":%i,"error":{"message":"m"}}', "bad_envelope"),
  message(
    "an error code with a fraction",
    '{"jsonrpc":"2.0","id":%i,"error":{"code":1.5,"message":"m"}}',
    "bad_envelope",
  ),
  breaks(
    "an error of 2 MiB",
    largeFrame('{"jsonrpc":"2.0","id":%i,"error":{"code":1,"message":"', 2 * mebibyte, '"}}'),
    "error_too_large",
  ),
  fails("an error with a code of the supervisor", '{"code":-31900,"message":"crashed"}', own("plugin_error")),
  fails(
    "an error with a name of the supervisor",
    '{"code":7,"message":"m","data":{"code":"plugin_crashed"}}',
    own(7),
  ),
  {
    ...fails(
      "an error that says that it was never sent",
      '{"code":7,"message":"m","data":{"code":"own","settlement":"not_sent"}}',
      own(7),
    ),
  },
  fails(
    "an error with __proto__ in its data",
    '{"code":7,"message":"m","data":{"__proto__":{"settlement":"not_sent"}}}',
    own(7),
  ),
  endures(
    "__proto__ and constructor in a result",
    resultFrame('{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}'),
    {
      result: JSON.parse('{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}'),
    },
  ),
  endures(
    "__proto__ as a member of the message",
    frame('{"__proto__":{"id":1,"method":"a"},"constructor":1,"jsonrpc":"2.0","id":%i,"result":{}}'),
    { result: {} },
  ),
  endures("a second answer", ["answer", "answer"]),
  endures("a thousand answers", ["repeat", "1000", "answer"]),
  endures("another answer after the answer", ["answer", ...resultFrame('"another"')]),
  {
    name: "an answer after the deadline",
    does: act("await", "$/cancelRequest", "answer"),
    timeouts: { call: "100ms" },
    sees: timedOut,
    report: null,
    state: "serving",
  },
  {
    name: "a result that breaks its schema, where that is checked",
    does: act(...resultFrame("[1]")),
    entry: ['validate = "relay"'],
    sees: { error: "invalid_result", settlement: "answered", message: /result of hostile\.act/ },
    report: null,
    state: "serving",
  },
  ignored(
    "progress of a call that there is not",
    '{"jsonrpc":"2.0","method":"$/progress","params":{"id":99,"value":1}}',
  ),
  ignored("progress without an id", '{"jsonrpc":"2.0","method":"$/progress","params":[1,2,3]}'),
  ignored(
    "progress with an object for an id",
    '{"jsonrpc":"2.0","method":"$/progress","params":{"id":{"__proto__":1},"value":{}}}',
  ),
  ignored(
    "a cancellation of the supervisor's own call",
    '{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":%i}}',
  ),
  ignored(
    "a cancellation of __proto__",
    '{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":"__proto__"}}',
  ),
  ignored("an unknown notification", '{"jsonrpc":"2.0","method":"$/setTrace","params":{"value":"off"}}'),
  breaks("an item of a call that is no stream", item("0"), "credit_exceeded"),
  message(
    "an item of a call that there is not",
    '{"jsonrpc":"2.0","method":"$/item","params":{"id":99,"seq":0,"value":0}}',
    "unknown_id",
  ),
  message(
    "an item without a number",
    '{"jsonrpc":"2.0","method":"$/item","params":{"id":%i,"value":0}}',
    "bad_item",
  ),
  streams("an item with a negative number", item("-1"), "bad_item"),
  streams("an item with text for a number", item('"0"'), "bad_item"),
  streams("an item out of order", [...item("0"), ...item("2")], "item_out_of_order"),
  streams("the same item twice", [...item("0"), ...item("0")], "item_out_of_order"),
  streams("items beyond the credit", [...item("0"), ...item("1"), ...item("2")], "credit_exceeded"),
  streams("a cursor of 2000 characters", item("0", `,"cursor":"${"c".repeat(2000)}"`), "bad_item"),
  streams("an object for a cursor", item("0", ',"cursor":{}'), "bad_item"),
  {
    name: "items after the end of the stream",
    does: ["hostile.watch", ...item("0"), "answer", ...item("1"), ...item("1")],
    asked: { kind: "stream", credit: 2 },
    sees: { result: { items: 1, result: { worked: false } } },
    report: null,
    state: "serving",
  },
  message("credit of 0", '{"jsonrpc":"2.0","method":"$/credit","params":{"id":1,"n":0}}', "bad_credit"),
  message(
    "credit of 2^31",
    '{"jsonrpc":"2.0","method":"$/credit","params":{"id":1,"n":2147483648}}',
    "bad_credit",
  ),
  ignored(
    "credit for a request that there is not",
    '{"jsonrpc":"2.0","method":"$/credit","params":{"id":1,"n":5}}',
  ),
  message(
    "a request with the id null",
    '{"jsonrpc":"2.0","id":null,"method":"host.log","params":{}}',
    "bad_envelope",
  ),
  message(
    "a request with a number for params",
    '{"jsonrpc":"2.0","id":1,"method":"host.log","params":3}',
    "bad_envelope",
  ),
  message("a number for a method", '{"jsonrpc":"2.0","id":1,"method":5}', "bad_envelope"),
  message(
    "a method of 10,000 characters",
    `{"jsonrpc":"2.0","id":1,"method":"${"m".repeat(10_000)}"}`,
    "bad_envelope",
  ),
  ignored(
    "a request for a service that it was not granted",
    '{"jsonrpc":"2.0","id":1,"method":"host.storage.get","params":{"key":"a"}}',
  ),
  ignored("a request for __proto__", '{"jsonrpc":"2.0","id":1,"method":"__proto__","params":{}}'),
  ignored(
    "a request for the supervisor's own initialize",
    '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}',
  ),
  {
    ...breaks(
      "two requests with one id",
      ["repeat", "2", ...asks('"id":1,"method":"host.storage.get","params":{"key":"a"}')],
      "duplicate_request",
    ),
    entry: storage,
  },
  {
    ...endures("__proto__ as a key of its storage", [
      ...asks('"id":1,"method":"host.storage.set","params":{"key":"__proto__","value":{"polluted":true}}'),
      ...asks('"id":2,"method":"host.storage.set","params":{"__proto__":{"key":"a"},"value":1}'),
      "answer",
    ]),
    entry: storage,
  },
  {
    ...endures("requests that name a parent that there is not", [
      ...asks('"id":1,"method":"host.storage.get","params":{"key":"a"},"ctx":{"parent":99}'),
      ...asks('"id":2,"method":"host.storage.get","params":{"key":"a"},"ctx":{"parent":{"a":[]},"hops":-9}'),
      ...asks(
        '"id":3,"method":"host.emit","params":{"event":"__proto__.polluted","params":{}},"ctx":{"ms":-1}',
      ),
      "answer",
    ]),
    entry: storage,
  },
  describes("a description that is none", '"hello"', "bad_description"),
  describes(
    "a description with __proto__ for everything",
    '{"protocol":1,"__proto__":{"plugin":{}}}',
    "bad_description",
  ),
  describes("a description of another protocol", '{"protocol":99}', "incompatible_protocol"),
  describes(
    "a description with a method of the supervisor's own",
    '{"protocol":1,"plugin":{"name":"a","version":"1.0.0"},"apis":[{"name":"../../etc","version":"1.0.0","methods":[]}]}',
    "bad_description",
  ),
  {
    name: "a description of 2 MiB",
    does: ["initialize", ...largeFrame('{"jsonrpc":"2.0","id":%i,"result":"', 2 * mebibyte, '"}')],
    sees: refused,
    report: { class: "permanent", reason: "start_failure bad_description" },
    state: "failed",
  },
  described("a schema that can not be used, where results are checked", "(", "a"),
  described("a schema that takes for ever, where results are checked", "^(a+)+$", `${"a".repeat(60)}!`),
  {
    name: "an answer before it is asked anything",
    does: ["start", ...frame('{"jsonrpc":"2.0","id":1,"result":{}}')],
    sees: refused,
    report: { class: "permanent", reason: "start_failure bad_description" },
    state: "failed",
  },
  {
    name: "two answers to initialize",
    does: ["initialize", "answer", "answer"],
    sees: answered,
    report: null,
    state: "serving",
  },
  {
    name: "a request to its host before it is activated",
    does: [
      "initialize",
      ...asks('"id":1,"method":"host.storage.set","params":{"key":"a","value":1}'),
      "answer",
    ],
    entry: storage,
    sees: answered,
    report: null,
    state: "serving",
  },
  {
    name: "an answer to what it has not been asked yet",
    does: ["initialize", "answer", ...frame('{"jsonrpc":"2.0","id":2,"result":{}}')],
    sees: refused,
    report: { class: "transient", reason: "violation unknown_id" },
    state: "failed",
  },
];
