/** The daemon of `bulkhead dev`: in this process, with a directory of its own, followed like any other daemon. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { LogLine, SupervisorEvent } from "../../../protocol/state.ts";
import { Client } from "../../client/client.ts";
import { runDaemon } from "../../daemon/daemon.ts";
import { statePaths } from "../../io/paths.ts";
import { watchFile } from "../../io/watch.ts";
import { watchSources } from "./sources.ts";
import type { DevTarget } from "./target.ts";
import { callWords, crashLines, isAwaited, nothingSeen, readyLine, replacedLine, step } from "./words.ts";
import type { News, Seen, Tone } from "./words.ts";
import { messageOf } from "../../text/message.ts";
import type { Output } from "../output.ts";
import { packageVersion } from "../package.ts";
import { terminalLine } from "../../text/sanitize.ts";

/** Runs until it is stopped by a signal. @throws BulkheadError what kept the daemon from starting */
export async function runDev(target: DevTarget, out: Output): Promise<void> {
  const directory = mkdtempSync(path.join(tmpdir(), "bulkhead-dev-"));
  // Another daemon's places, and this one must not be found in them. What they were is remembered for what is said.
  const hadSocket = Boolean(process.env["BULKHEAD_SOCKET"]);
  delete process.env["BULKHEAD_SOCKET"];
  const { runtimeDir, socket } = statePaths({ flag: directory, env: process.env });
  const remove = (): void => {
    for (const each of [directory, runtimeDir]) rmSync(each, { recursive: true, force: true });
  };
  // Also when a second Ctrl-C does not wait for the plugin.
  process.once("exit", remove);
  // Of a terminal that is closed. To a daemon it means something else.
  process.on("SIGHUP", () => process.kill(process.pid, "SIGTERM"));

  const configFile = path.join(directory, "bulkhead.toml");
  writeFileSync(configFile, target.config);
  const there = hadSocket ? `--socket ${socket}` : `--state-dir ${directory}`;
  let following: Promise<void> = Promise.resolve();
  await runDaemon({
    configFile,
    stateDir: directory,
    override: target.override,
    ready: () => {
      out.note(
        `dev: ${target.id}; Ctrl-C stops it. From another terminal: bulkhead ${there} status ${target.id}`,
      );
      const follower = new Follower(target, out, `bulkhead ${there}`);
      following = follower.run(socket).catch((error: unknown) => out.note(messageOf(error)));
    },
  });
  await following;
  out.note("stopped");
}

class Follower {
  readonly #target: DevTarget;
  readonly #out: Output;
  /** How to reach this daemon from elsewhere. */
  readonly #command: string;
  #seen: Seen = nothingSeen;
  /** One line after the other, however long the daemon is asked about one of them. */
  #telling: Promise<unknown> = Promise.resolve();
  /** Restarts that were asked for here, and not yet told of as an operator's. */
  #restarts = 0;
  /** Said once already. */
  #callWords: string | undefined;

  constructor(target: DevTarget, out: Output, command: string) {
    this.#target = target;
    this.#out = out;
    this.#command = command;
  }

  /** Until the daemon leaves. */
  async run(socket: string): Promise<void> {
    const { manifest } = this.#target;
    using client = await Client.connect({ socket, name: "bulkhead dev", version: packageVersion() });
    const { problems } = await client.control("config.show");
    if (problems.length > 0)
      this.#queue(() => this.#say("bad", ["the configuration is wrong:", ...problems]));
    const never = new AbortController().signal;
    const logs = client.follow("log.read", {}, (line) => this.#queue(() => this.#log(line)), never);
    // From the beginning: the plugin was started before anybody could listen.
    const onEvent = (event: SupervisorEvent): void => this.#queue(() => this.#event(client, event));
    const events = client.follow("event.read", { since: 0 }, onEvent, never);
    const watches = manifest === null ? [] : this.#watch(client, manifest);
    await Promise.allSettled([logs, events]);
    for (const watch of watches) watch.close();
    await this.#telling;
  }

  #watch(client: Client, manifest: string): { close(): void }[] {
    return [
      watchFile(manifest, () => void this.#reload(client)),
      watchSources(
        path.dirname(manifest),
        this.#target.executable,
        (files) => void this.#restart(client, files),
      ),
    ];
  }

  #queue(tell: () => unknown): void {
    this.#telling = this.#telling.then(tell).catch((error: unknown) => this.#say("bad", [messageOf(error)]));
  }

