import { describe, expect, test } from "vitest";
import { Terminal, withoutTerminal } from "./terminal.ts";

describe.skipIf(withoutTerminal)("a terminal for tests", () => {
  test("is typed at, seen, resized, copied from, and tells the exit status", async () => {
    const script = String.raw`
printf 'ready \033[31mred\033[0m\n\033]52;c;aGVsbG8=\007'
read -r line
stty size
printf 'got %s in %s\n' "$line" "$COLOUR"
exit 3`;
    await using terminal = await Terminal.open(["sh", "-c", script], {
      columns: 50,
      rows: 6,
      env: { COLOUR: "a;b c" },
    });
    const first = await terminal.until("ready");
    expect(first).toHaveLength(6);
    expect(first[0]).toBe("ready red");
    expect((await terminal.styled())[0]).toContain("\u001B[31mred");
    await terminal.until(() => terminal.written().includes("aGVsbG8="));
    expect(await terminal.copied()).toBe("hello");
    await terminal.resize(60, 10);
    await terminal.type("'x' $y;");
    await terminal.press("Enter");
    const lines = await terminal.until("got");
    expect(lines).toContain("10 60");
    expect(lines).toContain("got 'x' $y; in a;b c");
    expect(await terminal.ended()).toBe(3);
  });

  test("pastes as a terminal does where the program asks for it", async () => {
    await using terminal = await Terminal.open(["sh", "-c", String.raw`printf 'ready\033[?2004h'; cat -v`]);
    await terminal.until("ready");
    await terminal.paste("one\ntwo");
    await terminal.press("Enter");
    expect((await terminal.until("two^[[201~")).join("\n")).toContain("^[[200~one\ntwo^[[201~");
  });
});
