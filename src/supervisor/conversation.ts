/** What is said between a session and its process: handshake, calls, farewell, and the recording of it all. */
import type { PluginSpec } from "../../protocol/config.ts";
import type { LostCall, RecordedMessage } from "../../protocol/state.ts";
import type { SessionEvent } from "../core/session-state.ts";
import type { PluginProcess } from "../io/process/plugin-process.ts";
import type { Deadlines } from "../wire/deadlines.ts";
import { Peer } from "../wire/peer.ts";
import type { Outcome } from "../wire/peer.ts";
import type { RouteOptions, Settle } from "./call.ts";
import { refusal } from "./call.ts";
import type { Agreement, Dialect } from "./dialect.ts";
import { Recorder } from "./recorder.ts";
import { settlementOf } from "./settlement.ts";
import type { Ending } from "./settlement.ts";

/** When too many calls have been given up: how long the plugin has to answer their cancellation. Milliseconds. */
const doubtMs = 2000;
/** How long a ping may take that checks on a plugin after a call timed out. Milliseconds. */
const pingMs = 5000;
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
}

export class Conversation {
  readonly #options: ConversationOptions;
  readonly #recorder = new Recorder();
  readonly #peer: Peer;
  #agreement: Agreement | null = null;
  /** The handshake is over: nothing that goes to the plugin from here on is the supervisor's to hide. */
  #agreed = false;
  #ended = false;
  #pinging = false;
  #doubting: NodeJS.Timeout | undefined;
  #saidDrained = false;
  #ending: Ending | null = null;

  constructor({ stdin, stdout }: PluginProcess, options: ConversationOptions) {
    const { spec, deadlines, dialect, onEvent, onNoise, onEnd } = options;
    const { inFlight, frameBytes, depth } = spec.limits;
    this.#options = options;
    this.#peer = new Peer({
      input: stdout,
      output: stdin,
      deadlines,
      limits: { frameBytes, depth, callsInFlight: inFlight + ownCalls, queueBytes: 2 * frameBytes },
      noise: "tolerate",
      holdOnEnd: true,
      onNoise: (bytes) => onNoise(bytes.toString("utf8")),
      onViolation: ({ reason, detail }) => onEvent({ type: "violation", reason, detail }),
      onAbandoned: () => this.#doubt(),
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
        const shown = this.#agreed ? body : dialect.withoutSecrets(direction, body);
        this.#recorder.record(direction, shown, bytes, performance.now());
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
  call(method: string, params: Buffer | undefined, options: RouteOptions, settle: Settle): void {
    const { id, limits, timeouts } = this.#options.spec;
    if (this.#peer.inFlight >= limits.inFlight) {
      settle(refusal("plugin_busy", `${id} has ${limits.inFlight} calls in flight already`));
      return;
    }
    const { signal, onProgress, idleTimeout = timeouts.callMs, totalTimeout } = options;
    const ctx = totalTimeout === undefined ? undefined : Buffer.from(`{"ms":${Math.round(totalTimeout)}}`);
    this.#peer.call(method, params, { signal, onProgress, idleTimeout, totalTimeout, ctx }, (outcome) =>
      this.#settled(method, outcome, settle),
    );
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
          onEvent({ type: "initialized" });
        } else if (answer.failure !== null) onEvent({ type: "start_failed", failure: answer.failure });
        return;
      }
      case "activate": {
        if (this.#agreement === null) return;
        const answer = await dialect.activate(this.#peer, spec, this.#agreement, dataDir);
        this.#agreed = true;
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

  /** Writes what is queued and closes the plugin's stdin. */
  closeInput(): void {
    void this.#peer.end();
  }

  /** The calls that nobody has answered and nobody has given up. */
  lostCalls(): LostCall[] {
    const now = performance.now();
    return [...this.#peer.pendingCalls()]
      .filter(({ abandoned, method }) => !abandoned && method.includes("."))
      .map(({ method, sent, startedAt }) => ({
        method,
        settlement: sent ? "maybe_executed" : "not_sent",
        ageMs: Math.round(now - startedAt),
      }));
  }

  /** The last messages in both directions. */
  messages(): RecordedMessage[] {
    return this.#recorder.messages(performance.now());
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

/** It asks and asks, and takes no answer. */
function doesNotRead(queuedBytes: number): SessionEvent {
  const detail = `${queuedBytes} bytes of answers were waiting for it`;
  return { type: "violation", reason: "does_not_read", detail };
}
