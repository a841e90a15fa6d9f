import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { event, failure, fixture, supervise } from "../helpers/supervisor.ts";

const directory = mkdtempSync(path.join(tmpdir(), "bulkhead-test-"));
afterAll(() => rmSync(directory, { recursive: true }));

const plugin = fileURLToPath(new URL("../fixtures/plugin/plugin.mjs", import.meta.url));

/** Puts another executable in the place of the file, as a build does. */
function build(file: string, source: string): void {
  writeFileSync(`${file}.new`, `#!${process.execPath}\n${source}\n`, { mode: 0o755 });
  renameSync(`${file}.new`, file);
}

const works = `import(${JSON.stringify(plugin)});`;

/** Calls, one after the other, until told to end; resolves to how many were answered. */
async function load(call: () => Promise<unknown>, until: Promise<unknown>): Promise<number> {
  const end = new AbortController();
  let answered = 0;
  void until.then(() => end.abort());
  while (!end.signal.aborted) {
    await call();
    answered++;
  }
  return answered;
}

describe("a rolling restart", () => {
  test("drops no call", async () => {
    const supervisor = await supervise({ one: fixture() });
    const before = await supervisor.wait("one", "ready");
    const rolled = (async () => {
      for (let round = 0; round < 3; round++) await supervisor.restart("one", { rolling: true });
    })();
    const callers = Array.from({ length: 8 }, () =>
      load(() => supervisor.call("one/fixture.echo", { n: 1 }), rolled),
    );
    const answered = await Promise.all(callers);
    expect(Math.min(...answered)).toBeGreaterThan(0);
    await rolled;
    const after = supervisor.status("one");
    expect(after).toMatchObject({ state: "serving", generation: 4, restarts: 0, lastCrash: null });
    expect(after.pid).not.toBe(before.pid);
    expect(after.calls.failed).toBe(0);
  });

  test("of what does not serve is an ordinary start", async () => {
    const supervisor = await supervise({ one: fixture() });
    await supervisor.stop("one");
    expect(await supervisor.restart("one", { rolling: true })).toMatchObject({ state: "serving" });
  });

  test("that fails says why, and the old process serves on", async () => {
    const command = path.join(directory, "broken");
    build(command, works);
    const supervisor = await supervise({ one: { command } });
    const { pid } = await supervisor.wait("one", "ready");
    build(command, "console.error('no such library'); process.exit(3);");
    const error = await failure(supervisor.restart("one", { rolling: true }));
    expect(error).toMatchObject({ code: "plugin_unavailable" });
    expect(error.message).toContain("still the old one");
    expect(supervisor.status("one")).toMatchObject({ state: "serving", pid });
    expect(await supervisor.call("one/fixture.echo", { n: 1 })).toEqual({ n: 1 });
  });

  test("of an exclusive plugin ends the old process first, and calls wait", async () => {
    const supervisor = await supervise({
      one: { ...fixture(), args: [...(fixture().args ?? []), "--exclusive"] },
    });
    await supervisor.wait("one", "ready");
    const left = event(
      supervisor,
      "session.state",
      ({ to, generation }) => to === "gone" && generation === 1,
    );
    const began = event(supervisor, "session.state", ({ generation }) => generation === 2);
    const rolled = supervisor.restart("one", { rolling: true });
    const waited = supervisor.call("one/fixture.echo", { n: 2 });
    expect((await left).seq).toBeLessThan((await began).seq);
    expect(await waited).toEqual({ n: 2 });
    expect(await rolled).toMatchObject({ state: "serving", generation: 2 });
  });
});

describe("a watched executable", () => {
  test("is replaced when it is built again, and a broken build leaves the old one serving", async () => {
    const command = path.join(directory, "watched");
    build(command, works);
    const supervisor = await supervise({ one: { command, watch: true } });
    await supervisor.wait("one", "ready");

    const replaced = event(
      supervisor,
      "session.state",
      ({ to, generation }) => to === "ready" && generation === 2,
    );
    build(command, `${works} // again`);
    await replaced;

    const failed = event(supervisor, "session.crash", ({ generation }) => generation === 3);
    build(command, "console.error('SyntaxError: of a kind'); process.exit(1);");
    expect(await failed).toMatchObject({ class: "transient" });
    expect(supervisor.status("one")).toMatchObject({ state: "serving", generation: 3 });
    expect(await supervisor.call("one/fixture.echo", { n: 1 })).toEqual({ n: 1 });

    const mended = event(
      supervisor,
      "session.state",
      ({ to, generation }) => to === "ready" && generation === 4,
    );
    build(command, `${works} // mended`);
    await mended;
  });

  test("that is not watched stays as it is", async () => {
    const command = path.join(directory, "unwatched");
    build(command, works);
    const supervisor = await supervise({ one: { command }, other: { command, watch: true } });
    await Promise.all([supervisor.wait("one", "ready"), supervisor.wait("other", "ready")]);
    const replaced = event(
      supervisor,
      "session.state",
      ({ plugin: id, to, generation }) => id === "other" && to === "ready" && generation === 2,
    );
    build(command, `${works} // again`);
    await replaced;
    expect(supervisor.status("one")).toMatchObject({ generation: 1 });
  });
});
