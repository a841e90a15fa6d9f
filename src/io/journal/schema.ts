/** The journal's tables. A change of them is a new version and a step that leads there. */
import type { DatabaseSync } from "node:sqlite";

/** Steps from version n to n + 1; `PRAGMA user_version` says how many of them a file has had. */
const steps: readonly string[] = [
  // AUTOINCREMENT: a position is never used again, not even after retention deleted its row.
  `CREATE TABLE events (
     seq INTEGER PRIMARY KEY AUTOINCREMENT,
     at INTEGER NOT NULL,
     type TEXT NOT NULL,
     plugin TEXT,
     body TEXT NOT NULL
   );
   CREATE INDEX events_by_plugin ON events (plugin, seq);
   CREATE TABLE crashes (
     id TEXT PRIMARY KEY,
     plugin TEXT NOT NULL,
     at INTEGER NOT NULL,
     durable INTEGER NOT NULL,
     body TEXT NOT NULL
   );
   CREATE INDEX crashes_by_time ON crashes (at);
   CREATE INDEX crashes_by_plugin ON crashes (plugin, at);
   CREATE TABLE plugins (
     id TEXT PRIMARY KEY,
     generation INTEGER NOT NULL,
     restarts INTEGER NOT NULL,
     disabled INTEGER NOT NULL,
     failures TEXT NOT NULL,
     attempt INTEGER NOT NULL
   ) WITHOUT ROWID;
   CREATE TABLE descriptions (
     saved INTEGER PRIMARY KEY AUTOINCREMENT,
     sha256 TEXT NOT NULL UNIQUE,
     body TEXT NOT NULL
   );`,
  // The sums are kept beside the values, so that a limit costs no look at all of them.
  `CREATE TABLE storage (
     plugin TEXT NOT NULL,
     key TEXT NOT NULL,
     value TEXT NOT NULL,
     PRIMARY KEY (plugin, key)
   );
   CREATE TABLE storage_use (
     plugin TEXT PRIMARY KEY,
     keys INTEGER NOT NULL,
     bytes INTEGER NOT NULL
   ) WITHOUT ROWID;`,
  // Progress is written with each item, what is joined only once.
  `CREATE TABLE pipes (
     id TEXT PRIMARY KEY,
     created_at INTEGER NOT NULL,
     source TEXT NOT NULL,
     sink TEXT NOT NULL,
     params TEXT NOT NULL
   );
   CREATE TABLE pipe_progress (
     id TEXT PRIMARY KEY,
     progress TEXT NOT NULL
   );`,
  // Beside the counters, so that a crash and who may have caused it are one transaction.
  `ALTER TABLE plugins ADD COLUMN quarantine TEXT;`,
  `CREATE TABLE owner (
     one INTEGER PRIMARY KEY CHECK (one = 1),
     pid INTEGER NOT NULL,
     started TEXT NOT NULL
   );`,
];

const schemaVersion = steps.length;

/** The file was written by a later version of this program. */
export class NewerSchemaError extends Error {
  constructor(found: number) {
    super(`it has schema version ${found}, and this program knows versions up to ${schemaVersion}`);
  }
}

/** Brings a file of any known version, or an empty one, to the current schema. */
export function migrate(database: DatabaseSync): void {
  const found = Number(database.prepare("PRAGMA user_version").get()?.["user_version"] ?? 0);
  if (found > schemaVersion) throw new NewerSchemaError(found);
  for (const [index, step] of steps.entries()) {
    if (index < found) continue;
    database.exec(`BEGIN IMMEDIATE; ${step} PRAGMA user_version = ${index + 1}; COMMIT`);
  }
}
