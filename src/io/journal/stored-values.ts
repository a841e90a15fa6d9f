/** The tables behind `PluginStorage`, in the worker thread. */
import type { DatabaseSync } from "node:sqlite";

const mostKeys = 10_000;
/** Of keys and values together. */
const mostBytes = 16 * 1024 * 1024;

export class StoredValues {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** Of all plugins. */
  get bytes(): number {
    return Number(this.#database.prepare("SELECT total(bytes) AS n FROM storage_use").get()?.["n"]);
  }

  get(plugin: string, key: string): string | null {
    const value = this.#database
      .prepare("SELECT value FROM storage WHERE plugin = ? AND key = ?")
      .get(plugin, key)?.["value"];
    return typeof value === "string" ? value : null;
  }

  /** Null, or which limit it would break. One transaction, so that the limit holds and the sums are true. */
  set(plugin: string, key: string, value: string): string | null {
    return this.#transaction(() => {
      const size = Buffer.byteLength(key) + Buffer.byteLength(value);
      const before = this.#sizeOf(plugin, key);
      const use = this.#database.prepare("SELECT keys, bytes FROM storage_use WHERE plugin = ?").get(plugin);
      const keys = Number(use?.["keys"] ?? 0) + (before === null ? 1 : 0);
      const bytes = Number(use?.["bytes"] ?? 0) + size - (before ?? 0);
      if (before === null && keys > mostKeys) return `${mostKeys} keys are stored already`;
      // What shrinks is let through, or a full storage could never get smaller by being rewritten.
      if (bytes > mostBytes && size > (before ?? 0))
        return `${mostBytes} bytes are stored already, or would be`;
      this.#database
        .prepare("INSERT OR REPLACE INTO storage (plugin, key, value) VALUES (?, ?, ?)")
        .run(plugin, key, value);
      this.#count(plugin, keys, bytes);
      return null;
    });
  }

  delete(plugin: string, key: string): boolean {
    return this.#transaction(() => {
      const size = this.#sizeOf(plugin, key);
      if (size === null) return false;
      this.#database.prepare("DELETE FROM storage WHERE plugin = ? AND key = ?").run(plugin, key);
      this.#database
        .prepare("UPDATE storage_use SET keys = keys - 1, bytes = bytes - ? WHERE plugin = ?")
        .run(size, plugin);
      return true;
    });
  }

  list(plugin: string, prefix: string, after: string, limit: number): string[] {
    // Texts are compared by their bytes, and no text has a byte of 0xff, so these are all that begin with the prefix.
    const rows = this.#database
      .prepare(
        `SELECT key FROM storage
         WHERE plugin = ?1 AND key > ?2 AND key >= ?3 AND key < CAST(CAST(?3 AS BLOB) || x'ff' AS TEXT)
         ORDER BY key LIMIT ?4`,
      )
      .all(plugin, after, prefix, limit);
    return rows.map((row) => String(row["key"]));
  }

  /** What another file still gives, row by row until it is damaged; returns how many. Its own limits were kept there. */
  takeOver(from: DatabaseSync): number {
    return this.#transaction(() => {
      const insert = this.#database.prepare(
        "INSERT OR IGNORE INTO storage (plugin, key, value) VALUES (?, ?, ?)",
      );
      let taken = 0;
      try {
        for (const row of from.prepare("SELECT plugin, key, value FROM storage").iterate()) {
          const { plugin, key, value } = row;
          if (typeof plugin !== "string" || typeof key !== "string" || typeof value !== "string") continue;
          if (isJson(value)) taken += Number(insert.run(plugin, key, value).changes);
        }
      } catch {
        // The damage begins here, or the file is from before there was such a table.
      }
      this.#database.exec(
        `INSERT OR REPLACE INTO storage_use (plugin, keys, bytes)
         SELECT plugin, count(*), sum(octet_length(key) + octet_length(value)) FROM storage GROUP BY plugin`,
      );
      return taken;
    });
  }

  #sizeOf(plugin: string, key: string): number | null {
    const size = this.#database
      .prepare(
        "SELECT octet_length(key) + octet_length(value) AS size FROM storage WHERE plugin = ? AND key = ?",
      )
      .get(plugin, key)?.["size"];
    return size === undefined ? null : Number(size);
  }

  #count(plugin: string, keys: number, bytes: number): void {
    this.#database
      .prepare("INSERT OR REPLACE INTO storage_use (plugin, keys, bytes) VALUES (?, ?, ?)")
      .run(plugin, keys, bytes);
  }

  #transaction<T>(act: () => T): T {
    this.#database.exec("BEGIN IMMEDIATE");
    try {
      const result = act();
      this.#database.exec("COMMIT");
      return result;
    } catch (error) {
      // Some errors, a full disk among them, roll back by themselves.
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      throw error;
    }
  }
}

/** What damage has left is sent on as it is, and must not be what ends a plugin's session. */
function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
