/** What is said between a session and its process: handshake, calls, farewell, and the recording of it all. */
import type { PluginSpec } from "../../protocol/config.ts";
import { BulkheadError } from "../../protocol/error.ts";
import type { JsonSchema } from "../../protocol/description.ts";
import type { RecordedMessage } from "../../protocol/state.ts";
import type { SessionEvent } from "../core/session-state.ts";
import { withoutSecrets } from "../core/message-head.ts";
import type { PluginProcess } from "../io/process/plugin-process.ts";
import type { Deadlines } from "../wire/deadlines.ts";
import { mayCall, mostCalls } from "../core/fair-window.ts";
import { origin } from "../core/lineage.ts";
import { mayHoldSecrets } from "../core/redact.ts";
import type { Lost } from "../core/report.ts";
import { Peer } from "../wire/peer.ts";
import type { IncomingRequest, Outcome, JsonText, PendingCall } from "../wire/peer.ts";
import type { RoutedCall, RouteOptions, Settle } from "./call.ts";
import { endedCall, refusal } from "./call.ts";
import type { Activation, Agreement, Dialect } from "./dialect.ts";
import { plainParams } from "./plain-params.ts";
import { notGranted } from "./services/grants.ts";
import { Recorder } from "./recorder.ts";
import { ServedCalls } from "./services/served.ts";
import { settlementOf } from "./settlement.ts";
import { Shares } from "./shares.ts";
import type { Share } from "./shares.ts";
import type { Ending } from "./settlement.ts";

/** When too many calls have been given up: how long the plugin has to answer their cancellation. Milliseconds. */
const doubtMs = 2000;
/** How long a ping may take that checks on a plugin after a call timed out. Milliseconds. */
const pingMs = 5000;
/** For the params of calls in flight, which a report tells. */
const keptBytes = 8 * 1024 * 1024;
/** Pieces of stray output, of at most 4 KiB each, that wait to be told. */
const mostStrays = 64;
/** Handshake, ping and shutdown need room beside the calls. */
const ownCalls = 8;

export interface ConversationOptions {
  readonly spec: PluginSpec;
  readonly generation: number;
  readonly dialect: Dialect;
  readonly deadlines: Deadlines;
  readonly dataDir: string;
  readonly onEvent: (event: SessionEvent) => void;
  /** Text on stdout that is no message. */
  readonly onNoise: (text: string) => void;
  /** Nothing more comes from stdout. */
  readonly onEnd: () => void;
  /** The plugin asks its host for something; `served`: the calls that it is serving. */
  readonly onRequest: (request: IncomingRequest, served: ServedCalls) => void;
}

export class Conversation {
  readonly #options: ConversationOptions;
  readonly #recorder = new Recorder();
  readonly #peer: Peer;
  /** Only of a plugin that may call its host. */
  readonly #served: ServedCalls | null;
  readonly #shares = new Shares();
  #agreement: Agreement | null = null;
  #takesBulk = false;
  /** A configuration may be on its way to the plugin, and is for no report. */
  #hiding = true;
  /** From here on it may call its host. */
  #activating = false;
  #ended = false;
  #pinging = false;
  #doubting: NodeJS.Timeout | undefined;
  #saidDrained = false;
  #ending: Ending | null = null;
  readonly #strays: string[] = [];
  #droppedBytes = 0;

