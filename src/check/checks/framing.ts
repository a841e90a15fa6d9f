/** Bytes: what must be understood however it arrives, and what must not be. */
import { errors } from "../../../protocol/error.ts";
import { encodeFrame } from "../../wire/framing.ts";
import type { Bench } from "../bench.ts";
import { fail } from "../check.ts";
import type { Check } from "../check.ts";
import type { Conversation } from "../conversation.ts";
import { show, showError, showExit } from "../show.ts";

const group = "Framing";
const severity = "error";
const needs = "activate";
const invalidRequest = errors.invalid_request.number;
const parseError = errors.parse_error.number;
/** Of a header block, with its line ends. */
const headerBytes = 4096;

const strict =
  "Stop reading at a header that breaks the rules, and exit: where the next frame begins is not known any more.";
const strictBody =
  "Answer a body that is no message with an error and the id null (-32700 for what is no JSON, -32600 otherwise), or exit.";

export const framing: readonly Check[] = [
  {
    id: "header-names",
    title: "reads header names in any case, and ignores other headers",
    group,
    severity,
    needs,
    fix: "Compare header names without regard to case, and skip headers other than Content-Length.",
    async run(bench) {
      await understood(bench, (one, other) => [
        `content-length: ${one.length}\r\n\r\n`,
        one,
        `Content-Type: application/vscode-jsonrpc; charset=utf-8\r\nCONTENT-LENGTH:${other.length}\r\nX-Later: 1\r\n\r\n`,
        other,
      ]);
    },
  },
  {
    id: "single-bytes",
    title: "reads frames that arrive byte by byte",
    group,
    severity,
    needs,
    fix: "Collect what each read brings until the header and then the body are complete.",
    async run(bench) {
      await understood(bench, (one, other) =>
        Array.from(Buffer.concat([encodeFrame(one), encodeFrame(other)]), (byte) => Buffer.from([byte])),
      );
    },
  },
  {
    id: "frames-together",
    title: "reads frames that arrive in one piece",
    group,
    severity,
    needs,
    fix: "Keep what is left of a read after a frame: it is the beginning of the next one.",
    async run(bench) {
      await understood(bench, (one, other) => [Buffer.concat([encodeFrame(one), encodeFrame(other)])]);
    },
  },
  {
    id: "white-space",
    title: "reads JSON with white space and members in any order",
    group,
    severity,
    needs,
    fix: "Parse the body with a JSON parser rather than look for texts in it.",
    async run(bench) {
      const { name } = bench.harmless();
      await understood(bench, () =>
        ["one", "other"].map((id) =>
          encodeFrame(
            ` {\n\t"params" : { } ,"method":${JSON.stringify(name)},"id":"${id}","jsonrpc":"2.0" }\r\n `,
          ),
        ),
      );
    },
  },
  {
    id: "batch",
    title: "refuses a batch with -32600 and the id null",
    group,
    severity,
    needs,
    fix: "Answer a body that is an array with the error -32600 and the id null, once, and go on.",
    async run(bench) {
      const conversation = await bench.ready();
      for (const batch of ['[{"jsonrpc":"2.0","id":"raw","method":"ping","params":{}}]', "[]"]) {
        const before = conversation.unaddressed.length;
        conversation.expect("raw", "a request inside a batch");
        conversation.write(encodeFrame(batch));
        await conversation.until(() => conversation.unaddressed.length > before, `no answer to ${batch}`);
        const error = conversation.unaddressed[before];
        if (error?.code !== invalidRequest) fail(`${batch} was answered with ${show(error)}`);
        if (conversation.calls.get("raw")?.answer !== undefined)
          fail("a request inside a batch was answered");
      }
      await bench.barrier(conversation);
    },
  },
  {
    id: "not-json",
    title: "refuses what is no JSON",
    group,
    severity,
    needs,
    fix: strictBody,
    async run(bench) {
      await refused(bench, encodeFrame('{"jsonrpc":"2.0","id":3,'), [parseError]);
      await refused(bench, encodeFrame(Buffer.from('{"jsonrpc":"2.0","id":"\xff"}', "latin1")), [
        parseError,
        invalidRequest,
      ]);
    },
  },
  {
    id: "not-a-message",
    title: "refuses JSON that is no message",
    group,
    severity,
    needs,
    fix: strictBody,
    async run(bench) {
      await refused(bench, encodeFrame("5"), [invalidRequest]);
      await refused(bench, encodeFrame('{"jsonrpc":"2.0","id":"raw","method":7}'), [invalidRequest]);
    },
  },
  {
    id: "no-content-length",
    title: "does not go on after a header without Content-Length",
    group,
    severity,
    needs,
    fix: strict,
    async run(bench) {
      await refused(bench, Buffer.from("hello\r\n\r\n"), [parseError, invalidRequest]);
    },
  },
  {
    id: "bad-content-length",
    title: "does not go on after a length that is no number",
    group,
    severity,
    needs,
    fix: strict,
    async run(bench) {
      await refused(bench, Buffer.from("Content-Length: 12abc\r\n\r\n{}"), [parseError, invalidRequest]);
    },
  },
  {
    id: "long-header",
    title: "does not go on after a header of more than 4 KiB",
    group,
    severity: "warning",
    needs,
    fix: "Bound the header block at 4 KiB, and exit beyond that, so that no sender can fill the memory.",
    async run(bench) {
      const body = '{"jsonrpc":"2.0","method":"$/later","params":{}}';
      const header = `X-Later: ${"x".repeat(4 * headerBytes)}\r\nContent-Length: ${body.length}\r\n\r\n`;
      await refused(bench, Buffer.from(header + body), [parseError, invalidRequest]);
    },
  },
  {
    id: "frame-too-large",
    title: "does not go on after a frame beyond limits.frameBytes",
    group,
    severity: "warning",
    needs,
    fix: "Compare Content-Length with limits.frameBytes before reading the body, and exit when it is larger.",
    async run(bench) {
      const { frameBytes } = bench.introduction().limits;
      await refused(bench, Buffer.from(`Content-Length: ${frameBytes + 1}\r\n\r\n{`), [
        parseError,
        invalidRequest,
      ]);
    },
  },
];

