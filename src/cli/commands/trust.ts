import type { Accepted, TrustStatus } from "../../../protocol/control-results.ts";
import { BulkheadError } from "../../../protocol/error.ts";
import { table } from "../../text/columns.ts";
import { terminalLine } from "../../text/sanitize.ts";
import { about, examples } from "../context.ts";
import type { Context, Define } from "../context.ts";

interface Options {
  readonly all?: boolean;
  readonly sha256?: string;
  readonly remove?: boolean;
}

/** Of a hash in a table; `--json` has all of it. */
const shownDigits = 12;

export const define: Define = (command, context) => {
  examples(command, [
    ["bulkhead trust list", "each executable: its hash, what vouches for it, and what is wrong"],
    ["bulkhead trust min", "accept the file as it is now; from then on no other one is run"],
    ["bulkhead trust min --sha256 HEX", "only if it has the hash that you have seen"],
    ["bulkhead trust --all", "every plugin as it is now"],
    ["bulkhead trust min --remove", "forget what was accepted: any file is run again"],
  ])
    .argument("[plugins...]", "none, or list: show them")
    .option("--all", "every plugin that can be run")
    .option("--sha256 <hex>", "what the file has to be")
    .option("--remove", "take it out of bulkhead.lock")
    .action(async (named: string[], options: Options) => {
      const open = context();
      const isList = named.length === 0 || (named.length === 1 && named[0] === "list");
      if (isList && options.all !== true) {
        if (options.remove === true || options.sha256 !== undefined) throw usage("name the plugin");
        return list(open);
      }
      if (options.all === true && named.length > 0) throw usage("--all means every plugin: name none");
      const daemon = await open.daemon();
      const rows = options.all === true ? await daemon.control("trust.list") : [];
      const plugins = options.all === true ? rows.map(({ plugin }) => plugin) : named;
      if (options.sha256 !== undefined && plugins.length !== 1) throw usage("--sha256 is about one plugin");
      for (const plugin of plugins) await change(open, plugin, options);
    });
};

async function list(open: Context): Promise<void> {
  const { out } = open;
  const rows = await (await open.daemon()).control("trust.list");
  if (out.json) return out.value(rows);
  const cells = rows.map((row) => [
    row.plugin,
    row.sha256?.slice(0, shownDigits) ?? "",
    stateOf(row),
    row.accepted?.version ?? "",
    row.accepted?.at.slice(0, 10) ?? "",
  ]);
  for (const line of table(
    ["PLUGIN", "SHA-256", "TRUST", "VERSION", "ACCEPTED"],
    cells,
    out.style,
    out.width,
  ))
    out.line(line);
  for (const { plugin, problem } of rows) {
    if (problem === null) continue;
    out.note(`${out.styleTalk("red", "refused:")} ${terminalLine(`${plugin}: ${problem.message}`)}`);
  }
}

function stateOf({ problem, vouched, inPlace }: TrustStatus): string {
  if (problem !== null) return problem.code;
  if (vouched.length === 0) return "nothing vouches for it";
  return `${vouched.join(", ")}${inPlace ? " (in place)" : ""}`;
}

async function change(open: Context, plugin: string, { remove, sha256 }: Options): Promise<void> {
  const { out } = open;
  if (remove === true) {
    await about(open, plugin, (daemon) => daemon.control("trust.remove", { plugin }));
    if (out.json) out.value({ plugin, accepted: null });
    else out.line(`${plugin}: no longer in bulkhead.lock`);
    return;
  }
  const params = { plugin, ...(sha256 === undefined ? {} : { sha256 }) };
  const accepted = await about(open, plugin, (daemon) => daemon.control("trust.accept", params));
  if (out.json) return out.value(accepted);
  out.line(terminalLine(inWords(accepted)));
  const { previous, version } = accepted;
  if (previous === null || previous.sha256 === accepted.sha256) return;
  if (version === null || version !== previous.version) return;
  const same = `${plugin} is another file than before, and still calls itself version ${version}`;
  out.note(`${out.styleTalk("yellow", "warning:")} ${terminalLine(same)}`);
}

function inWords({ plugin, sha256, version, previous }: Accepted): string {
  const file = fileInWords({ sha256, version });
  if (previous === null) return `${plugin}: accepted ${file}`;
  if (previous.sha256 === sha256) return `${plugin}: accepted already, ${file}`;
  return `${plugin}: accepted ${file}; before: ${fileInWords(previous)}`;
}

function fileInWords({ sha256, version }: { sha256: string; version: string | null }): string {
  return `SHA-256 ${sha256}${version === null ? "" : `, version ${version}`}`;
}

function usage(message: string): BulkheadError {
  return BulkheadError.of("usage", message);
}
