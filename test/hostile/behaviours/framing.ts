/** Lies about frames: headers, lengths, encodings, JSON. */
import { act, answered, breaks, endures, lost, resultFrame, timedOut } from "../behaviour.ts";
import type { Behaviour } from "../behaviour.ts";

const say = (text: string): string[] => ["say", text];
const many = (count: number, text: string): string[] => ["repeat", String(count), ...say(text)];
const header = (name: string, text: string, reason: string): Behaviour => breaks(name, say(text), reason);
const body = (name: string, json: string, reason: string): Behaviour => breaks(name, ["frame", json], reason);

const bulkType = "Content-Type: application/vnd.bulkhead.bulk";
const notification = '{"jsonrpc":"2.0","method":"news"}';
/** A notification with three bytes of data behind it, announced like this. */
const bulk = (name: string, parameter: string, reason: string): Behaviour =>
  header(
    name,
    `Content-Length: ${notification.length + 3}\\r\\n${bulkType}${parameter}\\r\\n\\r\\n${notification}abc`,
    reason,
  );

/** So deep that the message itself is the first level. */
const nested = (depth: number): string[] => {
  const open = '{"jsonrpc":"2.0","id":%i,"result":';
  const length = open.length - "%i".length + "3".length + 2 * (depth - 1) + 1;
  return [
    ...say(`Content-Length: ${length}\\r\\n\\r\\n${open}`),
    ...many(depth - 1, "["),
    ...many(depth - 1, "]"),
    ...say("}"),
  ];
};

