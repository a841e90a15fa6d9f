/** What may come in at the control socket, and what must come of it. */
import { frameOf, hello } from "./frame.ts";

export interface Attack {
  /** Read after "a client that sends". */
  readonly name: string;
  /** So many connections do it at once; one unless said otherwise. */
  readonly connections?: number;
  readonly sends: () => readonly (string | Buffer)[];
  /** `cut off`: the daemon hangs up. `nothing`: the client leaves. Otherwise what stands in an answer, in words for people. */
  readonly sees: "cut off" | "nothing" | { readonly answer: RegExp; readonly told: string };
}

const greeted =
  (...messages: (string | object)[]) =>
  () => [frameOf(hello(1)), ...messages.map(frameOf)];
const bare =
  (...texts: (string | Buffer)[]) =>
  () =>
    texts;
const many = (count: number, message: (n: number) => object) => () => [
  frameOf(hello(1)),
  Array.from({ length: count }, (_, n) => frameOf(message(n + 2))).join(""),
];

const cutOff = (name: string, sends: Attack["sends"]): Attack => ({ name, sends, sees: "cut off" });
const nothing = (name: string, sends: Attack["sends"], connections = 1): Attack => ({
  name,
  sends,
  connections,
  sees: "nothing",
});
const told = (name: string, sends: Attack["sends"], words: string): Attack => ({
  name,
  sends,
  sees: {
    answer: new RegExp(words),
    told: words,
  },
});

