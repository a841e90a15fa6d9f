/**
 * The conversation of one session: framing, handshake and farewell. A session knows a plugin's protocol only through
 * this interface, so that other stdio protocols can be supervised later.
 */
import { z } from "zod";
import type { PluginSpec } from "../../protocol/config.ts";
import { description } from "../../protocol/description.ts";
import { handshakeCodes } from "../../protocol/error.ts";
import type { RpcError } from "../../protocol/error.ts";
import { configInvalidData, incompatibleProtocolData } from "../../protocol/plugin.ts";
import type { ActivateParams, InitializeParams } from "../../protocol/plugin.ts";
import type { StartFailure } from "../../protocol/state.ts";
import { negotiateProtocol, protocolRange } from "../../protocol/range.ts";
import type { Unmet } from "../../protocol/version.ts";
import { mostCalls } from "../core/fair-window.ts";
import type { Peer, Unanswered } from "../wire/peer.ts";
import { unmetContract } from "./pinned.ts";
import { agreeOn } from "./agreement.ts";
import type { Agreement } from "./agreement.ts";
import { unmetNeed } from "./services/grants.ts";
import { checkSettings } from "./settings/settings.ts";

export type { Agreement } from "./agreement.ts";

/** `failure` is null when the stream ended first: the process's exit will say why. */
export type Handshake = { readonly ok: true; readonly agreement: Agreement } | Refused;
export type Activation = { readonly ok: true } | Refused;
type Refused = { readonly ok: false; readonly failure: StartFailure | null };

export interface Dialect {
  initialize(peer: Peer, spec: PluginSpec, generation: number): Promise<Handshake>;
  activate(peer: Peer, spec: PluginSpec, agreement: Agreement, dataDir: string): Promise<Activation>;
  /** Only to a plugin that has the capability. `failure` is null when nobody knows whether it took it. */
  configure(peer: Peer, spec: PluginSpec, agreement: Agreement): Promise<Activation>;
  /** Resolves when the plugin has finished what was in flight, or can not answer any more. */
  shutdown(peer: Peer, ms: number): Promise<void>;
  exit(peer: Peer): void;
  /** A message of ours as it may be kept in a report: configurations hold passwords. */
  withoutSecrets(direction: "in" | "out", body: Buffer): Buffer;
  /** Whether the plugin is alive; only for plugins that offer it. */
  ping(peer: Peer, ms: number): Promise<boolean>;
}

/** The session has a timer of its own for each step; how long a plugin may be silent is said for calls. */
const patient = { idleTimeout: Infinity };

export function bulkheadDialect(host: { name: string; version: string }): Dialect {
  return {
    async initialize(peer, spec, generation) {
      const params: InitializeParams = {
        protocol: protocolRange,
        host,
        plugin: spec.id,
        generation,
        apis: spec.apis.map(({ name, range }) => ({ name, range })),
        services: [...spec.services],
        limits: {
          frameBytes: spec.limits.frameBytes,
          depth: spec.limits.depth,
          inFlight: mostCalls(spec.limits.inFlight),
        },
      };
      const outcome = await peer.request("initialize", params, patient);
      if (outcome.settlement !== "answered") return unsent(outcome);
      if (outcome.error !== undefined) return { ok: false, failure: refused("initialize", outcome.error) };
      return agree(outcome.result, spec);
    },

    async activate(peer, spec, agreement, dataDir) {
      const checked = checkSettings(agreement.description.config, spec.config);
      if (!checked.ok) return checked;
      const params: ActivateParams = { apis: [...agreement.apis], config: { ...checked.config }, dataDir };
      const outcome = await peer.request("activate", params, patient);
      if (outcome.settlement !== "answered") return unsent(outcome);
      return outcome.error === undefined
        ? { ok: true }
        : { ok: false, failure: refused("activate", outcome.error) };
    },

    async configure(peer, spec, agreement) {
      const checked = checkSettings(agreement.description.config, spec.config);
      if (!checked.ok) return checked;
      const params = { config: { ...checked.config } };
      const outcome = await peer.request("configure", params, {
        ...patient,
        totalTimeout: spec.timeouts.handshakeMs,
      });
      if (outcome.settlement !== "answered") return unsent(outcome);
      return outcome.error === undefined
        ? { ok: true }
        : { ok: false, failure: refused("configure", outcome.error) };
    },

    async shutdown(peer, ms) {
      await peer.request("shutdown", { ms }, patient);
    },

    exit(peer) {
      peer.notify("exit");
    },

    withoutSecrets(direction, body) {
      const params = body.indexOf(',"params":');
      const envelope = body.subarray(0, params);
      const holdsConfig =
        envelope.includes('"method":"activate"') || envelope.includes('"method":"configure"');
      return direction === "out" && holdsConfig ? envelope : body;
    },

    async ping(peer, ms) {
      const outcome = await peer.request("ping", {}, { ...patient, totalTimeout: ms });
      // A plugin that is leaving is not hung; its exit is on the way.
      return outcome.settlement === "answered" || outcome.cause !== "timeout";
    },
  };
}

