import { readdirSync, statSync } from "node:fs";
import path from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { mismatch } from "../helpers/pattern.ts";
import { capabilitiesOf, play, readTranscript, type Step } from "../helpers/transcript.ts";

const root = path.join(import.meta.dirname, "../..");
const directory = path.join(root, "protocol/transcripts");
const transcripts = readdirSync(directory)
  .filter((name) => name.endsWith(".jsonl"))
  .map((name) => readTranscript(path.join(directory, name)));

/** How a reference plugin is started: where it may have been built, and what runs it if it is no executable. */
interface Candidate {
  readonly sdk: string;
  readonly places: readonly string[];
  readonly interpreter?: string;
  /** What it must offer of that which a transcript can ask for; of yours, whatever it offers. */
  readonly capabilities?: readonly string[];
}

/** BULKHEAD_CONFORMANCE names one more: that is how the author of an SDK runs the transcripts against it. */
const yours = process.env["BULKHEAD_CONFORMANCE"];

const candidates: readonly Candidate[] = [
  {
    sdk: "rust",
    places: [
      "protocol/sdk/rust/target/release/examples/conformance",
      "protocol/sdk/rust/target/debug/examples/conformance",
    ],
    capabilities: ["bulk"],
  },
  { sdk: "c", places: ["protocol/sdk/c/build/conformance"] },
  { sdk: "go", places: ["protocol/sdk/go/build/conformance"] },
  { sdk: "python", places: ["protocol/sdk/python/examples/conformance.py"] },
  {
    sdk: "typescript",
    places: ["protocol/sdk/typescript/examples/conformance.ts"],
    interpreter: process.execPath,
    capabilities: ["bulk"],
  },
  ...(yours === undefined || yours === "" ? [] : [{ sdk: "yours", places: [yours] }]),
];

/** An old build must not hide a new one. */
function newest(files: readonly string[]): string | undefined {
  return files.filter((file) => madeAt(file) > 0).toSorted((a, b) => madeAt(b) - madeAt(a))[0];
}

