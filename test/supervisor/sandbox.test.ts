/** Plugins in sandboxes, as their supervisor runs them. */
import path from "node:path";
import { describe, expect, test } from "vitest";
import { findBubblewrap } from "../../src/io/sandbox/prepare.ts";
import { withoutGuard } from "../helpers/guard.ts";
import { event, failure, fixture, supervise } from "../helpers/supervisor.ts";

const root = path.join(import.meta.dirname, "../..");
/** The fixture plugin is a script of Node, which brings itself along here. */
const node = path.dirname(path.dirname(process.execPath));
const grants = { read: [root, node] };
const skipped = withoutGuard || (findBubblewrap() === undefined && process.env["CI"] === undefined);

describe.skipIf(skipped)("a plugin in a sandbox", () => {
  test.each(["basic", "strict"] as const)(
    "%s: serves, and its status says what is enforced",
    async (sandbox) => {
      const supervisor = await supervise({ one: fixture({}, { sandbox, grants, limits: { files: 512 } }) });
      expect(await supervisor.call("one/fixture.echo", { a: 1 })).toEqual({ a: 1 });
      const status = supervisor.status("one").sandbox;
      expect(status?.mode).toBe(sandbox);
      const unmet = status?.enforced.filter(({ holds }) => !holds).map(({ item }) => item);
      if (sandbox === "strict") expect(unmet).toEqual([]);
      expect(status?.enforced).toContainEqual(expect.objectContaining({ item: "limits.files", holds: true }));
    },
  );

  test("strict: its processes are counted without what stands around them", async () => {
    const supervisor = await supervise({ one: fixture({}, { sandbox: "strict", grants }) });
    await supervisor.wait("one", "ready");
    expect((await supervisor.stats("one"))[0]?.process).toMatchObject({ count: 1 });
  });

  test("strict, where that can't be had: it does not start, and is not tried again", async () => {
    process.env["BULKHEAD_BWRAP"] = "";
    try {
      const supervisor = await supervise({ one: fixture({}, { sandbox: "strict", grants }) });
      const gaveUp = await event(supervisor, "plugin.gave_up");
      expect(gaveUp.code).toBe("sandbox_unavailable");
      expect(supervisor.status("one")).toMatchObject({
        state: "failed",
        error: { code: "sandbox_unavailable" },
      });
      expect(await failure(supervisor.call("one/fixture.echo", {}))).toMatchObject({
        settlement: "not_sent",
      });
    } finally {
      delete process.env["BULKHEAD_BWRAP"];
    }
  });
});

describe.skipIf(withoutGuard)("a limit of what its processes use together", () => {
  test("is named by the report, whose class is resource", async () => {
    const supervisor = await supervise({ one: fixture({}, { limits: { max_memory: "1MiB" } }) });
    const crash = await event(supervisor, "session.crash");
    expect(crash.class).toBe("resource");
    expect(crash.summary).toMatch(/^over its limit: \d+ MiB of memory, and max_memory is 1\.0 MiB$/);
  });
});

test("grants without a sandbox are refused: they would look like a wall", async () => {
  const refused = await supervise({ one: fixture({}, { grants }) }).catch((error: unknown) => error);
  expect(refused).toMatchObject({ code: "invalid_config" });
});
