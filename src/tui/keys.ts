/** Keys by their names: `j`, `G`, `ctrl+d`, `enter`, `shift+tab`, `alt+x`. */
import type { Key as InkKey } from "ink";

export interface Key {
  /** The name that key tables use. */
  readonly name: string;
  /** What it types; "" for a key that types nothing. */
  readonly text: string;
}

/** Several characters at once (typed faster than they were read) are several keys. */
export function keysOf(input: string, key: InkKey): Key[] {
  const named = nameOf(key);
  if (named !== undefined) {
    const shift = key.shift ? "shift+" : "";
    return [
      {
        name: `${key.ctrl ? "ctrl+" : ""}${key.meta && named !== "esc" ? "alt+" : ""}${shift}${named}`,
        text: "",
      },
    ];
  }
  return Array.from(input, (char) => {
    // What raw mode delivers for keys that Ink leaves unnamed.
    if (char === "\r" || char === "\n") return { name: "enter", text: "" };
    if (char === "\t") return { name: "tab", text: "" };
    if (char === " ") return { name: key.ctrl ? "ctrl+space" : "space", text: " " };
    if (key.ctrl) return { name: `ctrl+${char.toLowerCase()}`, text: "" };
    if (key.meta) return { name: `alt+${char}`, text: "" };
    return { name: char, text: isPrintable(char) ? char : "" };
  });
}

function nameOf(key: InkKey): string | undefined {
  if (key.upArrow) return "up";
  if (key.downArrow) return "down";
  if (key.leftArrow) return "left";
  if (key.rightArrow) return "right";
  if (key.pageUp) return "pageup";
  if (key.pageDown) return "pagedown";
  if (key.home) return "home";
  if (key.end) return "end";
  if (key.return) return "enter";
  if (key.escape) return "esc";
  if (key.tab) return "tab";
  if (key.backspace) return "backspace";
  if (key.delete) return "delete";
  return undefined;
}

function isPrintable(char: string): boolean {
  return !/[\p{Cc}\p{Cs}]/u.test(char);
}
