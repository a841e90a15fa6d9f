import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { BulkheadError } from "../../../../protocol/error.ts";
import { changing, FakePlugins } from "../../../todo/fake-plugins.ts";
import { create } from "../../../todo/samples.ts";
import { Driver } from "./driver.ts";

const trip = "- [ ] trip\n  - [ ] pack\n  - [ ] book\n- [ ] shop\n";

describe("the list", () => {
  test("begins with what to do about it, and with where it is kept", async () => {
    const driver = await Driver.open();
    await driver.untilShown("a  adds a todo");
    expect(driver.lines.at(0)).toMatch(/^0 open, 0 done · 0 plugins +\S*todos\.md$/);
  });

  test("is typed, nested, undone and done again, and is kept in the file", async () => {
    const driver = await Driver.open();
    driver.press("a", "trip", "enter");
    await driver.untilOutline("trip");
    driver.press("A", "pack", "enter");
    await driver.untilOutline("trip", "  pack");
    driver.press("a", "book", "enter");
    await driver.untilOutline("trip", "  pack", "  book");
    driver.press("x");
    await driver.untilShown("[x] book");
    driver.press("u");
    await driver.untilNotice("undone: complete “book”");
    driver.press("ctrl+r");
    await driver.untilNotice("done again: complete “book”");
    await driver.until(({ facts: { todos } }) => todos?.file.state === "saved");
    expect(readFileSync(driver.file, "utf8")).toMatch(/- \[ \] trip.*\n  - \[ \] pack.*\n  - \[x\] book/);
  });

  test("is rearranged, and the cursor stays with its todo", async () => {
    const driver = await Driver.open({ text: trip });
    driver.press("j", "J");
    await driver.untilOutline("trip", "  book", "  pack", "shop");
    driver.press("K");
    await driver.untilOutline("trip", "  pack", "  book", "shop");
    driver.press("j", ">");
    await driver.untilOutline("trip", "  pack", "    book", "shop");
    driver.press("<", "<");
    await driver.untilOutline("trip", "  pack", "book", "shop");
    expect(driver.state.facts.todos?.list.todos.get(driver.own.cursor ?? "")?.title).toBe("book");
  });

  test("asks before more than one todo is deleted, and says how many", async () => {
    const driver = await Driver.open({ text: trip });
    driver.press("D");
    expect(driver.state.overlay).toMatchObject({
      kind: "confirm",
      question:
        "Really delete “trip”? That is 3 todos with all that is below, 3 of them not done. u would bring them back.",
    });
    driver.press("n");
    expect(driver.outline).toHaveLength(4);
    driver.press("D", "y");
    await driver.untilOutline("shop");
    driver.press("D");
    await driver.untilOutline();
  });

  test("what is marked is changed together, as one step", async () => {
    const driver = await Driver.open({ text: trip });
    driver.press("j", "space", "space", "s", "b");
    await driver.untilShown("[!] book");
    expect(driver.lines).toContainEqual(expect.stringContaining("[!] pack"));
    driver.press("u");
    await driver.untilNotice("undone: block 2 todos");
    expect(driver.lines.join("\n")).not.toContain("[!]");
  });

  test("is folded, filtered, and rid of what is done", async () => {
    const driver = await Driver.open({ text: trip });
    driver.press("h");
    expect(driver.lines.slice(1, 3).map((line) => line.trim().replaceAll(/\s+/g, " "))).toEqual([
      "▸ [ ] trip +2",
      "[ ] shop",
    ]);
    driver.press("/", "book", "enter");
    expect(driver.lines.slice(0, 3).map((line) => line.trim())).toEqual(["/ book", "▾ [ ] trip", "[ ] book"]);
    driver.press("esc", "l", "G", "x");
    await driver.untilShown("[x] shop");
    driver.press(".");
    expect(driver.lines.slice(1, 5).map((line) => line.trim())).toEqual([
      "▾ [ ] trip",
      "[ ] pack",
      "[ ] book",
      "",
    ]);
  });

  test("priority, day and notes are there to be seen", async () => {
    const driver = await Driver.open({ text: "- [ ] shop\n" });
    driver.press("!", "d", "2026-13-01", "enter");
    expect(driver.notice).toContain("there is no 2026-13-01");
    driver.press("ctrl+u", "2026-01-31", "enter");
    await driver.untilShown("late 2026-01-31");
    driver.press("e", "bread", "enter", "milk", "ctrl+s");
    await driver.untilShown("≡");
    driver.press("M");
    expect(driver.lines).toEqual(
      expect.arrayContaining(["open, high priority, due late 2026-01-31", "bread", "milk"]),
    );
    expect(readFileSync(driver.file, "utf8")).toContain("- [ ] shop");
  });

  test("notes that were changed are not lost by one key", async () => {
    const driver = await Driver.open({ text: "- [ ] shop\n" });
    driver.press("e", "bread", "esc");
    expect(driver.lines.at(1)).toContain("esc once more discards");
    driver.press("!", "esc", "esc");
    expect(driver.own.mode).toEqual({ kind: "list" });
    expect(driver.state.facts.todos?.list.todos.get("1")?.notes).toBeNull();
  });
});

