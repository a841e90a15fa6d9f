/** Plugins as the screens about them know them, and what a property makes of them. */
import * as fc from "fast-check";
import type { Described } from "../../../protocol/caller.ts";
import type { PluginDetail, PluginStats } from "../../../protocol/control-results.ts";
import type { JsonSchema, Method } from "../../../protocol/description.ts";
import type { LogLine, PluginStatus } from "../../../protocol/state.ts";
import { learn } from "../../../src/tui/facts.ts";
import type { Facts } from "../../../src/tui/facts.ts";
import type { Binding, Scene, Screen, Size, Step } from "../../../src/tui/screen.ts";
import { hostileText } from "../hostile.ts";
import { factsOf, now, pluginStatus, up } from "../samples.ts";

export const failed: PluginStatus = pluginStatus("outdated", {
  state: "failed",
  why: "a restart can not help: api min: ^2.0.0 is required",
  pid: null,
  readySince: null,
  version: null,
  apis: [],
  error: {
    code: "incompatible_api",
    message: "api min: ^2.0.0 is required",
    hint: "Install another version of P, or change `apis`.",
  },
  lastCrash: { id: "outdated-1-kioo", at: now - 5000, summary: "api min: ^2.0.0 is required" },
});

export const crashing: PluginStatus = pluginStatus("chaos", {
  state: "backoff",
  why: "2nd failure in 10 minutes; waiting 4 s",
  pid: null,
  readySince: null,
  retryAt: now + 4000,
  generation: 3,
  restarts: 2,
  recentFailures: 2,
  lastCrash: { id: "chaos-2-hasl", at: now - 60_000, summary: "panicked at src/main.rs:12:5: on request" },
});

export function pluginStats(plugin: string, more: Partial<PluginStats> = {}): PluginStats {
  return {
    plugin,
    perSecond: Array.from({ length: 60 }, (_, at) => (at === 59 ? 12 : 0)),
    recent: { seconds: 60, calls: 30, errors: 0, p50: 0.4, p99: 12 },
    process: { count: 1, memoryBytes: 3 * 1024 * 1024, cpuMicros: 90_000, cpu: 0.02 },
    ...more,
  };
}

export function withPlugins(plugins: readonly PluginStatus[], stats: readonly PluginStats[] = []): Facts {
  return factsOf(up, { type: "plugins", plugins }, { type: "stats", stats });
}

export function sceneAt(facts: Facts, columns = 80, rows = 21): Scene {
  return { facts, size: { columns, rows } };
}

export function describedAs(plugin: string, methods: readonly Method[]): Described {
  return {
    protocol: 1,
    plugin: { name: plugin, version: "1.0.0" },
    build: { language: "rust", profile: "release" },
    apis: [{ name: plugin, version: "1.0.0", methods: [...methods] }],
    fingerprint: "0",
    agreed: [{ name: plugin, version: "1.0.0" }],
  };
}

export function knowing(facts: Facts, value: Described): Facts {
  return learn(facts, { type: "described", plugin: value.plugin.name, described: { ok: true, value } });
}

export function detailOf(status: PluginStatus, more: Partial<PluginDetail> = {}): PluginDetail {
  return {
    ...status,
    cwd: "/plugins",
    isolation: { orphansKilled: true, resourceLimits: false },
    granted: { services: ["host.log"], calls: [] },
    ...more,
  };
}

export function logLine(text: string, more: Partial<LogLine> = {}): LogLine {
  return { plugin: "chaos", generation: 1, at: now, kind: "line", text, ...more };
}

/** What a key does on a screen now; what it leaves alone if it is bound to nothing. */
export function pressed<S, M>(screen: Screen<S, M>, state: S, scene: Scene, key: string): Step<S, M> {
  const bindings: readonly Binding<S, M>[] = screen.bindings(state, scene);
  const found = bindings.find(({ keys, when }) => keys.includes(key) && (when?.(state, scene) ?? true));
  return found === undefined ? { state, effects: [] } : found.run(state, scene);
}

export const sizes: fc.Arbitrary<Size> = fc.record({
  columns: fc.integer({ min: 20, max: 220 }),
  rows: fc.integer({ min: 2, max: 70 }),
});

export const anyStatus: fc.Arbitrary<PluginStatus> = fc
  .record({
    id: hostileText,
    state: fc.constantFrom("idle", "starting", "serving", "backoff", "failed", "stopped", "disabled"),
    why: hostileText,
    summary: hostileText,
    retryAt: fc.option(fc.integer({ min: now - 10_000, max: now + 1e9 })),
    executable: hostileText,
  })
  .map(({ summary, id, ...more }) =>
    pluginStatus(id, {
      ...more,
      error: more.state === "failed" ? { code: "spawn_failed", message: summary, hint: more.why } : null,
      lastCrash: { id: summary, at: now - 1, summary },
      version: summary,
      apis: [{ name: id, version: summary }],
    }),
  );

const leaf: fc.Arbitrary<JsonSchema> = fc.oneof(
  fc.constant(true),
  fc.record({ type: fc.constantFrom("string", "integer", "object", "array"), description: hostileText }),
  fc.record({ enum: fc.array(hostileText, { maxLength: 4 }) }),
  fc.record({ $ref: fc.constantFrom("#", "#/properties/a", "#/nowhere") }),
);

/** Nested, and leading back to themselves. */
export const anySchema: fc.Arbitrary<JsonSchema> = fc.letrec<{ schema: JsonSchema }>((tie) => ({
  schema: fc.oneof(
    { maxDepth: 4 },
    leaf,
    fc.record({
      properties: fc.dictionary(fc.oneof(fc.constantFrom("a", "b"), hostileText), tie("schema"), {
        maxKeys: 4,
      }),
      required: fc.constant(["a"]),
    }),
    fc.record({ type: fc.constant("array"), items: tie("schema") }),
    fc.record({ anyOf: fc.array(tie("schema"), { maxLength: 3 }) }),
    fc.record({ allOf: fc.array(tie("schema"), { maxLength: 3 }) }),
    fc.record({ additionalProperties: tie("schema") }),
  ),
})).schema;