/** What is too large never was sent; any other reason is the exit's to tell. */
function unsent({ cause }: Unanswered): Refused {
  if (cause !== "too_large") return { ok: false, failure: null };
  const message = "what it is to be told does not fit into limits.frame";
  return { ok: false, failure: { code: "config_invalid", message } };
}

/** An answer to `initialize` is small: whoever describes itself in more than this is wrong. */
const largestDescription = 1024 * 1024;

function agree(result: Buffer, spec: PluginSpec): Handshake {
  if (result.length > largestDescription) {
    return bad(
      "bad_description",
      `described itself in ${result.length} bytes; ${largestDescription} are allowed`,
    );
  }
  const raw: unknown = JSON.parse(result.toString("utf8"));
  // The version first: a plugin of another protocol may describe itself in another shape.
  const spoken = z.object({ protocol: z.int() }).safeParse(raw);
  if (spoken.success) {
    const version = spoken.data.protocol;
    const failure = protocolMismatch({ min: version, max: version });
    if (failure !== null) return { ok: false, failure };
  }
  const parsed = description.safeParse(raw);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const where = issue === undefined ? "" : ` at /${issue.path.map(String).join("/")}: ${issue.message}`;
    return bad("bad_description", `its answer to initialize does not fit${where}`);
  }
  const agreed = agreeOn(parsed.data, spec.apis);
  if (agreed.ok) {
    const failure = unmetNeed(spec, parsed.data) ?? unmetContract(spec.contracts, agreed.agreement);
    return failure === null ? agreed : { ok: false, failure };
  }
  return bad("incompatible_api", agreed.unmet.map(explain).join("; "), { unmet: agreed.unmet });
}

function explain(unmet: Unmet): string {
  const found = unmet.offered.length === 0 ? "does not offer it" : `offers ${unmet.offered.join(", ")}`;
  const cure =
    unmet.upgrade === "plugin"
      ? "upgrade the plugin"
      : "the plugin is newer than its users: upgrade them, or install an older plugin";
  return `api ${unmet.name}: ${unmet.range} is required, the plugin ${found} (${cure})`;
}

function protocolMismatch(theirs: { min: number; max: number }): StartFailure | null {
  const agreed = negotiateProtocol(protocolRange, theirs);
  if (agreed.ok) return null;
  const cure =
    agreed.upgrade === "theirs" ? "upgrade the plugin (rebuild it with a newer SDK)" : "upgrade Bulkhead";
  return {
    code: "incompatible_protocol",
    message: `the plugin speaks protocol ${span(theirs)}, this supervisor ${span(protocolRange)}: ${cure}`,
    detail: { plugin: theirs, supervisor: protocolRange },
  };
}

const span = ({ min, max }: { min: number; max: number }): string =>
  min === max ? `${min}` : `${min} to ${max}`;

function refused(step: "initialize" | "activate" | "configure", error: RpcError): StartFailure {
  if (error.code === handshakeCodes.incompatibleProtocol) {
    const theirs = incompatibleProtocolData.safeParse(error.data);
    const failure = theirs.success ? protocolMismatch(theirs.data) : null;
    if (failure !== null) return failure;
    return {
      code: "incompatible_protocol",
      message: `the plugin refused protocol ${span(protocolRange)}: ${error.message}`,
    };
  }
  if (error.code === handshakeCodes.configInvalid) {
    const data = configInvalidData.safeParse(error.data);
    const path = data.success ? data.data.path : undefined;
    return {
      code: "config_invalid",
      message: path === undefined ? error.message : `${path}: ${error.message}`,
      ...(path === undefined ? {} : { detail: { path } }),
    };
  }
  const message = `answered ${step} with error ${error.code}: ${error.message}`;
  return { code: step === "configure" ? "config_invalid" : "handshake_failed", message };
}

function bad(
  code: "bad_description" | "incompatible_api",
  message: string,
  detail?: Record<string, unknown>,
): Handshake {
  return { ok: false, failure: { code, message, ...(detail === undefined ? {} : { detail }) } };
}