  constructor({ stdin, stdout }: PluginProcess, options: ConversationOptions) {
    const { spec, deadlines, dialect, onEvent, onEnd } = options;
    const { inFlight, frameBytes, depth } = spec.limits;
    const callsInFlight = mostCalls(inFlight) + ownCalls;
    this.#options = options;
    this.#served = spec.services.length === 0 ? null : new ServedCalls(() => deadlines.now());
    this.#peer = new Peer({
      input: stdout,
      output: stdin,
      deadlines,
      idleTimeout: spec.timeouts.callMs,
      limits: { frameBytes, depth, callsInFlight, queueBytes: 2 * frameBytes, keptBytes },
      noise: "tolerate",
      ownsInput: true,
      busy: BulkheadError.of("plugin_busy", "too many requests to the host are open already").toRpc(),
      holdOnEnd: true,
      onNoise: (bytes) => this.#stray(bytes),
      onViolation: ({ reason, detail }) => onEvent({ type: "violation", reason, detail }),
      onAbandoned: () => this.#doubt(),
      onLateAnswer: (id) => {
        this.#served?.forget(id);
        this.#shares.forget(id);
      },
      onRequest: (request) => this.#requested(request),
      // It can not be reached any more: its exit is on the way, or it is as good as gone.
      onOutputFailed: () => onEvent({ type: "stream_ended", stream: "stdin" }),
      onEnd: (end) => {
        this.#ended = true;
        onEnd();
        onEvent(
          end.kind === "overflow" ? doesNotRead(end.queuedBytes) : { type: "stream_ended", stream: "stdout" },
        );
      },
      onMessage: (direction, body, bytes) => {
        const shown = this.#hiding ? dialect.withoutSecrets(direction, body) : body;
        this.#recorder.record(direction, shown, bytes, deadlines.latest);
      },
    });
  }

  /** What the handshake agreed on, once it has. */
  get agreement(): Agreement | null {
    return this.#agreement;
  }

  /** Nothing comes from the plugin any more. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Calls without an answer, those given up on included. */
  get inFlight(): number {
    return this.#peer.inFlight;
  }

  /** Makes a call of a method that stands in the agreement. */
  call(method: string, params: JsonText | undefined, options: RouteOptions, settle: Settle): RoutedCall {
    const { id, limits } = this.#options.spec;
    const { lineage = origin } = options;
    const { inFlight } = this.#peer;
    // What others wait for is nobody's share: it has a reserve of its own.
    const share = lineage.hops === 0 ? this.#shares.of(options.client) : null;
    if (
      share === null
        ? inFlight >= mostCalls(limits.inFlight)
        : !mayCall(limits.inFlight, share.calls, inFlight)
    ) {
      settle(refusal("plugin_busy", busy(id, inFlight, share)));
      return endedCall;
    }
    if (options.data !== undefined && !this.#takesBulk) {
      const text = plainParams(method, params ?? "{}", options.data, limits.frameBytes);
      if (Buffer.isBuffer(text)) return this.call(method, text, { ...options, data: undefined }, settle);
      settle(text);
      return endedCall;
    }
    const { totalTimeout, credit } = options;
    const bulk = options.bulk === true && this.#takesBulk;
    const ctx = contextOf(totalTimeout, credit, lineage.hops, bulk);
    // Most calls say nothing that the plugin is to be told: nothing is made anew for them.
    const bounded = ctx === undefined && options.bulk !== true ? options : { ...options, ctx, bulk };
    const served = this.#served;
    if (share !== null) share.calls++;
    const call = this.#peer.call(method, params, bounded, (outcome) => {
      served?.settled(call.id, outcome);
      if (share !== null) this.#shares.settled(share, call.id, outcome);
      this.#settled(method, outcome, settle);
    });
    served?.add(call.id, { ...lineage, deadlineAt: this.#deadlineOf(totalTimeout) });
    return call;
  }

  #deadlineOf(totalTimeout = Infinity): number {
    return this.#options.deadlines.now() + totalTimeout;
  }

  #requested(request: IncomingRequest): void {
    if (this.#served !== null && this.#activating) this.#options.onRequest(request, this.#served);
    else request.fail(notYet(this.#options.spec.id, request.method, this.#activating).error);
  }

  /** A protocol message of the session's machine. Its answer comes back as an event. */
  async send(message: "initialize" | "activate" | "shutdown" | "exit"): Promise<void> {
    try {
      await this.#send(message);
    } catch (error) {
      // A configuration that an embedding program made, and that has no JSON form.
      const failure = {
        code: "config_invalid",
        message: `${message} can not be sent: ${String(error)}`,
      } as const;
      this.#options.onEvent({ type: "start_failed", failure });
    }
  }

  async #send(message: "initialize" | "activate" | "shutdown" | "exit"): Promise<void> {
    const { dialect, spec, generation, dataDir, onEvent } = this.#options;
    switch (message) {
      case "initialize": {
        const answer = await dialect.initialize(this.#peer, spec, generation);
        if (answer.ok) {
          this.#agreement = answer.agreement;
          this.#takesBulk = answer.agreement.description.capabilities?.bulk === true;
          onEvent({ type: "initialized" });
        } else if (answer.failure !== null) onEvent({ type: "start_failed", failure: answer.failure });
        return;
      }
      case "activate": {
        if (this.#agreement === null) return;
        this.#activating = true;
        const answer = await dialect.activate(this.#peer, spec, this.#agreement, dataDir);
        this.#hiding = false;
        if (answer.ok) onEvent({ type: "activated" });
        else if (answer.failure !== null) onEvent({ type: "start_failed", failure: answer.failure });
        return;
      }
      case "shutdown":
        await dialect.shutdown(this.#peer, spec.timeouts.drainMs);
        this.#saidDrained = true;
        this.#checkDrained();
        return;
      case "exit":
        dialect.exit(this.#peer);
        return;
    }
  }

  /** Hands over another configuration, while it serves. */
  async configure(spec: PluginSpec): Promise<Activation> {
    const { dialect } = this.#options;
    if (this.#agreement === null) return { ok: false, failure: null };
    this.#hiding = true;
    try {
      const answer = await dialect.configure(this.#peer, spec, this.#agreement);
      // What has not been answered may still wait to be written.
      this.#hiding = !answer.ok && answer.failure === null;
      return answer;
    } catch (error) {
      const message = `configure can not be sent: ${String(error)}`;
      return { ok: false, failure: { code: "config_invalid", message } };
    }
  }

  /** Writes what is queued and closes the plugin's stdin. */
  closeInput(): void {
    void this.#peer.end();
  }

  /** The calls that nobody has answered and nobody has given up. */
  lostCalls(): Lost[] {
    const now = performance.now();
    return [...this.#peer.pendingCalls()]
      .filter(({ abandoned, method }) => !abandoned && method.includes("."))
      .map(({ method, sent, startedAt, kept, params, bytes, dataBytes }) => ({
        method,
        settlement: sent ? "maybe_executed" : "not_sent",
        ageMs: Math.round(now - startedAt),
        about: { kept, params, bytes, dataBytes, schema: this.#paramsOf(method) },
      }));
  }

  /** What it had been sent of its methods and had not answered, whether anybody still waited for that or not. */
  unanswered(): PendingCall[] {
    const methods = this.#agreement?.methods;
    return [...this.#peer.pendingCalls()].filter(({ sent, method }) => sent && methods?.has(method) === true);
  }

  /** The last messages in both directions. */
  messages(): RecordedMessage[] {
    const isSecretive = (method: string): boolean => mayHoldSecrets(this.#paramsOf(method));
    return this.#recorder.messages(performance.now()).map((message) => withoutSecrets(message, isSecretive));
  }

  #paramsOf(method: string): JsonSchema | undefined {
    const { apis = [] } = this.#agreement?.description ?? {};
    // Of a method, or of an event that it is told.
    const described = this.#agreement?.methods.get(method);
    if (described !== undefined) return described.params;
    for (const { name, events = [] } of apis) {
      const found = events.find((each) => `${name}.${each.name}` === method);
      if (found !== undefined) return found.params;
    }
    return undefined;
  }

  /** Settles what was in flight when it ended, and closes both streams. */
  settleLost(ending: Ending): void {
    this.#ending = ending;
    clearTimeout(this.#doubting);
    this.#peer.settleLost();
    this.#peer.destroy();
  }

  #settled(method: string, outcome: Outcome, settle: Settle): void {
    settle(settlementOf(this.#options.spec.id, method, outcome, this.#ending));
    if (outcome.settlement !== "answered" && outcome.cause === "timeout") void this.#suspect();
    if (this.#saidDrained) this.#checkDrained();
  }

  /** A plugin that answers `shutdown` too early still has the time that it was given for its calls. */
  #checkDrained(): void {
    if (this.#peer.inFlight === this.#peer.abandoned) this.#options.onEvent({ type: "drained" });
  }

  /** One piece in each turn, so that whoever floods shares the event loop; what is over the bound is only counted. */
  #stray(bytes: Buffer): void {
    if (this.#strays.length >= mostStrays) {
      this.#droppedBytes += bytes.length;
      return;
    }
    // A view would keep the whole chunk alive.
    this.#strays.push(bytes.toString("utf8"));
    if (this.#strays.length === 1) setImmediate(this.#tellStray);
  }

  readonly #tellStray = (): void => {
    const text = this.#strays.shift();
    if (text !== undefined) this.#options.onNoise(text);
    if (this.#strays.length > 0) {
      setImmediate(this.#tellStray);
    } else if (this.#droppedBytes > 0) {
      this.#options.onNoise(`… ${this.#droppedBytes} bytes more`);
      this.#droppedBytes = 0;
    }
  };

  /** Half of the window is taken by calls that nobody waits for. A client that left may be all there is to it. */
  #doubt(): void {
    if (!this.#isFull()) return;
    this.#doubting ??= setTimeout(() => {
      this.#doubting = undefined;
      const detail = `${this.#peer.abandoned} calls were given up and not answered`;
      if (this.#isFull()) this.#options.onEvent({ type: "hung", detail });
    }, doubtMs);
  }

  #isFull(): boolean {
    return this.#peer.abandoned * 2 >= this.#options.spec.limits.inFlight;
  }

  /** A call timed out: the plugin may be slow with it, or dead to the world. */
  async #suspect(): Promise<void> {
    if (this.#pinging || this.#agreement?.description.capabilities?.ping !== true) return;
    this.#pinging = true;
    const isAlive = await this.#options.dialect.ping(this.#peer, pingMs);
    this.#pinging = false;
    if (isAlive) return;
    const detail = `a call timed out, and a ping was not answered for ${pingMs / 1000} s`;
    this.#options.onEvent({ type: "hung", detail });
  }
}

/** What the plugin is told about a call. */
function contextOf(
  ms: number | undefined,
  credit: number | undefined,
  hops: number,
  bulk: boolean,
): Buffer | undefined {
  if (ms === undefined && credit === undefined && hops === 0 && !bulk) return undefined;
  const context = {
    ms: ms === undefined ? undefined : Math.round(ms),
    credit,
    hops: hops === 0 ? undefined : hops,
    bulk: bulk ? true : undefined,
  };
  return Buffer.from(JSON.stringify(context));
}

function busy(plugin: string, inFlight: number, share: Share | null): string {
  const whose = share === null || share.calls === inFlight ? "" : `, ${share.calls} of them of this client`;
  return `${plugin} has ${inFlight} calls in flight already${whose}`;
}

/** Of a plugin that was granted nothing, or that calls before it is told what it may call. */
function notYet(plugin: string, method: string, activating: boolean) {
  return activating
    ? notGranted(plugin, method)
    : refusal("invalid_request", `${plugin} called ${method} before it was activated`);
}

/** It asks and asks, and takes no answer. */
function doesNotRead(queuedBytes: number): SessionEvent {
  const detail = `${queuedBytes} bytes of answers were waiting for it`;
  return { type: "violation", reason: "does_not_read", detail };
}