/** 0: it is not there. */
function madeAt(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

describe.each(candidates)("the SDK $sdk", ({ places, interpreter, capabilities = [] }) => {
  const plugin = newest(places.map((place) => path.resolve(root, place)));
  const [command = "", ...args] = interpreter === undefined ? [plugin ?? ""] : [interpreter, plugin ?? ""];
  let offered: readonly string[] = [];
  beforeAll(async () => {
    if (plugin !== undefined) offered = await capabilitiesOf(command, args);
  });

  test.skipIf(plugin === undefined)(`offers ${["ping", ...capabilities].join(" and ")}`, () => {
    expect(offered).toEqual(expect.arrayContaining(["ping", ...capabilities]));
  });

  test.skipIf(plugin === undefined).for(transcripts)("$name: $title", async (transcript, { skip }) => {
    const { capability } = transcript;
    if (capability !== undefined && !offered.includes(capability)) skip(`no ${capability}`);
    await expect(play(transcript, command, args)).resolves.toBeUndefined();
  });
});

describe("mismatch", () => {
  test.each<[pattern: Parameters<typeof mismatch>[0], value: Parameters<typeof mismatch>[0]]>([
    [{ a: 1 }, { a: 1, b: 2 }],
    [
      [1, { a: null }],
      [1, { a: null, b: 0 }],
    ],
    [{ a: { $any: true } }, { a: null }],
    [{ a: { $absent: true } }, { b: 1 }],
    [{ $type: "integer" }, 3],
    [{ $type: "number" }, 3.5],
    [{ $type: "array" }, []],
    [{ $id: "a" }, 3],
    [{ $id: "a" }, "three"],
    [{ $pattern: "^a.c" }, "abcd"],
    [{ $oneOf: [1, { $type: "null" }] }, null],
    [{ $exact: { a: [1] } }, { a: [1] }],
    [{ $hex: "00ff" }, { $hex: "00ff" }],
    [{}, { a: 1 }],
  ])("%j takes %j", (pattern, value) => {
    expect(mismatch(pattern, value)).toBeUndefined();
  });

  test.each<[pattern: Parameters<typeof mismatch>[0], value: Parameters<typeof mismatch>[0], at: string]>([
    [{ a: { b: 1 } }, { a: { b: 2 } }, "/a/b: expected 1, found 2"],
    [{ a: 1 }, {}, "/a: expected 1, found nothing"],
    [[1], [1, 2], ": expected a list of 1, found [1,2]"],
    [{}, [], ": expected an object, found []"],
    [1, "1", ': expected 1, found "1"'],
    [{ a: { $any: true } }, {}, '/a: expected {"$any":true}, found nothing'],
    [{ a: { $absent: true } }, { a: null }, '/a: expected {"$absent":true}, found null'],
    [{ $type: "integer" }, 3.5, ': expected {"$type":"integer"}, found 3.5'],
    [{ $id: "a" }, null, ': expected {"$id":"a"}, found null'],
    [{ $exact: { a: 1 } }, { a: 1, b: 2 }, ': expected {"$exact":{"a":1}}, found {"a":1,"b":2}'],
    [{ $hex: "00ff" }, { $hex: "00fe" }, ': expected {"$hex":"00ff"}, found {"$hex":"00fe"}'],
    [{ $hex: "00ff" }, "00ff", ': expected {"$hex":"00ff"}, found "00ff"'],
    [{ toString: { $any: true } }, {}, '/toString: expected {"$any":true}, found nothing'],
  ])("%j does not take %j", (pattern, value, at) => {
    expect(mismatch(pattern, value)).toBe(at);
  });

  test("a misspelt wildcard is a mistake of the transcript", () => {
    expect(() => mismatch({ $tpye: "string" }, "")).toThrow("no such wildcard: $tpye");
  });
});

/** Plays the steps against a process that runs this script. */
const against = (script: string, ...steps: Step[]) =>
  play({ name: "t", title: "", steps }, process.execPath, [
    "-e",
    `const say = (text) => process.stdout.write("Content-Length: " + Buffer.byteLength(text) + "\\r\\n\\r\\n" + text);
     const bulk = (id, result, data = "abc") => {
       const text = JSON.stringify({ jsonrpc: "2.0", id, result });
       const type = "Content-Type: application/vnd.bulkhead.bulk; json=" + text.length;
       process.stdout.write("Content-Length: " + (text.length + data.length) + "\\r\\n" + type + "\\r\\n\\r\\n" + text + data);
     };
     const pong = (id) => say(JSON.stringify({ jsonrpc: "2.0", id, result: {} }));
     process.stdin.once("data", (data) => { ${script} });`,
  ]);

describe("a transcript fails", () => {
  const ping: Step = { send: { jsonrpc: "2.0", id: 1, method: "ping", params: {} } };
  test("never when all is as it should be", async () => {
    const steps: Step[] = [
      ping,
      { unordered: [{ id: 3 }, [{ id: 1 }, { id: 2 }]] },
      { eof: true },
      { expectExit: 0 },
    ];
    await expect(against("pong(1); pong(3); pong(2);", ...steps)).resolves.toBeUndefined();
  });

  test("never when an id has its name, and what may be ignored comes in between", async () => {
    const steps: Step[] = [
      ping,
      { ignore: { id: 2 } },
      { expect: { id: { $id: "seven" } } },
      { send: { jsonrpc: "2.0", id: { $id: "seven" }, result: {} } },
      { unordered: [{ id: { $id: "eight" } }] },
      { expect: { id: { $id: "seven" } } },
      { expect: { id: { $id: "eight" } } },
      { eof: true },
      { expectExit: 0 },
    ];
    const script = `pong(2); pong(7);
      process.stdin.once("data", (data) => {
        if (String(data).includes('"id":7')) [2, 8, 7, 2, 8, 2].forEach(pong);
      });`;
    await expect(against(script, ...steps)).resolves.toBeUndefined();
  });

  test("never when the data is as it should be", async () => {
    const steps: Step[] = [
      { sendBulk: { message: { jsonrpc: "2.0", id: 1, method: "ping" }, data: "00ff0a" } },
      { expectBulk: { id: 1, result: [{ $hex: "6263" }, { $hex: "" }] } },
      { expect: { id: 2 } },
    ];
    const script = `
      const isWhole = data.subarray(-4).toString("hex") === "7d00ff0a" && String(data).includes("json=40\\r\\n");
      if (isWhole) bulk(1, [{ $bytes: [1, 2] }, { $bytes: [3, 0] }]);
      pong(2);`;
    await expect(against(script, ...steps)).resolves.toBeUndefined();
  });

  test.each<[what: string, script: string, steps: Step[], message: RegExp]>([
    ["another answer", "pong(2)", [{ expect: { id: 1 } }], /^t\.jsonl:3: \/id: expected 1, found 2/],
    ["noise before a frame", 'console.log("hello"); pong(1)', [{ expect: { id: 1 } }], /no frame: "hello/],
    ["a message that is none", 'say("{}")', [{ expect: { $any: true } }], /t\.jsonl:3: /],
    [
      "a wrong order",
      "pong(2); pong(1)",
      [{ unordered: [[{ id: 1 }, { id: 2 }]] }],
      /nothing here takes .*"id":2/,
    ],
    [
      "a message too many",
      "pong(1); pong(2); process.stdin.destroy()",
      [{ expect: { id: 1 } }, { expectExit: 0 }],
      /no step took: .*"id":2/,
    ],
    [
      "another id of this name",
      "pong(1); pong(2)",
      [{ expect: { id: { $id: "a" } } }, { expect: { id: { $id: "a" } } }],
      /:4: \/id: expected 1, found 2/,
    ],
    ["an id that nobody has named", "", [{ send: { id: { $id: "a" } } }], /:3: no id has the name "a"/],
    [
      "other data",
      "bulk(1, { $bytes: [0, 2] })",
      [{ expectBulk: { result: { $hex: "6263" } } }],
      /found .*"6162"/,
    ],
    ["data that nobody expects", "bulk(1, null)", [{ expect: { id: 1 } }], /:3: data beside .*"id":1/],
    ["no data", "pong(1)", [{ expectBulk: { id: 1 } }], /:3: no data beside .*"id":1/],
    [
      "a range outside of the data",
      "bulk(1, { $bytes: [2, 2] })",
      [{ expectBulk: { id: 1 } }],
      /no range of the 3 bytes of data: {"\$bytes":\[2,2\]}/,
    ],
    [
      "more JSON than there is",
      'process.stdout.write("Content-Length: 2\\r\\nContent-Type: application/vnd.bulkhead.bulk; json=3\\r\\n\\r\\n{}")',
      [{ expectBulk: { id: 1 } }],
      /no length of the JSON/,
    ],
    ["another exit status", "process.exit(3)", [{ expectExit: 0 }], /:3: exit status: expected 0, found 3/],
    [
      "a signal",
      'process.kill(process.pid, "SIGTERM")',
      [{ expectExit: { $type: "integer" } }],
      /found "SIGTERM"/,
    ],
    [
      "an early exit",
      'console.error("why"); process.exit(0)',
      [{ expect: { id: 1 } }],
      /has left \(0\)[^]*stderr:\nwhy/,
    ],
    [
      "half a frame",
      'process.stdout.write("Content-Length: 9\\r\\n\\r\\n{", () => process.exit(0))',
      [{ expectExit: 0 }],
      /half a frame/,
    ],
  ])("on %s", async (_, script, steps, message) => {
    await expect(against(script, ping, ...steps)).rejects.toThrow(message);
  });

  test("on a plugin that can not be started", async () => {
    const nowhere = play(
      { name: "t", title: "", steps: [{ expectExit: 0 }] },
      path.join(directory, "nothing"),
    );
    await expect(nowhere).rejects.toThrow(/ENOENT/);
  });
});
