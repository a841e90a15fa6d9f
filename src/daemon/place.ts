/** The daemon's place in its state directory: the lock and the sockets, which somebody may remove while it runs. */
import { BulkheadError } from "../../protocol/error.ts";
import { acquireLock } from "../io/lock.ts";
import type { HeldLock } from "../io/lock.ts";
import { ensurePrivateDir } from "../io/paths.ts";
import type { StatePaths } from "../io/paths.ts";
import type { Listener } from "../io/socket.ts";
import { inUse } from "../supervisor/state-lock.ts";

/** Listens at one of the daemon's sockets. */
type Open = () => Promise<Listener>;

export class Place {
  readonly #paths: StatePaths;
  #lock: HeldLock;
  readonly #doors: { readonly open: Open; listener: Listener }[] = [];

  private constructor(paths: StatePaths, lock: HeldLock) {
    this.#paths = paths;
    this.#lock = lock;
  }

  /** @throws BulkheadError `already_running`, `state_unusable` */
  static take(paths: StatePaths): Place {
    return new Place(paths, lockIn(paths));
  }

  /** @throws BulkheadError `already_running`, `state_unusable`, `usage` */
  async listen(...all: readonly Open[]): Promise<void> {
    try {
      for (const open of all) this.#doors.push({ open, listener: await open() });
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /**
   * Puts back what was removed: without the lock a second daemon may come up, and without the socket nobody reaches this
   * one. Resolves to what that was.
   *
   * @throws BulkheadError `already_running`: another daemon has taken the place. `state_unusable`: it can not be put back.
   */
  async restore(): Promise<("lock" | "socket")[]> {
    const restored: ("lock" | "socket")[] = [];
    if (!this.#lock.isInPlace()) {
      const removed = this.#lock;
      this.#lock = lockIn(this.#paths);
      removed.release();
      restored.push("lock");
    }
    for (const door of this.#doors) {
      const removed = door.listener;
      if (await removed.isInPlace()) continue;
      door.listener = await door.open();
      await removed.close();
      restored.push("socket");
    }
    return restored;
  }

  /** Takes no more clients. */
  async close(): Promise<void> {
    await Promise.all(this.#doors.splice(0).map(({ listener }) => listener.close()));
  }

  release(): void {
    this.#lock.release();
  }
}

function lockIn(paths: StatePaths): HeldLock {
  ensurePrivateDir(paths.stateDir);
  ensurePrivateDir(paths.runtimeDir);
  const lock = acquireLock(paths.lock, { pid: process.pid });
  if (lock.ok) return lock;
  throw BulkheadError.of("already_running", inUse(paths.stateDir, lock.holder?.pid));
}
