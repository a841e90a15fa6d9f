/** The daemon's own methods, one entry for each name in protocol/control.ts. */
import { access, control } from "../../protocol/control.ts";
import type { ControlMethod, ControlParams } from "../../protocol/control.ts";
import type { ControlResults } from "../../protocol/control-results.ts";
import { BulkheadError } from "../../protocol/error.ts";
import { nearest } from "../../protocol/nearest.ts";
import type { CrashReport, SupervisorEvent } from "../../protocol/state.ts";
import type { SettingsChange } from "../io/config/settings-file.ts";
import type { Supervisor } from "../supervisor/supervisor.ts";
import type { ClientServices } from "./client-services.ts";
import { Gate } from "./gate.ts";
import { followLogs, readLogs } from "./logs.ts";
import { follow } from "./stream.ts";
import type { PluginConfigurations } from "./plugin-settings.ts";
import type { PluginTrust } from "./plugin-trust.ts";
import type { Stream } from "./stream.ts";

/** What only the daemon as a whole can answer. */
export interface DaemonItself {
  status(): ControlResults["daemon.status"];
  doctor(): Promise<ControlResults["daemon.doctor"]>;
  showConfig(): ControlResults["config.show"];
  reload(): Promise<ControlResults["config.reload"]>;
  readonly configurations: PluginConfigurations;
  readonly trust: PluginTrust;
  configure(plugin: string, change: SettingsChange): Promise<ControlResults["plugin.configure"]>;
  acceptTrust(plugin: string, sha256: string | undefined): Promise<ControlResults["trust.accept"]>;
  removeTrust(plugin: string): Promise<ControlResults["trust.remove"]>;
  /** Resolves when every plugin has stopped; the daemon leaves after that. */
  stop(): Promise<void>;
}

type Methods = {
  [M in Exclude<ControlMethod, "hello">]: (
    params: ControlParams<M>,
    stream: Stream,
    client: ClientServices,
  ) => ControlResults[M] | Promise<ControlResults[M]>;
};

const onePlugin = control["plugin.describe"];
const readersAtOnce = 2;
const recent = 1000;
/** Of one answer, in bytes; a report holds up to 200 lines of stderr. */
const longestList = 16 * 1024 * 1024;

export class ControlMethods {
  readonly #methods: Methods;
  readonly #supervisor: Supervisor;

  constructor(supervisor: Supervisor, daemon: DaemonItself) {
    this.#supervisor = supervisor;
    const { journal } = supervisor;
    const gate = new Gate(readersAtOnce);
    // These start processes and read whole files: whoever may only look must not keep the daemon busy with it.
    const costly = new Gate(1);
    this.#methods = {
      "daemon.status": () => daemon.status(),
      "daemon.stop": () => daemon.stop(),
      "daemon.doctor": (_params, { signal }, client) => costly.run(client, signal, () => daemon.doctor()),

      "plugin.list": () => supervisor.list(),
      "plugin.stats": (params) => supervisor.stats(params?.plugin),
      "plugin.status": ({ plugin }) => detail(supervisor, plugin),
      "plugin.start": ({ plugin }) => supervisor.start(plugin),
      "plugin.stop": ({ plugin }) => supervisor.stop(plugin),
      "plugin.restart": ({ plugin, rolling }) => supervisor.restart(plugin, { rolling: rolling === true }),
      "plugin.enable": ({ plugin }) => supervisor.enable(plugin),
      "plugin.disable": ({ plugin }) => supervisor.disable(plugin),
      "plugin.wait": (params, stream) => wait(supervisor, params, stream),
      "plugin.describe": ({ plugin }) => supervisor.describe(plugin),
      "plugin.settings": ({ plugin }) => daemon.configurations.show(plugin),
      "plugin.configure": ({ plugin, set = {}, unset = [] }) => daemon.configure(plugin, { set, unset }),
      "plugin.template": ({ plugin }) => daemon.configurations.template(plugin),

      "trust.list": (_params, { signal }, client) =>
        costly.run(client, signal, () => daemon.trust.list(signal)),
      "trust.accept": ({ plugin, sha256 }) => daemon.acceptTrust(plugin, sha256),
      "trust.remove": ({ plugin }) => daemon.removeTrust(plugin),

      "log.read": async (params, stream, client) => {
        const past = () => gate.run(client, stream.signal, () => readLogs(supervisor, params));
        if (params.follow !== true) return past();
        await followLogs(supervisor, params, past, stream);
        return [];
      },
      "crash.list": (params, { signal }, client) =>
        gate.run(client, signal, () => listCrashes(supervisor, params ?? {})),
      "crash.get": async ({ id }) => {
        const found = await journal.findCrash(id);
        const [report] = found;
        if (report === undefined)
          throw BulkheadError.of("crash_not_found", `no crash report begins with ${id}`);
        if (found.length > 1) {
          const detail = { choices: found.slice(0, 20).map((each) => each.id) };
          throw BulkheadError.of("crash_not_found", `${found.length} crash reports begin with ${id}`, {
            detail,
          });
        }
        return report;
      },
      "quarantine.list": (params) => supervisor.quarantine.list(params?.plugin),
      "quarantine.release": (params) => supervisor.quarantine.release("all" in params ? null : params.id),
      "event.read": async (params, stream, client) => {
        const { plugin, since, limit = recent, follow: follows = false } = params ?? {};
        const past = (most: number) =>
          gate.run(client, stream.signal, () => journal.events({ plugin, since, limit: most }));
        if (!follows) return past(limit);
        await followEvents(supervisor, params ?? {}, past, stream);
        return [];
      },

      "event.publish": ({ event, params }) => supervisor.publish(event, params),
      "service.provide": ({ service }, _stream, client) => client.provide(service),
      "service.withdraw": ({ service }, _stream, client) => client.withdraw(service),
      "service.list": () => supervisor.provided.list(),
      "action.list": (params) => supervisor.actions(params?.plugin),

      "pipe.create": (params) => supervisor.pipes.create(params),
      "pipe.list": () => supervisor.pipes.list(),
      "pipe.pause": ({ pipe }) => supervisor.pipes.pause(pipe),
      "pipe.resume": ({ pipe, skip }) => supervisor.pipes.resume(pipe, { skip }),
      "pipe.remove": ({ pipe }) => supervisor.pipes.remove(pipe),

      "config.show": () => daemon.showConfig(),
      "config.reload": () => daemon.reload(),
    };
  }

  /** @throws BulkheadError `method_not_found`, `invalid_params`, `read_only`, and whatever the method itself throws. */
  async call(
    method: string,
    raw: unknown,
    stream: Stream,
    client: ClientServices,
    readOnly: boolean,
  ): Promise<unknown> {
    if (!isMethod(method)) {
      const near = nearest(method, Object.keys(control));
      const meant = near === undefined ? "" : `; did you mean ${near}?`;
      throw BulkheadError.of("method_not_found", `the daemon has no method ${method}${meant}`);
    }
    if (readOnly && access[method] === "change") {
      throw BulkheadError.of("read_only", `${method} is refused: this connection is read-only`);
    }
    const params = control[method].safeParse(raw);
    if (!params.success) {
      const issue = params.error.issues[0];
      const path = `/${issue?.path.map(String).join("/") ?? ""}`;
      throw BulkheadError.of("invalid_params", `${method}: ${path}: ${issue?.message}`, { path });
    }
    if (readOnly && access[method] === "describe") await this.#mustBeKnown(params.data);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- schema and method stand under the same name
    const run = this.#methods[method] as (params: unknown, stream: Stream, client: ClientServices) => unknown;
    return run(params.data, stream, client);
  }

  /** Finding out would start it. */
  async #mustBeKnown(params: unknown): Promise<void> {
    const { plugin } = onePlugin.parse(params);
    if (await this.#supervisor.isDescribed(plugin)) return;
    const message = `${plugin} has not described itself yet, and a read-only connection does not start it`;
    throw BulkheadError.of("read_only", message);
  }
}