  #log(line: LogLine): void {
    const out = this.#out;
    if (out.json) return out.value(line);
    // The lives are told of in other words.
    if (line.kind === "border") return;
    const level = line.level === undefined ? "" : `${line.level}: `;
    out.line(out.style("dim", terminalLine(`  | ${level}${line.text}`)));
  }

  async #event(client: Client, event: SupervisorEvent): Promise<void> {
    if (this.#out.json) return this.#out.value(event);
    if (event.type === "operator.action" && this.#restarts > 0) {
      this.#restarts--;
      return;
    }
    const [seen, news] = step(this.#seen, event);
    this.#seen = seen;
    for (const each of news) await this.#tell(client, each);
  }

  async #tell(client: Client, news: News): Promise<void> {
    const { id: plugin } = this.#target;
    switch (news.kind) {
      case "line":
        return this.#say(news.tone, [news.text]);
      case "ready": {
        const described = await client.describe(plugin);
        this.#say("good", [readyLine(plugin, news.life, news.ms, described)]);
        const words = callWords(plugin, described);
        if (words === undefined || words === this.#callWords) return;
        this.#callWords = words;
        return this.#say("plain", [`call it from another terminal: ${this.#command} ${words}`]);
      }
      case "replaced": {
        const { timeouts } = await client.control("plugin.status", { plugin });
        return this.#say("good", [replacedLine(news, timeouts?.drainMs ?? Infinity)]);
      }
      case "crash": {
        const report = await client.control("crash.get", { id: news.report }).catch(() => undefined);
        const lines = report === undefined ? [`crashed: ${news.summary}`] : crashLines(report, news);
        if (report !== undefined && isAwaited(report)) return this.#say("plain", lines);
        return this.#say("bad", [...lines, `report: ${this.#command} crashes ${news.report}`]);
      }
      default:
        return news satisfies never;
    }
  }

  /** A headline, and what belongs to it. */
  #say(tone: Tone, [first = "", ...more]: readonly string[]): void {
    if (this.#out.json) return;
    const { style } = this.#out;
    const styles = { good: "green", bad: "red", plain: "reset" } as const;
    this.#out.line(style(styles[tone], terminalLine(first)));
    for (const each of more) this.#out.line(terminalLine(`  ${each}`));
  }

  /** The daemon's own problems with the file are told as they are; the process that runs is not touched by them. */
  async #reload(client: Client): Promise<void> {
    try {
      const { changed, errors } = await client.control("config.reload");
      if (errors.length > 0)
        this.#queue(() => this.#say("bad", ["plugin.toml is wrong, nothing changes:", ...errors]));
      else if (changed.length > 0)
        this.#queue(() => this.#say("plain", ["plugin.toml changed: it takes effect"]));
    } catch (error) {
      this.#queue(() => this.#say("bad", [messageOf(error)]));
    }
  }

  async #restart(client: Client, files: readonly string[]): Promise<void> {
    const root = path.dirname(this.#target.manifest ?? "");
    const names = files.map((file) => path.relative(root, file));
    this.#queue(() => this.#say("plain", [`changed: ${names.join(", ")}`]));
    this.#restarts++;
    // That it does not start is told by an event, with a report.
    await client.control("plugin.restart", { plugin: this.#target.id, rolling: true }).catch(() => undefined);
  }
}
