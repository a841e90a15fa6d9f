/** Programs in a real terminal, which is tmux: typed at, and read as a person sees them. */
import { execFile, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";

/** In CI nothing is skipped: there it fails, and says what is missing. */
export const withoutTerminal =
  process.env["CI"] === undefined && spawnSync("tmux", ["-V"]).error !== undefined;
if (withoutTerminal) process.stderr.write("skipped, for want of tmux: what needs a terminal\n");

export interface TerminalOptions {
  readonly columns?: number;
  readonly rows?: number;
  readonly cwd?: string;
  /** All of it, beside PATH and what tmux sets. */
  readonly env?: Readonly<Record<string, string>>;
}

/** What is waited for: a text on the screen, or something about its lines. */
export type Sight = string | RegExp | ((lines: readonly string[]) => boolean);

/** Nobody waits longer, milliseconds. A hang fails with the last screen in the message, before the test's own time is over. */
const patience = 25_000;
/** Between two looks, milliseconds. */
const pace = 20;

const run = promisify(execFile);
let opened = 0;

export class Terminal implements AsyncDisposable {
  readonly #server: string;
  readonly #directory: string;

  private constructor(server: string, directory: string) {
    this.#server = server;
    this.#directory = directory;
  }

  /** Starts a program in a terminal of its own; nothing of the user's tmux is read or touched. */
  static async open(command: readonly string[], options: TerminalOptions = {}): Promise<Terminal> {
    const { columns = 80, rows = 24, cwd, env = {} } = options;
    opened += 1;
    const directory = mkdtempSync(path.join(tmpdir(), "bulkhead-terminal-"));
    const terminal = new Terminal(`bulkhead-${process.pid}-${opened}`, directory);
    const variables = { PATH: process.env["PATH"] ?? "", TERM: "tmux-256color", LANG: "C.UTF-8", ...env };
    const assignments = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
    await terminal.#tmux(
      ["start-server"],
      // The last screen and the exit status can be read after the end.
      ["set-option", "-g", "remain-on-exit", "on"],
      ["set-option", "-g", "status", "off"],
      // OSC 52 is taken, and ends in a buffer.
      ["set-option", "-s", "set-clipboard", "on"],
      ["set-option", "-s", "escape-time", "0"],
      ["new-session", "-d", "-x", `${columns}`, "-y", `${rows}`, "-c", cwd ?? directory, "cat"],
      ["pipe-pane", "-O", `cat > '${terminal.#record}'`],
      // Only now, so that the record has all of it.
      [
        "respawn-pane",
        "-k",
        "-c",
        cwd ?? directory,
        "env",
        "-i",
        ...assignments,
        "sh",
        "-c",
        `trap : INT QUIT TERM HUP; "$@"; echo $? > '${terminal.#status}'`,
        "sh",
        ...command,
      ],
    );
    return terminal;
  }

  get #status(): string {
    return path.join(this.#directory, "status");
  }

  get #record(): string {
    return path.join(this.#directory, "record");
  }

  /** Keys by tmux's names (`Enter`, `Escape`, `C-d`, `BTab`, `Up`) or single characters. */
  async press(...keys: readonly string[]): Promise<void> {
    await this.#tmux(["send-keys", "-t", ":", ...keys.map((key) => (key === ";" ? "\\;" : key))]);
  }

  /** Characters as they are. */
  async type(text: string): Promise<void> {
    // A trailing `;` would end tmux's command.
    await this.#tmux(["send-keys", "-t", ":", "-l", text.replace(/;$/, "\\;")]);
  }

  /** As a terminal pastes it: bracketed, if the program asked for that. */
  async paste(text: string): Promise<void> {
    await this.#tmux(["set-buffer", "-b", "paste", text], ["paste-buffer", "-p", "-r", "-b", "paste"]);
  }

  /** The lines as they are seen, without trailing spaces. */
  async screen(): Promise<string[]> {
    return linesOf(await this.#tmux(["capture-pane", "-p", "-t", ":"]));
  }

  /** The same with escape sequences for colours and the like, as tmux makes them of its cells. */
  async styled(): Promise<string[]> {
    return linesOf(await this.#tmux(["capture-pane", "-p", "-e", "-t", ":"]));
  }

  /** Every byte that the program wrote. */
  written(): string {
    return readFileSync(this.#record, "latin1");
  }

  /** What the program put into the clipboard last. */
  copied(): Promise<string> {
    return this.#tmux(["show-buffer"]);
  }

  /** What tmux knows of the pane: `pane_title`, `cursor_flag`, `alternate_on` … */
  async fact(name: string): Promise<string> {
    return (await this.#tmux(["display-message", "-p", "-t", ":", `#{${name}}`])).trimEnd();
  }

  async resize(columns: number, rows: number): Promise<void> {
    await this.#tmux(["resize-window", "-t", ":", "-x", `${columns}`, "-y", `${rows}`]);
  }

  /** Resolves with the screen as soon as that is seen. A terminal tells nobody that it has changed, so it is looked at. */
  until(sight: Sight, what = String(sight)): Promise<string[]> {
    return this.#until(() => this.screen(), sight, what);
  }

  /** The same with colours and the like. */
  untilStyled(sight: Sight, what = String(sight)): Promise<string[]> {
    return this.#until(() => this.styled(), sight, what);
  }

  /** Resolves with the exit status of the program. */
  async ended(): Promise<number> {
    const deadline = performance.now() + patience;
    for (;;) {
      // tmux itself may never learn it: it loses the race of the terminal's end with that of the program.
      const status = existsSync(this.#status) ? readFileSync(this.#status, "utf8") : "";
      if (status.endsWith("\n") && (await this.fact("pane_dead")) === "1") return Number(status);
      if (performance.now() > deadline) throw new Error(`it goes on:\n${framed(await this.screen())}`);
      await pause(pace);
    }
  }

  /** The program's process. */
  async pid(): Promise<number> {
    const { stdout } = await run("pgrep", ["-P", await this.fact("pane_pid")]);
    return Number(stdout.trim());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tmux(["kill-server"]).catch(() => undefined);
    rmSync(this.#directory, { recursive: true, force: true });
  }

  async #until(look: () => Promise<string[]>, sight: Sight, what: string): Promise<string[]> {
    const deadline = performance.now() + patience;
    for (;;) {
      const lines = await look();
      if (isSeen(sight, lines)) return lines;
      if (performance.now() > deadline) throw new Error(`not seen: ${what}\n${framed(lines)}`);
      await pause(pace);
    }
  }

  async #tmux(...commands: readonly (readonly string[])[]): Promise<string> {
    const args = commands.flatMap((command, at) => (at === 0 ? command : [";", ...command]));
    const { stdout } = await run("tmux", ["-u", "-L", this.#server, "-f", "/dev/null", ...args], {
      env: { ...process.env, LC_ALL: "C.UTF-8" },
    });
    return stdout;
  }
}

function isSeen(sight: Sight, lines: readonly string[]): boolean {
  if (typeof sight === "function") return sight(lines);
  const text = lines.join("\n");
  return typeof sight === "string" ? text.includes(sight) : sight.test(text);
}

function linesOf(capture: string): string[] {
  const lines = capture.split("\n").map((line) => line.trimEnd());
  return lines.slice(0, -1);
}

function framed(lines: readonly string[]): string {
  return lines.map((line) => `| ${line}`).join("\n");
}
