/** todo-scan: one executable, two versions of its api, and hosts that require one or the other. */
import path from "node:path";
import { describe, expect, test } from "vitest";
import { todo1, todo2 } from "../../protocol/todo.ts";
import { bind, implementing } from "../../src/client/bind/bind.ts";
import { failure, supervise } from "../helpers/supervisor.ts";
import { built, hostOver, isMissing, shown } from "./todo-helpers.ts";

const example = path.join(import.meta.dirname, "../../sample-plugins/todo-scan/example");
const requiring = (range: string) => ({ command: built("todo-scan"), apis: { todo: range } });

describe.skipIf(isMissing("todo-scan"))("todo-scan", () => {
  test("gives a host that requires todo ^1 a list", async () => {
    const supervisor = await supervise({ scan: requiring("^1.0.0") });
    const scan = await bind(supervisor, "scan", todo1);
    const { items, files } = await scan.scan({ root: example });
    expect(items.map(({ file, line, title, author }) => [file, line, title, author])).toEqual([
      ["README.md", 5, "Read departures", undefined],
      ["README.md", 6, "Read arrivals", undefined],
      ["README.md", 7, "Ask the harbour for this year's holidays", undefined],
      ["harbour/tides.py", 3, "take the wind into account", "ann"],
      ["harbour/tides.py", 8, "a level of exactly the draught runs aground", undefined],
      ["harbour/timetable.rs", 3, "summer time is an hour that somebody adds by hand", undefined],
      ["harbour/timetable.rs", 7, "stop at midnight", undefined],
    ]);
    expect(files).toBe(3);
    expect(scan.$warnings).toEqual([]);
    expect(await failure(supervisor.call("scan/todo.generate"))).toMatchObject({ code: "method_not_found" });
    expect([...(await implementing(supervisor, todo2)).mismatched.keys()]).toEqual(["scan"]);
  });

  test("gives a host that requires todo ^2 a batch, and a look at it", async () => {
    const supervisor = await supervise({ scan: requiring("^2.0.0") });
    const scan = await bind(supervisor, "scan", todo2);
    expect(scan.$warnings).toEqual([]);
    expect(await scan.preview?.preview({ input: example, max: 1 })).toEqual({
      summary: "6 to do and 1 done in 3 of 3 files",
      lines: ["README.md:5  Read departures"],
      more: true,
    });
    expect(scan.mirror).toBeUndefined();
    const { host } = await hostOver(supervisor);
    await host.accept(await host.generate("scan", { input: example }));
    expect(shown(host.list).slice(0, 5)).toEqual([
      "open README.md",
      "  done Read departures",
      "  open Read arrivals",
      "  open Ask the harbour for this year's holidays",
      "open harbour/tides.py",
    ]);
    const urgent = [...host.list.todos.values()].filter(({ priority }) => priority === "high");
    expect(urgent.map(({ title }) => title)).toEqual([
      "Ask the harbour for this year's holidays",
      "a level of exactly the draught runs aground",
      "stop at midnight",
    ]);
    expect(host.undo()).toBe("6 to do and 1 done in 3 of 3 files");
    expect(shown(host.list)).toEqual([]);
    const error = await failure(scan.generate({ input: "/nowhere" }));
    expect(scan.$isError(error, "generate") && error.code).toBe("source_unavailable");
    expect(await failure(supervisor.call("scan/todo.scan", { root: example }))).toMatchObject({
      code: "method_not_found",
    });
  });

  test("is refused by a host that requires todo ^3, with both versions", async () => {
    const supervisor = await supervise({ scan: requiring("^3.0.0") });
    const error = await failure(supervisor.start("scan"));
    expect(error.code).toBe("incompatible_api");
    for (const version of ["1.1.0", "2.0.0", "^3.0.0"]) expect(error.message).toContain(version);
  });
});
