import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FilePoller, fingerprint, watchFile } from "../../src/io/watch.ts";

let dir: string;
let file: string;
let poller: FilePoller;
let changes: number;
const count = () => {
  changes += 1;
};

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "watch-"));
  file = join(dir, "sub", "plugin");
  poller = new FilePoller(undefined);
  changes = 0;
});

afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
});

/** As many looks as it takes to see a change and that it is over. */
async function look(): Promise<number> {
  await poller.tick();
  await poller.tick();
  return changes;
}

function create(content = "one"): void {
  mkdirSync(join(dir, "sub"), { recursive: true });
  writeFileSync(file, content);
}

describe("a watched file", () => {
  it("is reported when it appears, its directory included", async () => {
    poller.watch(file, count);
    expect(await look()).toBe(0);
    create();
    expect(await look()).toBe(1);
    expect(await look()).toBe(1);
  });

  it.each<[string, () => void]>([
    ["written to", () => writeFileSync(file, "three")],
    ["touched", () => utimesSync(file, 1, 1)],
    ["made executable", () => chmodSync(file, 0o755)],
    [
      "replaced by rename",
      () => {
        writeFileSync(`${file}.new`, "two");
        utimesSync(`${file}.new`, 5, 5);
        renameSync(`${file}.new`, file);
      },
    ],
  ])("is reported when it is %s", async (_, change) => {
    create();
    utimesSync(file, 5, 5);
    poller.watch(file, count);
    expect(await look()).toBe(0);
    change();
    expect(await look()).toBe(1);
    expect(await look()).toBe(1);
  });

  it("is reported when it comes back as it was, not when it goes", async () => {
    create();
    poller.watch(file, count);
    renameSync(file, `${file}.away`);
    expect(await look()).toBe(0);
    renameSync(`${file}.away`, file);
    expect(await look()).toBe(1);
  });

  it("is reported once it is whole, not while it is being written", async () => {
    const since = fingerprint(file);
    await since;
    poller.watch(file, count, { since });
    create("o");
    await poller.tick();
    create("on");
    await poller.tick();
    create("one!");
    await poller.tick();
    expect(changes).toBe(0);
    await poller.tick();
    expect(changes).toBe(1);
  });

  it("is reported when it changed between the caller's own look and the watch", async () => {
    create();
    const since = fingerprint(file);
    await since;
    create("other");
    poller.watch(file, count, { since });
    expect(await look()).toBe(1);
  });

  it("whose file system does not answer keeps no other one from being looked at", async () => {
    const quick = new FilePoller(1);
    const dead = quick.watch(join(dir, "dead"), count, { since: new Promise(() => undefined) });
    const appeared = Promise.withResolvers<void>();
    const since = fingerprint(file);
    await since;
    const living = quick.watch(file, appeared.resolve, { since });
    create();
    await appeared.promise;
    dead.close();
    living.close();
    expect(changes).toBe(0);
  });

  it("is left alone after close, also by a look that is underway", async () => {
    create();
    const since = fingerprint(file);
    await since;
    const watch = poller.watch(file, count, { since });
    create("other");
    await poller.tick();
    const underway = poller.tick();
    watch.close();
    await underway;
    expect(await look()).toBe(0);
  });
});

it("the shared timer looks by itself", async () => {
  const quick = new FilePoller(1);
  const since = fingerprint(file);
  await since;
  const appeared = Promise.withResolvers<void>();
  const watch = quick.watch(file, appeared.resolve, { since });
  create();
  await appeared.promise;
  expect(await fingerprint(file)).not.toBe(await since);
  watch.close();
  // The one of the daemon is the same with a longer interval.
  watchFile(file, count).close();
});
