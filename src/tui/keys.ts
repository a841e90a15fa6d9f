/** Keys by their names: `j`, `G`, `ctrl+d`, `enter`, `shift+tab`, `alt+x`. */
import type { Key as InkKey } from "ink";

export interface Key {
  /** The name that key tables use. */
  readonly name: string;
  /** What it types; "" for a key that types nothing. */
  readonly text: string;
}

/** A key that Ink does not know, without its escape character: its digits are not what somebody typed. */
const unknownSequence = /^\[[\d;:<=>?]+[A-Za-z~^$]$/;

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
  if (unknownSequence.test(input)) return [];
  return Array.from(input, (char) => {
    // What raw mode delivers for keys that Ink leaves unnamed.
    if (char === "\r" || char === "\n") return { name: "enter", text: "" };
    if (char === "\t") return { name: "tab", text: "" };
    if (char === " ") return spaceOf(key);
    // Ink names a control character only when it comes alone.
    if (char === "\0") return { name: "ctrl+space", text: "" };
    if (char < " ") return { name: `ctrl+${lettered(char)}`, text: "" };
    if (key.ctrl) return { name: `ctrl+${char.toLowerCase()}`, text: "" };
    if (key.meta) return { name: `alt+${char}`, text: "" };
    return { name: char, text: isPrintable(char) ? char : "" };
  });
}

function spaceOf({ ctrl, meta }: InkKey): Key {
  if (ctrl || meta) return { name: `${ctrl ? "ctrl+" : ""}${meta ? "alt+" : ""}space`, text: "" };
  return { name: "space", text: " " };
}

/** The letter that makes the control character. */
function lettered(char: string): string {
  return String.fromCharCode(char.charCodeAt(0) + 0x40).toLowerCase();
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