/** A plugin that proposes two todos, one below the other, and has an action of its own. */
const harbour = () =>
  new FakePlugins({
    harbour: {
      methods: {
        generate: ({ input = "hull" }: { input?: string }) =>
          changing(
            "found something",
            create("a", { title: input }),
            create("b", { title: "paint", parent: "a" }),
          ),
        finish: ({ selected = [] }: { selected?: string[] }) =>
          changing(
            "finished",
            ...selected.map((id) => ({ op: "update" as const, id, state: "done" as const })),
          ),
      },
      actions: [
        { id: "generate", method: "generate", description: "Look around", key: "ctrl+g" },
        { id: "finish", method: "finish", description: "Finish them", key: "x" },
      ],
    },
  });

describe("plugins", () => {
  test("new todos are looked at first: accepted below the one that was selected, without one that was left out", async () => {
    const driver = await Driver.open({ text: trip, plugins: harbour() });
    driver.press("n", "mast", "enter");
    await driver.untilShown("2 new");
    expect(driver.outline).toHaveLength(4);
    expect(driver.lines.slice(0, 2)).toEqual(["harbour: found something", "2 new"]);
    expect(driver.lines.slice(4, 6)).toEqual(["+ [ ] mast", "+   [ ] paint"]);
    driver.press("j", "space");
    expect(driver.lines.slice(1, 2)).toEqual(["1 new, 1 todo left out"]);
    driver.press("b");
    await driver.untilOutline("trip", "  pack", "  book", "  mast", "shop");
    await driver.untilNotice("accepted: harbour, found something, in part");
  });

  test("a rejected proposal changes nothing", async () => {
    const driver = await Driver.open({ text: trip, plugins: harbour() });
    driver.press("ctrl+g");
    await driver.untilShown("2 new");
    driver.press("n");
    expect([driver.own.mode.kind, driver.outline.length]).toEqual(["list", 4]);
  });

  test("a batch that does not fit says which command and why, and can not be accepted", async () => {
    const bad = changing("odd", create("a"), { op: "delete", id: "nobody" });
    const driver = await Driver.open({
      plugins: new FakePlugins({ odd: { methods: { generate: () => bad } } }),
    });
    driver.press("n", "enter");
    await driver.untilShown("command 2, /id: there is no todo");
    expect(driver.lines).toContainEqual(expect.stringContaining('{"op":"delete","id":"nobody"}'));
    driver.press("y");
    expect(driver.own.mode.kind).toBe("preview");
    driver.press("esc");
    expect(driver.outline).toEqual([]);
  });

  test("an input of which nothing can be made is typed again", async () => {
    const refused = new BulkheadError("invalid_input", "which harbour?", -32_000);
    const plugins = new FakePlugins({ picky: { methods: { generate: () => Promise.reject(refused) } } });
    const driver = await Driver.open({ plugins });
    driver.press("n", "nowhere", "enter");
    await driver.untilNotice("which harbour?");
    expect(driver.lines).toContain("picky generate, input: nowhere");
  });

  test("one that takes its time says how far it is, and is cancelled", async () => {
    const slow = new FakePlugins({
      slow: {
        methods: {
          generate: (_, { onProgress, signal }) => {
            onProgress?.({ done: 1, total: 4, message: "sounding" });
            return new Promise((_resolve, reject) => {
              signal?.addEventListener("abort", () => reject(new Error("cancelled")));
            });
          },
        },
      },
    });
    const driver = await Driver.open({ plugins: slow });
    driver.press("n", "enter");
    await driver.untilShown("1/4 (25 %) sounding");
    driver.press("esc");
    await driver.until(({ facts: { todos } }) => todos?.asks.length === 0);
    expect(driver.own.mode.kind).toBe("list");
  });

  test("the list's own keys win over what plugins suggest; the menu says so, and runs the action all the same", async () => {
    const driver = await Driver.open({ text: "- [ ] shop\n", plugins: harbour() });
    driver.press("p", "j");
    const row = driver.lines.find((line) => line.includes("Finish them"));
    expect(row).toMatch(/^conflict +harbour +finish/);
    expect(driver.lines).toContain("No key of its own: x is taken by done, or open again.");
    driver.press("enter");
    await driver.untilNotice("harbour: finish: finished");
    expect(driver.lines).toContainEqual(expect.stringContaining("[x] shop"));
  });

  test("what plugins were told and what they did is on a page of its own", async () => {
    const driver = await Driver.open({ plugins: harbour() });
    driver.press("ctrl+g");
    await driver.untilShown("2 new");
    driver.press("y");
    await driver.until(({ facts: { todos } }) =>
      (todos?.activity ?? []).every((each) => each.kind !== "event" || each.told === 2),
    );
    await driver.untilOutline("hull", "  paint");
    driver.press("H");
    await driver.untilShown("todo.added to 2 plugins  “paint”");
    expect(driver.lines).toContainEqual(expect.stringMatching(/harbour +found something \(2 added\)/));
  });

  test("settings are changed all at once, checked by the daemon; a secret is not shown", async () => {
    const setting = { type: "string", origin: "default", required: false } as const;
    const settings = {
      plugin: "harbour",
      file: "/etc/harbour.toml",
      live: true,
      schema: null,
      settings: [
        { ...setting, key: "order", type: "select", choices: ["tide", "name"], value: "tide" },
        { ...setting, key: "pass", type: "secret" },
        { ...setting, key: "depth", type: "integer", value: 3 },
      ],
    };
    const asked: unknown[] = [];
    const control = async (method: string, params: unknown): Promise<unknown> => {
      asked.push([method, params]);
      return settings;
    };
    const driver = await Driver.open({ plugins: harbour(), control });
    driver.press("S");
    await driver.untilShown("depth");
    driver.press("enter", "j", "enter", "sesame");
    expect(driver.lines.join("\n")).toContain("pass: ******");
    driver.press("enter", "j", "enter", "backspace", "x", "enter");
    expect(driver.lines).toContain("depth must be a whole number");
    driver.press("backspace", "7", "enter");
    expect(driver.lines.join("\n")).not.toContain("sesame");
    driver.press("ctrl+s");
    await driver.untilNotice("in force, kept in /etc/harbour.toml");
    const set = { order: "name", pass: "sesame", depth: 7 };
    expect(asked).toEqual([
      ["plugin.settings", { plugin: "harbour" }],
      ["plugin.configure", { plugin: "harbour", set, unset: [] }],
    ]);
  });
});

