/** `initialize` and `activate`, in every way in which they can go. */
import { isDeepStrictEqual } from "node:util";
import { description } from "../../../protocol/description.ts";
import type { JsonSchema } from "../../../protocol/description.ts";
import { handshakeCodes } from "../../../protocol/error.ts";
import { checker } from "../../../protocol/json-schema.ts";
import { incompatibleProtocolData } from "../../../protocol/plugin.ts";
import { protocolRange } from "../../../protocol/range.ts";
import { isObject } from "../../core/json-value.ts";
import type { Bench } from "../bench.ts";
import { emptyResult, succeeded } from "../bench.ts";
import { fail } from "../check.ts";
import type { Check } from "../check.ts";
import { listensOrWrites } from "../process-facts.ts";
import { show, showError } from "../show.ts";

const group = "Handshake";
const severity = "error";

/** The supervisor takes no larger one. */
const largestDescription = 1024 * 1024;

export const handshake: readonly Check[] = [
  {
    id: "initialize",
    title: "starts, and answers initialize",
    group,
    severity,
    needs: "nothing",
    fix: "Read frames from stdin and answer the request initialize with a description, within 10 s and before anything else.",
    async run(bench) {
      const conversation = await bench.start([]);
      const answer = await conversation.request("initialize", bench.introduction({}, []));
      if (answer.kind === "error" && answer.error.code === handshakeCodes.incompatibleProtocol) {
        const { min, max } = protocolRange;
        const range = min === max ? `${min}` : `${min} to ${max}`;
        fail(
          showError(answer.error),
          `Speak protocol ${range}: build the plugin with an SDK of this version.`,
        );
      }
      bench.subject.raw = succeeded("initialize", answer);
    },
  },
  {
    id: "description",
    title: "describes itself as the protocol says",
    group,
    severity,
    needs: "initialize",
    fix: "Correct the member of the answer to initialize that is named.",
    run: async ({ subject }) => {
      const bytes = Buffer.byteLength(JSON.stringify(subject.raw) ?? "");
      if (bytes > largestDescription) fail(`it has ${bytes} bytes; ${largestDescription} are allowed`);
      const parsed = description.safeParse(subject.raw);
      if (!parsed.success) {
        const [issue] = parsed.error.issues;
        const path = issue === undefined ? "" : issue.path.map((each) => `/${String(each)}`).join("");
        return fail(
          `${path === "" ? "it" : path}: ${issue?.message}, found ${show(at(subject.raw, issue?.path ?? []))}`,
        );
      }
      const { protocol } = parsed.data;
      if (protocol < protocolRange.min || protocol > protocolRange.max) {
        fail(`/protocol is ${protocol}, which is not within ${protocolRange.min} to ${protocolRange.max}`);
      }
      subject.description = parsed.data;
      for (const [where, schema] of schemasOf(subject.description)) {
        try {
          checker(schema)(null);
        } catch (error) {
          fail(
            `${where} can not be used as a JSON Schema: ${error instanceof Error ? error.message : show(error)}`,
          );
        }
      }
      for (const [kind, names] of namesOf(subject.description)) {
        const twice = names.find((name, index) => names.indexOf(name) !== index);
        if (twice !== undefined) fail(`there are two ${kind} named ${twice}`);
      }
    },
  },
  {
    id: "activate",
    title: "activate is answered with {}",
    group,
    severity,
    needs: "description",
    fix: "Answer activate with the result {} once the plugin can serve, within 10 s.",
    async run(bench) {
      const conversation = await bench.described();
      const answer = await conversation.request("activate", bench.activation(conversation));
      emptyResult("activate", answer);
    },
  },
  {
    id: "stable-description",
    title: "says the same of itself each time",
    group,
    severity,
    needs: "description",
    fix: "Describe what the executable can do, not the moment: no times, counters or random names, and a fixed order.",
    async run(bench) {
      const conversation = await bench.start([]);
      const again = succeeded(
        "initialize",
        await conversation.request("initialize", bench.introduction({}, [])),
      );
      const difference = differs(bench.subject.raw, again, "");
      if (difference !== undefined) fail(`${difference} differs between two starts`);
    },
  },
  {
    id: "no-side-effects",
    title: "does nothing before activate",
    group,
    severity,
    needs: "initialize",
    fix: "Open files, listen and call the host only after activate has come: initialize also serves to ask a plugin what it is.",
    async run(bench) {
      const conversation = await bench.described();
      const found = await listensOrWrites(conversation.process.pid);
      const [asked] = conversation.asked;
      if (asked !== undefined) fail(`it called its host (${asked.method}) before it was activated`);
      if (found !== undefined) fail(`${found} before it was activated`);
    },
  },
  {
    id: "unknown-members",
    title: "ignores members of initialize that it does not know",
    group,
    severity,
    needs: "initialize",
    fix: "Ignore unknown members when reading a message: they may be added within a protocol version.",
    async run(bench) {
      const conversation = await bench.start();
      const known = bench.introduction();
      const params = {
        ...known,
        later: { x: [1] },
        host: { ...known.host, later: 1 },
        limits: { ...known.limits, later: 1 },
      };
      const call = conversation.expect(1, "initialize");
      conversation.send({
        id: 1,
        method: "initialize",
        params,
        ctx: { ms: 10_000, later: true },
        later: null,
      });
      succeeded("initialize", await conversation.answerTo(call));
    },
  },
  {
    id: "protocol-range",
    title: "chooses a protocol version within the range",
    group,
    severity,
    needs: "description",
    fix: "Choose the highest version within params.protocol that the plugin speaks, rather than compare for equality.",
    async run(bench) {
      const conversation = await bench.start();
      const params = bench.introduction({ protocol: { min: 1, max: 999 } });
      const result = succeeded("initialize", await conversation.request("initialize", params));
      const chosen = isObject(result) ? result["protocol"] : undefined;
      const known = bench.subject.description.protocol;
      if (typeof chosen !== "number" || chosen < known) fail(`of 1 to 999 it chose ${show(chosen)}`);
    },
  },
  {
    id: "incompatible-protocol",
    title: "refuses a range of protocols that it does not speak",
    group,
    severity,
    needs: "initialize",
    fix: 'Answer initialize with the error -32001 and data {"code": "incompatible_protocol", "min": …, "max": …} when no version in the range fits.',
    async run(bench) {
      const conversation = await bench.start();
      const params = bench.introduction({ protocol: { min: 1_000_000, max: 1_000_001 } });
      const answer = await conversation.request("initialize", params);
      if (answer.kind === "result") return fail("it accepted the protocols 1000000 to 1000001");
      const { code, data } = answer.error;
      if (code !== handshakeCodes.incompatibleProtocol)
        fail(`expected the error -32001, found ${showError(answer.error)}`);
      if (!incompatibleProtocolData.safeParse(data).success) fail(`the error's data is ${show(data)}`);
    },
  },
  {
    id: "second-initialize",
    title: "lives through a second initialize",
    group,
    severity,
    needs: "activate",
    fix: "Answer a second initialize, with an error such as -32600 or with the description, and go on.",
    async run(bench) {
      const conversation = await bench.ready();
      await conversation.request("initialize", bench.introduction());
      await bench.barrier(conversation);
    },
  },
];

