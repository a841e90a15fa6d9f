/** The reader of golden transcripts, and the patterns in them. */
import * as fc from "fast-check";
import { readdirSync, readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { mismatch } from "../../helpers/pattern.ts";
import { readTranscript } from "../../helpers/transcript.ts";
import { must } from "../target.ts";
import type { Target, Trials } from "../target.ts";
import { Folder } from "./folder.ts";

const directory = new URL("../../../protocol/transcripts/", import.meta.url);
const golden = readdirSync(directory)
  .filter((name) => name.endsWith(".jsonl"))
  .map((name) => readFileSync(new URL(name, directory)))
  .filter(({ length }) => length < 4096);

const kinds = [
  "send",
  "sendRaw",
  "sendBulk",
  "expect",
  "expectBulk",
  "unordered",
  "ignore",
  "eof",
  "expectExit",
];

function start(): Trials {
  const folder = new Folder();
  return {
    run(input) {
      // A text that is repeated a billion times is the author's own doing.
      if (/"times"\s*:\s*[\d.]*\d{5}|"times"\s*:\s*[\d.]+e/i.test(input.toString())) return;
      const file = folder.write("x.jsonl", input);
      let transcript: ReturnType<typeof readTranscript>;
      try {
        transcript = readTranscript(file);
      } catch (error) {
        must(error instanceof Error, "what is refused has a reason");
        return;
      }
      const lines = input.toString().trimEnd().split("\n");
      must(transcript.steps.length === lines.length - 1, "each line is a step", transcript.steps.length);
      for (const step of transcript.steps) {
        const [kind = "", ...more] = Object.keys(step);
        must(kinds.includes(kind) && more.length === 0, "a step is of one kind", step);
        if (!("expect" in step) || JSON.stringify(step).includes('"$')) continue;
        must(
          mismatch(step.expect, step.expect) === undefined,
          "what has no wildcards is matched by itself",
          step,
        );
        const copy = structuredClone(step.expect);
        must(
          isDeepStrictEqual(copy, step.expect) && mismatch(step.expect, copy) === undefined,
          "and by its copy",
          step,
        );
      }
    },
    close: () => folder.remove(),
  };
}

const json = fc.json({ maxDepth: 2 });
const step = fc
  .tuple(
    fc.constantFrom(...kinds, "wait", "__proto__"),
    fc.oneof(
      json,
      fc.constantFrom(
        '{"$any":true}',
        '{"$repeat":"a","times":3}',
        '{"$repeat":"a","times":-1}',
        '{"a":{"$id":"x"}}',
        '{"message":{},"data":"00ff"}',
        '{"message":{},"data":"0"}',
      ),
    ),
  )
  .map(([kind, value]) => `{"${kind}":${value}}`);
const made = fc
  .tuple(fc.constantFrom('{"title":"t"}', "{}", "null", "[]"), fc.array(step, { maxLength: 4 }))
  .map(([title, steps]) => Buffer.from([title, ...steps].join("\n")));

export const transcripts: Target = {
  name: "transcripts",
  inputs: fc.oneof(made, fc.constantFrom(...golden)),
  words: [
    '{"send":',
    '{"expect":',
    '{"unordered":[',
    '{"eof":true}',
    '"$any"',
    '"$id":"a"',
    '"$oneOf":[',
    '"$repeat":"ab","times":2',
    '"$exact":',
    "\n",
    '{"title":"t"}',
    "__proto__",
    "}",
  ],
  covers: ["test/helpers/transcript.ts", "test/helpers/pattern.ts"],
  tried: 300,
  start,
};
