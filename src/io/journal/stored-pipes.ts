/** The tables behind `PipeTable`, in the worker thread. */
import type { DatabaseSync } from "node:sqlite";
import type { PipeRow } from "./pipes.ts";
import type { Columns } from "./rows.ts";

const everyPipe = "SELECT * FROM pipes JOIN pipe_progress USING (id)";

export class StoredPipes {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** Of what they join; the rest is small. */
  get bytes(): number {
    return Number(this.#database.prepare("SELECT total(octet_length(params)) AS n FROM pipes").get()?.["n"]);
  }

  list(): PipeRow[] {
    return this.#database.prepare(`${everyPipe} ORDER BY created_at, id`).all().map(pipeRow);
  }

  add({ id, createdAt, source, sink, params, progress }: PipeRow): void {
    this.#database
      .prepare("INSERT OR REPLACE INTO pipe_progress (id, progress) VALUES (?, ?)")
      .run(id, progress);
    this.#database
      .prepare("INSERT OR REPLACE INTO pipes (id, created_at, source, sink, params) VALUES (?, ?, ?, ?, ?)")
      .run(id, createdAt, source, sink, params);
  }

  /** Whether there is such a pipe. */
  save(id: string, progress: string): boolean {
    const update = this.#database.prepare("UPDATE pipe_progress SET progress = ? WHERE id = ?");
    return Number(update.run(progress, id).changes) > 0;
  }

  delete(id: string): void {
    this.#database.prepare("DELETE FROM pipes WHERE id = ?").run(id);
    this.#database.prepare("DELETE FROM pipe_progress WHERE id = ?").run(id);
  }

  /** What another file still gives, row by row; throws where it is damaged. */
  takeOver(from: DatabaseSync): void {
    for (const row of from.prepare(everyPipe).iterate()) this.add(pipeRow(row));
  }
}

function pipeRow(row: Columns): PipeRow {
  return {
    id: String(row["id"]),
    createdAt: Number(row["created_at"]),
    source: String(row["source"]),
    sink: String(row["sink"]),
    params: String(row["params"]),
    progress: String(row["progress"]),
  };
}
