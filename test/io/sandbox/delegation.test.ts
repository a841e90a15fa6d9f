import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cgroupCheck } from "../../../src/io/sandbox/probe.ts";
import { judge, placeOf } from "../../../src/io/sandbox/delegation.ts";
import type { Seen } from "../../../src/io/sandbox/delegation.ts";

const unified = "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n";
const v1 = "9:memory:/\n8:pids:/\n";
const service = "/system.slice/bulkhead.service";

describe("where the daemon stands", () => {
  test.each([
    [`0::${service}/supervisor`, unified, "/sys/fs/cgroup/system.slice/bulkhead.service"],
    ["0::/user.slice/user-1.slice/user@1.service/app.slice/b.service/supervisor", unified, "b.service"],
    // A container that its owner may manage, with a group for its first processes.
    ["0::/init", unified, "/sys/fs/cgroup"],
    // Only a part of the hierarchy is mounted, at a place with a space in its name.
    [`0::${service}/supervisor`, `30 23 0:26 ${service} /my\\040groups rw - cgroup2 none rw\n`, "/my groups"],
    [`0::/a/b`, `29 23 0:26 /other /x rw - cgroup2 c rw\n${unified}`, "/sys/fs/cgroup/a"],
    // Both versions: the group is there, though it has no controllers.
    [`${v1}0::${service}/supervisor`, unified, "bulkhead.service"],
  ])("%s", (own, mounts, above) => {
    const place = placeOf(own, mounts);
    expect(place).toMatchObject({ ok: true });
    expect(place.ok && place.above).toMatch(new RegExp(`${above}$`));
    expect(place.ok && place.own.startsWith(`${place.above}/`)).toBe(true);
  });

  test.each([
    ["no control groups at all", "", "", /there are no control groups/],
    ["version 1 alone", v1, "", /of version 1/],
    ["version 1 with an empty version 2 beside it", `${v1}0::/`, unified, /memory and pids are of version 1/],
    ["a container's topmost group", "0::/", unified, /topmost/],
    ["the topmost group that is mounted", "0::/a", "3 2 0:2 /a /sys rw - cgroup2 c rw", /topmost/],
    ["a unit itself", `0::${service}`, unified, /stands in bulkhead\.service itself/],
    ["a session", "0::/user.slice/user-1.slice/session-3.scope", unified, /session-3\.scope itself/],
    ["a unit below another manager's unit", "0::/user@1.service/b.scope", unified, /b\.scope itself/],
    ["a group in a slice", "0::/machine.slice/b", unified, /b itself/],
    ["outside of its namespace", "0::/../other", unified, /outside/],
    ["nothing mounted", `0::${service}/supervisor`, "", /not mounted/],
  ])("it is not delegated: %s", (_, own, mounts, why) => {
    const place = placeOf(own, mounts);
    expect(place).toMatchObject({ ok: false });
    expect(!place.ok && place.why).toMatch(why);
    expect(!place.ok && place.advice).not.toBe("");
  });

  test("whatever the system says, it is answered, and never the root that is found to be ours", () => {
    const names = fc.constantFrom("", "/", "/a", "/a/b.service/s", "/..", "/x.slice/y", "/a.scope");
    const line = fc.oneof(
      names.map((name) => `0::${name}`),
      fc.string(),
    );
    const mounts = fc.array(
      fc.oneof(
        fc.constant(unified),
        fc.string(),
        names.map((n) => `1 1 0:1 ${n} ${n} r - cgroup2 c r\n`),
      ),
    );
    fc.assert(
      fc.property(line, mounts, (own, all) => {
        const place = placeOf(own, all.join(""));
        if (place.ok) expect(place.own.length).toBeGreaterThan(place.above.length);
        else expect(place.why).not.toBe("");
      }),
    );
  });
});

const place = { ok: true, own: "/g/b.service/supervisor", above: "/g/b.service" } as const;
const seen: Seen = {
  type: "domain\n",
  processes: "",
  available: "cpu memory pids\n",
  denied: null,
  ownMemory: "max\n",
  ownTasks: null,
};

describe("whether it may be managed", () => {
  test.each([
    ["all", {}, ["memory", "pids"]],
    ["one controller", { available: "io pids\n" }, ["pids"]],
    ["none: groups, and nothing to limit with", { available: "\n" }, []],
  ])("%s", (_, more, controllers) => {
    expect(judge(place, { ...seen, ...more })).toEqual({ ok: true, above: place.above, controllers });
  });

  test.each([
    ["the root of the machine", { type: null }, /root of the machine/],
    ["threads instead of processes", { type: "domain threaded\n" }, /domain threaded/],
    ["processes in it", { processes: "17\n" }, /processes in the group b\.service/],
    ["read-only", { denied: "EROFS" }, /read-only/],
    ["another owner", { denied: "EACCES" }, /somebody else's \(EACCES\)/],
    ["a limit of memory on the daemon alone", { ownMemory: "1048576\n" }, /own group is limited/],
    ["a limit of tasks on the daemon alone", { ownTasks: "100\n" }, /own group is limited/],
  ])("no: %s", (_, more, why) => {
    const judged = judge(place, { ...seen, ...more });
    expect(judged.ok ? "" : judged.why).toMatch(why);
  });
});

test("doctor has one line for it, and what to do where something is missing", () => {
  const both = cgroupCheck({ ok: true, above: "/g", controllers: ["memory", "pids"] });
  expect(both).toMatchObject({ level: "ok", message: expect.stringMatching(/a group of its own/) });
  expect(both).not.toHaveProperty("advice");
  expect(cgroupCheck({ ok: true, above: "/g", controllers: ["pids"] })).toMatchObject({
    message: expect.stringMatching(/memory is not delegated/),
    advice: expect.stringMatching(/Delegate=/),
  });
  expect(cgroupCheck({ ok: false, why: "so", advice: "do this" })).toMatchObject({
    message: "not delegated: so; max_memory goes by samples",
    advice: "do this",
  });
});