describe("leaving", () => {
  test("waits for the file", async () => {
    const driver = await Driver.open();
    driver.press("a", "hull", "enter", "q");
    await driver.until(() => driver.hasLeft);
    expect(readFileSync(driver.file, "utf8")).toContain("- [ ] hull");
  });

  test("asks where the list can not be saved", async () => {
    const driver = await Driver.open({ text: trip });
    await driver.until(({ facts: { todos } }) => todos?.file.state === "saved");
    rmSync(driver.file);
    mkdirSync(driver.file);
    driver.press("a", "hull", "enter", "q");
    await driver.until(({ overlay }) => overlay !== null);
    expect(driver.state.overlay).toMatchObject({
      question: `Really leave? The todo list is not saved: ${driver.file} can not be read: it is not a file.`,
    });
    driver.press("n");
    expect(driver.hasLeft).toBe(false);
    driver.press("q");
    await driver.until(({ overlay }) => overlay !== null);
    driver.press("y");
    expect(driver.hasLeft).toBe(true);
    rmSync(driver.file, { recursive: true });
  });

  test("asks where settings are changed and not kept", async () => {
    const setting = { key: "depth", type: "boolean", origin: "default", required: false } as const;
    const settings = { plugin: "harbour", file: null, live: true, schema: null, settings: [setting] };
    const driver = await Driver.open({ plugins: harbour(), control: async () => settings });
    driver.press("S");
    await driver.untilShown("depth");
    driver.press("enter", "q");
    await driver.until(({ overlay }) => overlay !== null);
    expect(driver.state.overlay).toMatchObject({
      question: "Really leave? Settings of harbour are changed and not kept yet.",
    });
  });
});