export const attacks: readonly Attack[] = [
  cutOff("a line of text", bare("hello\n")),
  cutOff("HTTP", bare("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")),
  cutOff("the beginning of TLS", bare(Buffer.from("16030100a5010000a1030300", "hex"))),
  cutOff("a megabyte of zeros", bare(Buffer.alloc(1024 ** 2))),
  cutOff("a header of 1 MiB", bare(`Content-Length: 1\r\nX: ${"x".repeat(1024 ** 2)}`)),
  cutOff("a length of -1", bare("Content-Length: -1\r\n\r\n")),
  cutOff("a length over the limit", bare("Content-Length: 67108865\r\n\r\n")),
  cutOff("two lengths", bare("Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}")),
  cutOff("bytes that are not UTF-8", bare("Content-Length: 2\r\n\r\n", Buffer.from([0xff, 0xfe]))),
  cutOff("nesting 100,000 levels deep", bare(frameOf("[".repeat(100_000) + "]".repeat(100_000)))),
  cutOff("a scalar", bare(frameOf("12"))),
  cutOff("a message without jsonrpc", bare(frameOf('{"id":1,"method":"hello"}'))),
  cutOff("a member twice", bare(frameOf('{"jsonrpc":"2.0","id":1,"id":2,"method":"hello"}'))),
  cutOff("an object for an id", bare(frameOf('{"jsonrpc":"2.0","id":{},"method":"hello"}'))),
  cutOff("an answer to what was never asked", greeted({ id: 9, result: {} })),
  cutOff(
    "an item of a stream that there is not",
    greeted({ method: "$/item", params: { id: 9, seq: 0, value: 0 } }),
  ),
  cutOff("credit of 0", greeted({ method: "$/credit", params: { id: 1, n: 0 } })),
  cutOff("two requests with one id", () => [
    frameOf(hello(1)),
    // One chunk, so that the first is open when the second comes.
    [1, 2]
      .map(() => frameOf({ id: 2, method: "plugin.wait", params: { plugin: "neighbour", until: "stopped" } }))
      .join(""),
  ]),
  told("a batch", bare(frameOf("[]")), "-32600"),
  told(
    "a call without a greeting",
    bare(frameOf({ id: 1, method: "neighbour/text.count" })),
    "say hello first",
  ),
  told("daemon.stop without a greeting", bare(frameOf({ id: 1, method: "daemon.stop" })), "say hello first"),
  told("a greeting without params", bare(frameOf({ id: 1, method: "hello" })), "invalid_params"),
  told(
    "a greeting with __proto__ for everything",
    bare(
      frameOf(
        '{"jsonrpc":"2.0","id":1,"method":"hello","params":{"__proto__":{"protocol":{"min":1,"max":1}}}}',
      ),
    ),
    "invalid_params",
  ),
  told(
    "a greeting of 2 MiB",
    bare(frameOf({ id: 1, method: "hello", params: { a: "x".repeat(2 * 1024 ** 2) } })),
    "too_large",
  ),
  told(
    "a greeting of another protocol",
    bare(
      frameOf({
        id: 1,
        method: "hello",
        params: { protocol: { min: 7, max: 9 }, client: { name: "a", version: "1" } },
      }),
    ),
    "incompatible_client",
  ),
  told("a request for __proto__", greeted({ id: 2, method: "__proto__" }), "method_not_found"),
  told("a request for constructor", greeted({ id: 2, method: "constructor" }), "method_not_found"),
  told("a call of __proto__/a.b", greeted({ id: 2, method: "__proto__/a.b" }), "plugin_not_found"),
  told("a call of ../neighbour", greeted({ id: 2, method: "../neighbour/text.count" }), "plugin_not_found"),
  told(
    "a call of constructor of a plugin",
    greeted({ id: 2, method: "neighbour/constructor" }),
    "method_not_found",
  ),
  told(
    "an array for params",
    greeted('{"jsonrpc":"2.0","id":2,"method":"plugin.status","params":["neighbour"]}'),
    "invalid_params",
  ),
  told(
    "a path for a plugin",
    greeted({ id: 2, method: "plugin.status", params: { plugin: "../../etc" } }),
    "invalid_params",
  ),
  told(
    "an endless number for a limit",
    greeted({ id: 2, method: "event.read", params: { limit: 1e308 } }),
    "invalid_params",
  ),
  told(
    "a context that is none",
    greeted('{"jsonrpc":"2.0","id":2,"method":"neighbour/text.count","params":{},"ctx":{"ms":"soon"}}'),
    "invalid_params",
  ),
  told(
    "half a million items of credit beyond the bound",
    greeted({ id: 2, method: "neighbour/text.count", params: {}, ctx: { credit: 2 ** 40 } }),
    "invalid_params",
  ),
  told(
    "500 requests that wait at once",
    many(500, (id) => ({
      id,
      method: "plugin.wait",
      params: { plugin: "neighbour", until: "stopped", timeoutMs: 60_000 },
    })),
    "plugin_busy",
  ),
  told(
    "300 requests for the log at once",
    many(300, (id) => ({ id, method: "log.read", params: { plugin: "neighbour", lines: 1 } })),
    "max_request_rate",
  ),
  told(
    "10,000 requests at once that are answered from memory",
    many(10_000, (id) => ({ id, method: "plugin.list" })),
    "max_request_rate",
  ),
  told(
    "10,000 greetings",
    many(10_000, (id) => hello(id)),
    "max_request_rate",
  ),
  told(
    "10,000 calls at once",
    many(10_000, (id) => ({ id, method: "h0/hostile.echo" })),
    '"id":10001,',
  ),
  nothing("half a header, and leaves", bare("Content-Le")),
  nothing("half a frame, and leaves", bare('Content-Length: 100\r\n\r\n{"jsonrpc"')),
  nothing(
    "10,000 cancellations of nothing",
    many(10_000, (id) => ({ method: "$/cancelRequest", params: { id } })),
  ),
  nothing(
    "10,000 calls, and leaves before any answer",
    many(10_000, (id) => ({ id, method: "h0/hostile.echo" })),
  ),
  nothing("nothing, on 300 connections", bare(), 300),
  nothing("half a frame, on 300 connections", bare('Content-Length: 100\r\n\r\n{"jsonrpc"'), 300),
  nothing("a greeting, on 300 connections", greeted(), 300),
];
