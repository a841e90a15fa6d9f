/** Rules that hold for all that a plugin writes: what was seen in all the checks that ran. */
import type { Bench } from "../bench.ts";
import { fail } from "../check.ts";
import type { Check } from "../check.ts";
import type { Rule } from "../conversation.ts";

const group = "Throughout";
const severity = "error";
const needs = "initialize";

export const throughout: readonly Check[] = [
  {
    id: "stdout",
    title: "writes nothing but frames to stdout",
    group,
    severity,
    needs,
    fix: "Keep a private copy of descriptor 1 for the protocol and point descriptor 1 at stderr (dup, dup2) before anything can print.",
    run: async (bench) => none(bench, "stdout", "stdout had"),
  },
  {
    id: "valid-messages",
    title: "writes nothing but valid messages",
    group,
    severity,
    needs,
    fix: "Write every message as one JSON object of JSON-RPC 2.0 in valid UTF-8, and only notifications that the protocol knows.",
    run: async (bench) => none(bench, "messages", "it sent"),
  },
  {
    id: "answers",
    title: "answers each request once, and nothing else",
    group,
    severity,
    needs,
    fix: "Answer a request once, with its own id, and forget it then.",
    run: async (bench) => none(bench, "answers", "there was a wrong answer:"),
  },
  {
    id: "stream-rules",
    title: "keeps to the order and the credit of streams",
    group,
    severity,
    needs,
    fix: "Number items from 0 without gaps, keep to the credit, and send none once the call is answered.",
    run: async (bench) => none(bench, "streams", "a stream broke the rules:"),
  },
  {
    id: "host-requests",
    title: "asks its host in the right form",
    group,
    severity,
    needs,
    fix: "Name a service when calling the host, and as ctx.parent only a request that is being served.",
    run: async (bench) => none(bench, "host", "there was a wrong request:"),
  },
  {
    id: "stderr",
    title: "writes lines of text to stderr",
    group,
    severity: "warning",
    needs,
    fix: "Write log lines as UTF-8 text, each ended by a line feed.",
    run: async (bench) => none(bench, "stderr", "stderr had"),
  },
];

function none({ offences }: Bench, rule: Rule, beginning: string): void {
  const found = offences.filter((each) => each.rule === rule);
  const [first] = found;
  if (first === undefined) return;
  const more = found.length === 1 ? "" : ` (and ${found.length - 1} more)`;
  fail(`${beginning} ${first.what}, during ${first.check}${more}`);
}
