/** Calls of methods, with params made from their schemas. */
import { errors, reserved } from "../../../protocol/error.ts";
import type { RpcError } from "../../../protocol/error.ts";
import { checker } from "../../../protocol/json-schema.ts";
import { progressValue } from "../../../protocol/plugin.ts";
import { isObject } from "../../core/json-value.ts";
import type { Bench } from "../bench.ts";
import type { Answer, Call } from "../call.ts";
import { fail, skip } from "../check.ts";
import type { Check } from "../check.ts";
import { misfitOf } from "../misfit.ts";
import { occupy } from "../occupy.ts";
import { show, showError } from "../show.ts";
import type { Callable } from "../subject.ts";

const group = "Calls";
const severity = "error";
const needs = "activate";
const invalidParams = errors.invalid_params.number;

const staysAlive = "Answer what goes wrong in a call with an error, rather than let it end the process.";

export const calls: readonly Check[] = [
  {
    id: "valid-calls",
    title: "answers valid calls with what it has described",
    group,
    severity,
    needs,
    fix: "Bring the result and the method's result schema together.",
    async run(bench) {
      const made = await callAll(bench);
      for (const { callable, answer } of made) judged(callable, answer);
      if (made.every(({ answer }) => answer.kind === "error")) {
        skip("every method refused the params that were made up for it; name better ones with --call");
      }
    },
  },
  {
    id: "declared-errors",
    title: "answers with no errors but those that it has described",
    group,
    severity: "warning",
    needs,
    fix: "Add data.code of the error to the errors of the method, with a description.",
    async run(bench) {
      for (const { callable, answer } of await callAll(bench)) {
        if (answer.kind === "error" && !isJsonRpc(answer.error)) declared(callable, answer.error);
      }
    },
  },
  {
    id: "wrong-params",
    title: "answers params of a wrong type with -32602 and the path",
    group,
    severity,
    needs,
    fix: "Check the params before anything else, and answer with the error -32602 and data.path, a JSON pointer to the value.",
    async run(bench) {
      const misfits = [...bench.subject.methods].flatMap(([name, method]) => {
        const misfit = misfitOf(method.params);
        return misfit === undefined ? [] : [{ name, method, misfit }];
      });
      if (misfits.length === 0) skip("no method has params that could be of a wrong type");
      const conversation = await bench.ready();
      for (const { name, method, misfit } of misfits) {
        const ctx = method.item === undefined ? {} : { credit: 1 };
        const answer = await conversation.request(name, misfit.value, ctx);
        const wrong = `${name} with ${show(misfit.value)}`;
        if (answer.kind === "result") return fail(`${wrong} was answered with a result`);
        const { code, data } = answer.error;
        if (code !== invalidParams)
          fail(`${wrong} was answered with ${showError(answer.error)}, not with -32602`);
        const path = isObject(data) ? data["path"] : undefined;
        if (path !== misfit.path) fail(`${wrong}: data.path is ${show(path)}, not ${show(misfit.path)}`);
      }
    },
  },
  {
    id: "progress",
    title: "reports progress as it has described it",
    group,
    severity,
    needs,
    fix: "Report progress as {message?, done?, total?}, or describe another shape in the method's progress schema.",
    async run(bench) {
      const reported = (await callAll(bench)).filter(({ call }) => call.progress.length > 0);
      if (reported.length === 0) skip("no method that may be called reported any");
      for (const { callable, call } of reported) {
        for (const value of call.progress) {
          const wrong = progressMismatch(callable, value);
          if (wrong !== undefined) fail(`${callable.name} reported ${show(value)}: ${wrong}`);
        }
      }
    },
  },
  {
    id: "cancel",
    title: "answers cancelled calls, with -32800 or with their result",
    group,
    severity,
    needs,
    fix: "On $/cancelRequest stop the work and still answer the request, with the error -32800.",
    async run(bench) {
      const conversation = await bench.ready();
      const busy = occupy(bench.subject, conversation);
      await busy.release();
      const [call] = busy.calls;
      if (call !== undefined) conversation.cancel(call);
      await bench.barrier(conversation);
      const twice = busy.calls.find(({ answers }) => answers !== 1);
      if (twice !== undefined) fail(`${twice.name} was answered ${twice.answers} times`);
    },
  },
];

interface Made {
  readonly callable: Callable;
  readonly call: Call;
  readonly answer: Answer;
}

async function callAll(bench: Bench): Promise<Made[]> {
  const { plain } = bench.subject;
  if (plain.length === 0) skip("no method says that it is idempotent, and none was named with --call");
  const conversation = await bench.ready();
  const made: Made[] = [];
  for (const callable of plain) {
    const call = conversation.call(callable.name, callable.params);
    const answer = await conversation.answerTo(call, bench.patienceMs, staysAlive);
    made.push({ callable, call, answer });
  }
  return made;
}

function judged(callable: Callable, answer: Answer): void {
  const { name, method, params, given } = callable;
  const asked = `${name} with ${show(params)}`;
  if (answer.kind === "result") {
    const wrong = method.result === undefined ? undefined : checker(method.result)(answer.result);
    if (wrong !== undefined) {
      fail(
        `${asked} was answered with ${show(answer.result)}, which its result schema does not allow: ${wrong.path || "it"} ${wrong.message}`,
      );
    }
    return;
  }
  const { error } = answer;
  const said = `${asked} was answered with ${showError(error)}`;
  if (given) fail(said, "Answer params that are right with a result, or name others with --call.");
  if (error.code >= reserved.min && error.code <= reserved.max) {
    fail(said, "Use a code of the plugin's own: those from -31999 to -31900 are the supervisor's.");
  }
  if (isJsonRpc(error) && error.code !== invalidParams) {
    fail(said, "Answer what can be foreseen with an error of the plugin's own, which the method declares.");
  }
}

function isJsonRpc({ code }: RpcError): boolean {
  return code >= -32_800 && code <= -32_000;
}

function declared({ name, method }: Callable, error: RpcError): void {
  const code = isObject(error.data) ? error.data["code"] : undefined;
  if (typeof code !== "string") {
    fail(
      `${name} was answered with ${showError(error)}, without a data.code`,
      "Give each error a stable text in data.code.",
    );
  }
  if (!(method.errors ?? []).some((each) => each.code === code))
    fail(`${name} was answered with ${code}, which is not among its errors`);
}

function progressMismatch({ method }: Callable, value: unknown): string | undefined {
  if (method.progress !== undefined) {
    const wrong = checker(method.progress)(value);
    return wrong === undefined ? undefined : `${wrong.path} ${wrong.message}`.trim();
  }
  const parsed = progressValue.safeParse(value);
  return parsed.success ? undefined : parsed.error.issues[0]?.message;
}
