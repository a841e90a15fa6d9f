/** Which toolchains are there. */
import { execFile } from "node:child_process";
import type { Language, Tool } from "./languages.ts";

export interface FoundTool {
  readonly name: string;
  readonly ok: boolean;
  /** Null: it is not there, or does not say. */
  readonly version: string | null;
  /** What is wrong, and what to do; null: nothing. */
  readonly problem: string | null;
}

/** A program that takes longer to say its version is none to build with; milliseconds. */
const patience = 10_000;

/** All of them, in the table's order. */
export function findTools({ tools }: Language): Promise<FoundTool[]> {
  return Promise.all(tools.map(find));
}

async function find({ name, probe, oldest, advice }: Tool): Promise<FoundTool> {
  const said = await output(probe);
  if (said === null) return { name, ok: false, version: null, problem: `${name} is not there: ${advice}` };
  const [version, major, minor] = /(\d+)\.(\d+)[\w.+-]*/.exec(said) ?? [];
  if (version === undefined || oldest === undefined || isAtLeast([Number(major), Number(minor)], oldest))
    return { name, ok: true, version: version ?? null, problem: null };
  return { name, ok: false, version, problem: `${name} ${version} is too old: ${advice}` };
}

function isAtLeast(found: readonly [number, number], oldest: readonly [number, number]): boolean {
  return found[0] === oldest[0] ? found[1] >= oldest[1] : found[0] > oldest[0];
}

/** Null: it can not be run, or fails. */
function output([program, ...args]: Tool["probe"]): Promise<string | null> {
  return new Promise((resolve) => {
    execFile(program, args, { timeout: patience }, (error, stdout, stderr) =>
      resolve(error === null ? stdout + stderr : null),
    );
  });
}
