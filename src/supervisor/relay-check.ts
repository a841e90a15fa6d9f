/** `validate = "relay"`: params, results and items held against the plugin's own schemas on their way through. */
import { DEFAULT_LIMITS } from "../wire/limits.ts";
import { BadReference, plain } from "../wire/peer.ts";
import type { JsonText } from "../wire/peer.ts";
import type { JsonSchema, Method } from "../../protocol/description.ts";
import { BulkheadError } from "../../protocol/error.ts";
import type { RpcError } from "../../protocol/error.ts";
import { checker } from "../../protocol/json-schema.ts";
import type { Mismatch } from "../../protocol/json-schema.ts";
import { inTime } from "../io/in-time.ts";
import { endedCall } from "./call.ts";
import type { CallOutcome, RoutedCall, RouteOptions, Settle } from "./call.ts";

const noParams = "{}";

type Check = (json: JsonText) => Mismatch | undefined;

/** What makes the calls. */
interface Callee {
  call(method: string, params: JsonText | undefined, options: RouteOptions, settle: Settle): RoutedCall;
}

export class RelayCheck {
  readonly #plugin: string;
  readonly #methods: ReadonlyMap<string, Method>;
  readonly #checks = new Map<JsonSchema, Check>();

  private constructor(plugin: string, methods: ReadonlyMap<string, Method>) {
    this.#plugin = plugin;
    this.#methods = methods;
  }

  /** The same one as long as the methods are the same: schemas are prepared once for each life. */
  static of(known: RelayCheck | null, plugin: string, methods: ReadonlyMap<string, Method>): RelayCheck {
    return known !== null && known.#methods === methods ? known : new RelayCheck(plugin, methods);
  }

  call(
    callee: Callee,
    method: string,
    params: JsonText | undefined,
    options: RouteOptions,
    settle: Settle,
  ): RoutedCall {
    const schemas = this.#methods.get(method);
    const wrong = this.#look(schemas?.params, params ?? noParams, options.data);
    if (wrong !== undefined) {
      const message = sentence(`the params of ${method}`, wrong);
      const { path } = wrong;
      settle({
        error: BulkheadError.of("invalid_params", message, { settlement: "not_sent", path }).toRpc(),
      });
      return endedCall;
    }
    // A stream with an item that does not fit ends there, and the plugin is told.
    const ending = new AbortController();
    let refused: RpcError | undefined;
    const { onItem, signal } = options;
    const checked: RouteOptions =
      onItem === undefined
        ? options
        : {
            ...options,
            signal: signal === undefined ? ending.signal : AbortSignal.any([signal, ending.signal]),
            onItem: (item) => {
              const misfit = this.#look(schemas?.item, item.value);
              if (misfit === undefined) onItem(item);
              else {
                refused = this.#notAsDescribed(`item ${item.seq} of ${method}`, misfit);
                ending.abort();
              }
            },
          };
    return callee.call(method, params, checked, (outcome) =>
      settle(refused === undefined ? this.#result(method, schemas, outcome) : { error: refused }),
    );
  }

  #result(method: string, schemas: Method | undefined, outcome: CallOutcome): CallOutcome {
    if (!("result" in outcome)) return outcome;
    const wrong = this.#look(schemas?.result, outcome.result, outcome.data);
    return wrong === undefined ? outcome : { error: this.#notAsDescribed(`the result of ${method}`, wrong) };
  }

  #notAsDescribed(what: string, wrong: Mismatch): RpcError {
    return BulkheadError.of("invalid_result", `${this.#plugin}: ${sentence(what, wrong)}`, {
      settlement: "answered",
      path: wrong.path,
    }).toRpc();
  }

  /** Schemas are about base64 text. */
  #lookWithData(schema: JsonSchema, json: JsonText, data: Buffer): Mismatch | undefined {
    try {
      const text = plain(json, data, mostBytes(json, data));
      if (text === undefined) return { path: "", message: "refers to the same data over and over" };
      return this.#look(schema, text);
    } catch (error) {
      if (error instanceof BadReference) return { path: "", message: error.message };
      throw error;
    }
  }

  #look(schema: JsonSchema | undefined, json: JsonText, data?: Buffer): Mismatch | undefined {
    if (schema === undefined || schema === true) return undefined;
    if (data !== undefined) return this.#lookWithData(schema, json, data);
    try {
      const check = this.#checks.get(schema) ?? checkOf(schema);
      this.#checks.set(schema, check);
      return check(json);
    } catch (error) {
      // Said of the value, because that is what is refused; the author finds the schema named.
      const why = error instanceof Error ? error.message : String(error);
      return { path: "", message: `can not be checked: the schema is unusable: ${why}` };
    }
  }
}

/** Base64 is a third more; only who refers to the same data over and over comes to more than this, and than a frame. */
const mostBytes = (json: JsonText, data: Buffer): number =>
  Math.max(2 * (json.length + data.length) + 64, DEFAULT_LIMITS.frameBytes);

/** With these, a few bytes of schema and value can take for ever. */
const unbounded = /"(?:pattern|uniqueItems"|\$ref"|\$dynamicRef"|\$recursiveRef")/;
/** Bytes of schema times bytes of value, up to which the rest takes no time worth mentioning. */
const smallWork = 4 * 1024 ** 2;

function checkOf(schema: JsonSchema): Check {
  const check = checker(schema);
  const text = JSON.stringify(schema);
  const isUnbounded = unbounded.test(text);
  return (json) => {
    const value: unknown = JSON.parse(json.toString("utf8"));
    // The time limit costs more than most checks.
    const isQuick = !isUnbounded && text.length * json.length <= smallWork;
    return isQuick ? check(value) : inTime(() => check(value));
  };
}

/** `the params of text.count: /text: expected string, found number` */
function sentence(what: string, { path, message }: Mismatch): string {
  return [what, ...(path === "" ? [] : [path]), message].join(": ");
}