function isMethod(name: string): name is keyof Methods {
  return Object.hasOwn(control, name) && name !== "hello";
}

function detail(supervisor: Supervisor, name: string): ControlResults["plugin.status"] {
  const status = supervisor.status(name);
  const { id } = status;
  // An entry that can not be run has no more to show than what is wrong with it.
  if (!supervisor.ids().includes(id)) return status;
  const { args, cwd, apis, aliases, services, calls, restart, timeouts, limits } = supervisor.spec(id);
  return {
    ...status,
    args,
    cwd,
    required: apis,
    aliases,
    granted: { services, calls },
    restart,
    timeouts,
    limits,
    isolation: { ...supervisor.isolation },
    dataDir: supervisor.dataDir(id),
  };
}

async function wait(
  supervisor: Supervisor,
  params: ControlParams<"plugin.wait">,
  { signal }: Stream,
): Promise<ControlResults["plugin.wait"]> {
  const { plugin, until, timeoutMs } = params;
  const limit = timeoutMs === undefined ? signal : AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  try {
    return await supervisor.wait(plugin, until, limit);
  } catch (error) {
    if (!limit.aborted || signal.aborted) throw error;
    const { state, why } = supervisor.status(plugin);
    throw BulkheadError.of(
      "timeout",
      `${plugin} is not ${until} after ${timeoutMs} ms; it is ${state}: ${why}`,
    );
  }
}

function followEvents(
  supervisor: Supervisor,
  { plugin, since, limit }: NonNullable<ControlParams<"event.read">>,
  past: (most: number) => Promise<SupervisorEvent[]>,
  stream: Stream,
): Promise<void> {
  const isOfPlugin = (event: SupervisorEvent): boolean =>
    plugin === undefined || ("plugin" in event && event.plugin === plugin);
  const wantsPast = since !== undefined || limit !== undefined;
  return follow<SupervisorEvent>(
    { ...stream, item: tellerOf(stream) },
    (listener) => supervisor.subscribe((event) => isOfPlugin(event) && listener(event)),
    async () => (wantsPast ? past(limit ?? 10_000) : []),
    (known) => (event) => event.seq === 0 || event.seq > (known.at(-1)?.seq ?? since ?? 0),
  );
}

/**
 * What has no position is told to those who keep up: a plugin that emits as fast as it can costs nobody the connection. How
 * many were left out is told before the next one.
 */
function tellerOf({ item, offer }: Stream): (event: SupervisorEvent) => void {
  let dropped = 0;
  return (event) => {
    const notice: SupervisorEvent = { type: "events.dropped", count: dropped, seq: 0, at: event.at };
    if (dropped > 0 && offer(notice)) dropped = 0;
    if (event.seq !== 0) item(event);
    else if (dropped > 0 || !offer(event)) dropped++;
  };
}

/** Reports, newest first, as many as fit well into one message. */
async function listCrashes(
  supervisor: Supervisor,
  { plugin, limit = recent }: NonNullable<ControlParams<"crash.list">>,
): Promise<CrashReport[]> {
  let bytes = 0;
  const reports = await supervisor.journal.crashes({ plugin, limit });
  return reports.filter((report) => (bytes += JSON.stringify(report).length) < longestList);
}
