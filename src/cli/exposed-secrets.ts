/** Secrets among plugins' settings, in files that everybody on this machine can read. */
import { realpath, stat } from "node:fs/promises";
import path from "node:path";
import { Client } from "../client/client.ts";
import { loadConfig } from "../io/config/config.ts";
import { settingKey } from "../io/config/origin.ts";

export interface ExposedSecret {
  readonly file: string;
  /** In a few words: the file, what stands in it, and its mode. */
  readonly message: string;
}

/** For a daemon that does not answer, milliseconds. */
const patience = 2000;
/** Only a plugin's schema says what is a secret. Where nobody knows that, a name like these will do for a warning. */
const telling = /passw|secret|token|credential|(?:api|private|access)[-_]?key|^key$/i;

/** One for each file. @param socket of the daemon, which knows the schemas; it need not run */
export async function exposedSecrets(configFile: string | null, socket: string): Promise<ExposedSecret[]> {
  if (configFile === null || process.platform === "win32") return [];
  const loaded = await loadConfig(configFile, { env: process.env });
  if (!loaded.ok) return [];
  const { plugins, origins } = loaded.config;
  const files = new Map<string, { readonly mode: number; readonly settings: [id: string, key: string][] }>();
  for (const { id, config } of plugins) {
    for (const key of Object.keys(config)) {
      const wanted = settingKey(id, key);
      const file = origins.find((each) => each.key === wanted)?.origin.replace(/:\d+$/, "");
      if (file === undefined) continue;
      const found = files.get(file) ?? { mode: await modeForAll(file), settings: [] };
      files.set(file, found);
      if (found.mode !== 0) found.settings.push([id, key]);
    }
  }
  const open = [...files].filter(([, { settings }]) => settings.length > 0);
  if (open.length === 0) return [];
  const ids = new Set(open.flatMap(([, { settings }]) => settings.map(([id]) => id)));
  const known = await knownSecrets([...ids], configFile, socket);
  return open.flatMap(([file, { mode, settings }]) => {
    const secret = settings.find(([id, key]) => known.get(id)?.has(key) ?? telling.test(key));
    if (secret === undefined) return [];
    const [id, key] = secret;
    const what = known.has(id) ? `the secret ${key} of ${id}` : `what looks like a secret, ${key} of ${id}`;
    return [{ file, message: `everybody can read ${file} (mode ${mode.toString(8)}): it holds ${what}` }];
  });
}

/** The file's mode; 0: it can not be read by everybody, or a directory above keeps them away. */
async function modeForAll(file: string): Promise<number> {
  try {
    const real = await realpath(file);
    const mode = (await stat(real)).mode & 0o777;
    if ((mode & 0o004) === 0) return 0;
    for (let at = path.dirname(real); ; at = path.dirname(at)) {
      if (((await stat(at)).mode & 0o001) === 0) return 0;
      if (at === path.dirname(at)) return mode;
    }
  } catch {
    return 0;
  }
}

/** Of each plugin that has described itself, the keys of its secrets. Nothing is started for it. */
async function knownSecrets(
  ids: readonly string[],
  configFile: string,
  socket: string,
): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const known = new Map<string, ReadonlySet<string>>();
  let client: Client | undefined;
  let timer: NodeJS.Timeout | undefined;
  try {
    // To look only: a plugin that has not described itself yet would be started otherwise.
    const signal = AbortSignal.timeout(patience);
    const daemon = await Client.connect({ socket, name: "bulkhead", readOnly: true, signal });
    client = daemon;
    timer = setTimeout(() => daemon.close(), patience);
    // Another daemon's plugins may be called the same.
    if ((await daemon.control("daemon.status")).configFile !== configFile) return known;
    for (const plugin of ids) {
      const view = await daemon.control("plugin.settings", { plugin }).catch(() => undefined);
      if (view === undefined || view.schema === null) continue;
      const secrets = view.settings.filter(({ type }) => type === "secret").map(({ key }) => key);
      known.set(plugin, new Set(secrets));
    }
  } catch {
    // None runs, or none that answers.
  } finally {
    clearTimeout(timer);
    client?.close();
  }
  return known;
}