/** Sends two requests as `pieces` cuts them, and waits for both answers. */
async function understood(
  bench: Bench,
  pieces: (one: Buffer, other: Buffer) => readonly (Buffer | string)[],
): Promise<void> {
  const conversation = await bench.ready();
  const { name, params } = bench.harmless();
  const body = (id: string): Buffer =>
    Buffer.from(JSON.stringify({ jsonrpc: "2.0", id, method: name, params }));
  const calls = ["one", "other"].map((id) => conversation.expect(id, `${name} (id "${id}")`));
  for (const piece of pieces(body("one"), body("other"))) conversation.write(piece);
  for (const call of calls) await conversation.answerTo(call);
}

/** The plugin must answer an error that belongs to no request, or leave; and not by a crash. */
async function refused(bench: Bench, bytes: Buffer, codes: readonly number[]): Promise<void> {
  const conversation = await bench.ready();
  const raw = conversation.expect("raw", "what is no message");
  conversation.write(bytes);
  const { name, params } = bench.harmless();
  const after = conversation.call(name, params);
  const error = (): { code: number; message: string } | undefined => {
    const addressed = raw.answer?.kind === "error" ? raw.answer.error : undefined;
    return conversation.unaddressed[0] ?? addressed;
  };
  const decided = (): boolean => conversation.isOver || error() !== undefined || after.answer !== undefined;
  await conversation.until(decided, "it neither refused it nor left");
  await exitedIfOver(conversation);
  const told = error();
  if (told === undefined && !conversation.isOver) fail(`it went on as if nothing had been wrong`);
  if (told !== undefined && !codes.includes(told.code))
    fail(`it was answered with ${showError(told)}, not with ${codes.join(" or ")}`);
  if (told !== undefined && !conversation.isOver) {
    await conversation.becomes(() => after.answer !== undefined || conversation.isOver, bench.patienceMs);
    if (after.answer === undefined && !conversation.isOver)
      fail("it refused it, and then neither went on nor left");
    await exitedIfOver(conversation);
  }
}

async function exitedIfOver(conversation: Conversation): Promise<void> {
  if (!conversation.isOver) return;
  const exit = await conversation.left(conversation.patienceMs);
  if (exit.signal !== null) fail(`it crashed (${showExit(exit)})`);
}
