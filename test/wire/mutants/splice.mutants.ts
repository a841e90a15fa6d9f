/** Known-bad versions of the splice in src/wire: one wrong change of its text each, and the property that notices it. */

export interface Mutant {
  readonly name: string;
  /** In src/wire. */
  readonly file: string;
  /** Stands in the source exactly once. */
  readonly right: string;
  readonly wrong: string;
  /** The beginning of the name of the property that must fail. */
  readonly noticedBy: string;
}

export const mutants: readonly Mutant[] = [
  {
    name: "a member whose name is written with escapes is unknown",
    file: "scan.ts",
    right: "return KEYS.findIndex((key) => means(body, start, end, key));",
    wrong: "return -1;",
    noticedBy: "a request arrives with the params",
  },
  {
    name: "a method that is written with escapes stays so",
    file: "scan.ts",
    right: 'if (!plain) return String(JSON.parse(body.toString("utf8", start, end)));',
    wrong: "",
    noticedBy: "a request arrives at the method",
  },
  {
    name: "of two members of one name the first counts",
    file: "json.ts",
    right: "if (index >= 0) found[index] =",
    wrong: "if (index >= 0) found[index] ??=",
    noticedBy: "progress arrives",
  },
  {
    name: "space after a value belongs to it, up to the end",
    file: "scan.ts",
    right: "return body.subarray(starts[key], ends[key]);",
    wrong: "return body.subarray(starts[key]);",
    noticedBy: "a result arrives",
  },
  {
    name: "a string id goes back as characters of one byte",
    file: "incoming.ts",
    right: 'return typeof id === "string" ? asciiJson(id) : String(id);',
    wrong: "return JSON.stringify(id);",
    noticedBy: "an error arrives",
  },
  {
    name: "a cursor goes on as characters of one byte",
    file: "incoming.ts",
    right: "return /^[\\x20-\\x7e]*$/.test(text) ? text : asciiJson(JSON.parse(json.toString()));",
    wrong: "return json.toString();",
    noticedBy: "items arrive",
  },
  {
    name: "a method goes on as characters of one byte",
    file: "outgoing.ts",
    right: 'if (/^[\\x20\\x21\\x23-\\x5b\\x5d-\\x7e]*$/.test(text)) return `"${text}"`;',
    wrong: "return JSON.stringify(text);",
    noticedBy: "any other notification",
  },
  {
    name: "a method with a quote in it is not escaped",
    file: "outgoing.ts",
    right: "[\\x20\\x21\\x23-\\x5b\\x5d-\\x7e]",
    wrong: "[\\x20-\\x7e]",
    noticedBy: "a request arrives at the method",
  },
  {
    name: "the context is written as characters of one byte",
    file: "writer.ts",
    right: "buffer.set(first, textStart);",
    wrong: 'buffer.write(first.toString(), textStart, "latin1");',
    noticedBy: "the context of a request",
  },
  {
    name: "after a large payload, what was before it comes again",
    file: "writer.ts",
    right: `        pieces.push(buffer.subarray(pieceStart, textStart), payload);
        pieceStart = textStart;`,
    wrong: "        pieces.push(buffer.subarray(pieceStart, textStart), payload);",
    noticedBy: "a result arrives",
  },
  {
    name: "a large payload is cut short by a byte",
    file: "writer.ts",
    right: "pieces.push(buffer.subarray(pieceStart, textStart), payload);",
    wrong: "pieces.push(buffer.subarray(pieceStart, textStart), payload.fill(0x30, 20, 21));",
    noticedBy: "a request arrives with the params",
  },
  {
    name: "data counts as JSON",
    file: "writer.ts",
    right: "const jsonLength = data === undefined ? bodyBytes : jsonBytes(lead, first, joint, payload);",
    wrong: "const jsonLength = bodyBytes;",
    noticedBy: "data arrives",
  },
  {
    name: "data of an answer stays behind",
    file: "incoming.ts",
    right: 'this.#requests.answer(this, `,"result":`, result, data);',
    wrong: 'this.#requests.answer(this, `,"result":`, result);',
    noticedBy: "data arrives",
  },
  {
    name: "progress is told of another request",
    file: "incoming.ts",
    right: '"method":"$/progress","params":{"id":${idJson(request.id)}',
    wrong: '"method":"$/progress","params":{"id":${idJson(String(request.id))}',
    noticedBy: "progress arrives",
  },
  {
    name: "an item is numbered by its place among all",
    file: "incoming.ts",
    right: '"seq":${seq}${position}',
    wrong: '"seq":${seq + 1}${position}',
    noticedBy: "items arrive",
  },
  {
    name: "an error goes on without its data",
    file: "incoming.ts",
    right: "    return toSlice(error);",
    wrong: "    return toSlice({ code: error.code, message: error.message });",
    noticedBy: "an error arrives",
  },
  {
    name: "credit is granted for the call before",
    file: "outgoing.ts",
    right: '"method":"$/credit","params":{"id":${id}',
    wrong: '"method":"$/credit","params":{"id":${id - 1}',
    noticedBy: "credit and cancellation",
  },
  {
    name: "a string id is cancelled only as it was written",
    file: "notification.ts",
    right: "const request: unknown = id && JSON.parse(id.toString());",
    wrong:
      'const request: unknown = id && (id[0] === 0x22 ? id.toString("utf8", 1, id.length - 1) : Number(id));',
    noticedBy: "credit and cancellation",
  },
];
