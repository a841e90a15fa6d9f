/** One TOML file as plain data, with the means to say where each key stands. */
import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { parse, TomlDate, TomlError } from "smol-toml";
import { keyPositions, type KeyPath } from "./position.ts";
import { firstProblems, problemAt, type ConfigProblem, type Section } from "./problem.ts";
import { kindOf } from "../process/file-kind.ts";

export type TomlFile =
  | {
      readonly ok: true;
      readonly table: Readonly<Record<string, unknown>>;
      readonly section: Section;
      readonly text: string;
    }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] };

/** The daemon parses nothing larger than this. */
const largestFile = 1024 ** 2;

/** What goes to plugins and clients is JSON, and is refused beyond this. A dotted key is a level for each of its parts. */
const deepest = 90;

/** Never throws: what is wrong comes as a problem. Values are as smol-toml gives them; see `plainData`. */
export async function readToml(file: string): Promise<TomlFile> {
  const refuse = (message: string, line?: number, column?: number): TomlFile => ({
    ok: false,
    problems: [{ file, line, column, key: "", message }],
  });
  let bytes: Buffer | string;
  try {
    bytes = await readWhole(file);
  } catch (error) {
    bytes = `cannot be read: ${reasonOf(error)}`;
  }
  if (typeof bytes === "string") return refuse(bytes);
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    const table = parse(text);
    if (isDeeper(table, deepest)) return refuse(`is nested deeper than ${deepest} levels`);
    return { ok: true, table, section: { file, find: keyPositions(text), path: [] }, text };
  } catch (error) {
    if (!(error instanceof TomlError)) return refuse("must be UTF-8 text");
    // Its message goes on with a block of source lines; the position says the same in less space.
    const reason = /^Invalid TOML document: (.*)$/m.exec(error.message)?.[1] ?? error.message;
    return refuse(`is not valid TOML: ${reason}`, error.line, error.column);
  }
}

/** Without recursion: it could be a million levels. */
function isDeeper(table: object, levels: number): boolean {
  let level: object[] = [table];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > levels) return true;
    level = level.flatMap((each) =>
      Object.values(each).filter((member): member is object => typeof member === "object" && member !== null),
    );
  }
  return false;
}

/** The content, or what is wrong. Reads what was looked at, no more of it than is allowed, and waits for no writer. */
async function readWhole(file: string): Promise<Buffer | string> {
  // Not blocking: opening a FIFO would wait for its writer, for ever and in one of the few threads of the pool.
  const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stats = await handle.stat();
    if (!stats.isFile()) return `cannot be read: it is ${kindOf(stats)}, not a file`;
    // The size is no bound: the file may be growing, and those of /proc say 0.
    const buffer = Buffer.allocUnsafe(largestFile + 1);
    let length = 0;
    for (let read = -1; read !== 0 && length < buffer.length; length += read) {
      read = (await handle.read(buffer, length, buffer.length - length)).bytesRead;
    }
    return length > largestFile ? "is too large: larger than 1 MiB" : buffer.subarray(0, length);
  } finally {
    await handle.close();
  }
}

/**
 * The value as JSON could carry it, because it goes to plugins and clients: dates become strings, and numbers that
 * JSON does not have are problems. So is a key that JavaScript would take for something else.
 */
export function plainData(
  value: unknown,
  section: Section,
): { value: unknown; problems: readonly ConfigProblem[] } {
  const problems: ConfigProblem[] = [];
  const plain = (each: unknown, at: KeyPath): unknown => {
    if (each instanceof TomlDate) return each.toISOString();
    if (Array.isArray(each)) return each.map((element, index) => plain(element, [...at, index]));
    if (typeof each === "number" && !Number.isFinite(each)) {
      problems.push(problemAt(section, at, `found ${each}, must be a finite number`));
    }
    if (typeof each !== "object" || each === null) return each;
    const members = Object.entries(each).map(([key, member]) => {
      if (key === "__proto__") problems.push(problemAt(section, [...at, key], "is not allowed as a key"));
      return [key, plain(member, [...at, key])] as const;
    });
    return Object.fromEntries(members);
  };
  return { value: plain(value, []), problems: firstProblems(problems) };
}

const reasons: Record<string, string> = {
  ENOENT: "there is no such file",
  EACCES: "permission denied",
  ENXIO: "it is a socket, not a file",
  ENOTDIR: "a part of its path is not a directory",
  ELOOP: "its symbolic links lead in a circle",
};

export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = "code" in error ? String(error.code) : "";
  return reasons[code] ?? error.message;
}