export const framing: readonly Behaviour[] = [
  header("a length of -1", "Content-Length: -1\\r\\n\\r\\n{}", "bad_content_length"),
  header("a length of +2", "Content-Length: +2\\r\\n\\r\\n{}", "bad_content_length"),
  header("a length of 12abc", "Content-Length: 12abc\\r\\n\\r\\n{}", "bad_content_length"),
  header("a length in hexadecimal", "Content-Length: 0x2\\r\\n\\r\\n{}", "bad_content_length"),
  header("a length with a fraction", "Content-Length: 2.0\\r\\n\\r\\n{}", "bad_content_length"),
  header("no length at all", "Content-Length: \\r\\n\\r\\n{}", "bad_content_length"),
  header("a length of 2^53", "Content-Length: 9007199254740992\\r\\n\\r\\n{}", "bad_content_length"),
  header("a length of forty digits", `Content-Length: ${"9".repeat(40)}\\r\\n\\r\\n{}`, "bad_content_length"),
  header("a length over the limit", "Content-Length: 67108865\\r\\n\\r\\n{}", "frame_too_large"),
  header(
    "two lengths that disagree",
    "Content-Length: 2\\r\\nContent-Length: 3\\r\\n\\r\\n{}",
    "bad_content_length",
  ),
  header("a header without a length", "Content-Type: text/plain\\r\\n\\r\\n{}", "bad_header"),
  header("a header line without a colon", "Content-Length: 2\\r\\nnonsense\\r\\n\\r\\n{}", "bad_header"),
  header("a header ended by bare line feeds", "Content-Length: 2\\n\\n{}", "bad_header"),
  header("a NUL in a header", "Content-Length: 2\\r\\nX: \\0\\r\\n\\r\\n{}", "bad_header"),
  breaks(
    "a header of 1 MB",
    [...say("Content-Length: 2\\r\\nX: "), "repeat", "1000000", "say", "x"],
    "header_too_long",
  ),
  breaks(
    "a header of a thousand lines",
    [...say("Content-Length: 2\\r\\n"), "repeat", "1000", "say", "X: y\\r\\n"],
    "header_too_long",
  ),
  bulk("bulk data without a number", "", "bad_header"),
  bulk("bulk data with a JSON of 0 bytes", "; json=0", "bad_header"),
  bulk("bulk data with a JSON of more bytes than there are", "; json=99", "bad_header"),
  bulk("bulk data with two numbers", `; json=2\\r\\n${bulkType}; json=2`, "bad_header"),
  bulk("bulk data beside a notification", `; json=${notification.length}`, "unexpected_data"),
  header("a length of 0", "Content-Length: 0\\r\\n\\r\\n", "bad_json"),
  header(
    "a length that is too short",
    'Content-Length: 9\\r\\n\\r\\n{"jsonrpc":"2.0","id":%i,"result":{}}',
    "bad_json",
  ),
  breaks(
    "a length that takes in the next frame",
    [...say('Content-Length: 60\\r\\n\\r\\n{"jsonrpc":"2.0","id":%i,"result":{}}'), ...resultFrame("{}")],
    "bad_json",
  ),
  body("bytes that are not UTF-8", '{"jsonrpc":"2.0","id":%i,"result":"\\xff\\xfe"}', "not_utf8"),
  body("overlong UTF-8", '{"jsonrpc":"2.0","id":%i,"result":"\\xc0\\x80"}', "not_utf8"),
  body("a surrogate in UTF-8", '{"jsonrpc":"2.0","id":%i,"result":"\\xed\\xa0\\x80"}', "not_utf8"),
  body("a lone surrogate as an escape", '{"jsonrpc":"2.0","id":%i,"result":"\\\\ud800"}', "bad_json"),
  body("a byte order mark", '\\xef\\xbb\\xbf{"jsonrpc":"2.0","id":%i,"result":{}}', "bad_json"),
  body("UTF-16", '{\\0"\\0a\\0"\\0:\\x001\\0}\\0', "bad_json"),
  body("a body that is not JSON", "{abc}", "bad_json"),
  body("NaN", '{"jsonrpc":"2.0","id":%i,"result":NaN}', "bad_json"),
  body("1e999", '{"jsonrpc":"2.0","id":%i,"result":1e999}', "bad_json"),
  body("a trailing comma", '{"jsonrpc":"2.0","id":%i,"result":{},}', "bad_json"),
  body("a comment", '{"jsonrpc":"2.0",/* id */"id":%i,"result":{}}', "bad_json"),
  body("a raw line feed in a string", '{"jsonrpc":"2.0","id":%i,"result":"\\n"}', "bad_json"),
  body("two messages in one frame", '{"jsonrpc":"2.0","id":%i,"result":{}}{}', "bad_json"),
  body("a NUL behind the message", '{"jsonrpc":"2.0","id":%i,"result":{}}\\0', "bad_json"),
  breaks("nesting one level too deep", nested(101), "too_deep"),
  breaks("nesting 100,000 levels deep", nested(100_000), "too_deep"),
  body("a number for a message", "12", "bad_envelope"),
  body("a string for a message", '"hello"', "bad_envelope"),
  body("null for a message", "null", "bad_envelope"),
  body("true for a message", "true", "bad_envelope"),
  body("an empty object", "{}", "bad_envelope"),
  {
    name: "a batch, which is refused, and then the answer",
    does: act("frame", '[{"jsonrpc":"2.0","id":%i,"result":{}}]', "answer"),
    sees: answered,
    report: null,
    state: "serving",
  },
  endures("an empty batch, and then the answer", ["frame", "[]", "answer"]),
  breaks("a batch with JSON that is none", ["frame", "[1,]"], "bad_json"),
  {
    name: "half a frame, and nothing more",
    does: act("say", 'Content-Length: 100\\r\\n\\r\\n{"jsonrpc"', "flush", "deaf"),
    timeouts: { call: "300ms" },
    sees: timedOut,
    report: null,
    state: "serving",
  },
  {
    name: "half a frame, and leaves",
    does: act("say", 'Content-Length: 100\\r\\n\\r\\n{"jsonrpc"', "flush", "exit", "3"),
    sees: lost,
    report: { class: "transient", reason: "exit 3" },
    state: "failed",
  },
  {
    name: "half a header, and leaves",
    does: act("say", "Content-Le", "flush", "exit", "3"),
    sees: lost,
    report: { class: "transient", reason: "exit 3" },
    state: "failed",
  },
  {
    name: "a frame of 64 MiB of which only the beginning comes",
    does: act("say", "Content-Length: 67108864\\r\\n\\r\\n{", "flush", "deaf"),
    timeouts: { call: "300ms" },
    sees: timedOut,
    report: null,
    state: "serving",
  },
  breaks(
    "a frame of 64 MiB that is not JSON",
    [...say("Content-Length: 67108864\\r\\n\\r\\n"), "repeat", "1048576", "say", "x".repeat(64)],
    "bad_json",
  ),
  endures(
    "a frame of one byte at a time",
    [
      "say",
      "Content-Length: 36\\r\\n",
      "flush",
      "say",
      "\\r\\n",
      "flush",
      "say",
      '{"jsonrpc":"2.0","id":%i,',
      "flush",
      "say",
      '"result":{}}',
    ],
    {
      result: {},
    },
  ),
  endures("other headers beside the length", [...say("X-Other: 1\\r\\n"), "answer"]),
  endures("a stray line between frames", [...say("hello, world\\n"), "answer"]),
  endures("a megabyte between frames", ["repeat", "16384", "say", "y".repeat(64), "answer"]),
  breaks(
    "a stray line with a lie in it",
    say("hello Content-Length: 99999999999\\r\\n\\r\\n{"),
    "frame_too_large",
  ),
];