type Described = Bench["subject"]["description"];

function* schemasOf({ apis, config }: Described): Iterable<readonly [where: string, schema: JsonSchema]> {
  if (config !== undefined) yield ["/config", config];
  for (const [a, api] of apis.entries()) {
    for (const [m, method] of api.methods.entries()) {
      for (const part of ["params", "result", "progress", "item"] as const) {
        const schema = method[part];
        if (schema !== undefined) yield [`/apis/${a}/methods/${m}/${part}`, schema];
      }
    }
    for (const [e, { params }] of (api.events ?? []).entries()) {
      if (params !== undefined) yield [`/apis/${a}/events/${e}/params`, params];
    }
  }
}

function* namesOf({ apis }: Described): Iterable<readonly [kind: string, names: readonly string[]]> {
  yield ["apis", apis.map(({ name, version }) => `${name} ${version}`)];
  for (const { name, methods, events = [], actions = [] } of apis) {
    yield [`methods of ${name}`, methods.map((each) => each.name)];
    yield [`events of ${name}`, events.map((each) => each.name)];
    yield [`actions of ${name}`, actions.map(({ id }) => id)];
  }
}

/** The JSON pointer to the first difference. */
function differs(a: unknown, b: unknown, path: string): string | undefined {
  if (isDeepStrictEqual(a, b)) return undefined;
  const inside = (Array.isArray(a) && Array.isArray(b)) || (isObject(a) && isObject(b));
  if (!inside) return path === "" ? "the description" : path;
  const [one, other] = [Object.entries(a), new Map(Object.entries(b))];
  for (const [key, value] of one) {
    const found = differs(value, other.get(key), `${path}/${key}`);
    if (found !== undefined) return found;
  }
  const added = [...other.keys()].find((key) => !one.some(([known]) => known === key));
  return added === undefined ? path : `${path}/${added}`;
}

function at(value: unknown, path: readonly PropertyKey[]): unknown {
  let found = value;
  for (const key of path) {
    found = typeof found === "object" && found !== null ? Reflect.get(found, key) : undefined;
  }
  return found;
}
