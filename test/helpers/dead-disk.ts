/** A file system that does not answer: FUSE which nobody serves. Whoever looks at a file of it waits until it is released. */
import { spawn, spawnSync } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";

const mount =
  'exec 3<>/dev/fuse && mount -i -t fuse -o fd=3,rootmode=40000,user_id=0,group_id=0 none "$1" 2>/dev/null';

/** As root on Linux, where containers allow it. */
export const canMount =
  process.platform === "linux" &&
  process.getuid?.() === 0 &&
  spawnSync("unshare", ["--mount", "sh", "-c", mount, "sh", "/mnt"]).status === 0;

export class DeadDisk {
  readonly #holder: ChildProcess;

  private constructor(holder: ChildProcess) {
    this.#holder = holder;
  }

  /** Over what is in the directory. Goes with this process, whatever becomes of it. */
  static async over(directory: string): Promise<DeadDisk> {
    const script = `${mount} && echo mounted && cat; umount -l "$1"`;
    const holder = spawn("sh", ["-c", script, "sh", directory], { stdio: ["pipe", "pipe", "inherit"] });
    await once(holder.stdout, "data");
    return new DeadDisk(holder);
  }

  /** Those who wait are told that there is nobody, and what is below can be seen again. */
  async release(): Promise<void> {
    if (this.#holder.exitCode !== null) return;
    this.#holder.stdin?.end();
    await once(this.#holder, "exit");
  }
}
