/** vscode-jsonrpc's two ends of a connection, over strict frames. */
import {
  AbstractMessageReader,
  AbstractMessageWriter,
  type DataCallback,
  type Disposable,
  type Message,
  type MessageReader,
  type MessageWriter,
} from "vscode-jsonrpc/node";
import type { Readable, Writable } from "node:stream";
import { BulkResult, pack, packInText, RangeFault, unpack, type Packed } from "./bulk.ts";
import { codes, refusal } from "./error.ts";
import { encodeFrame, FrameError, FrameReader, type Frame } from "./frame.ts";
import { carriesLoneSurrogate, isId, parse, type Id, type Incoming } from "./message.ts";

export interface Limits {
  frameBytes: number;
  depth: number;
  inFlight: number;
}

/** Source: protocol/README.md; `initialize` may say others. */
export const defaultLimits: Readonly<Limits> = { frameBytes: 64 * 1024 * 1024, depth: 100, inFlight: 4096 };

/** Bytes from which on a copy costs more than a write of their own. */
const LARGE = 16 * 1024;

type Refused = Extract<Incoming, { kind: "refused" }>;

/** Fires an error once, when the frames are broken, and reads nothing after it. */
export class StrictReader extends AbstractMessageReader implements MessageReader {
  readonly #input: Readable;
  readonly #limits: Limits;
  readonly #refuse: (refused: Refused) => void;

  constructor(input: Readable, limits: Limits, refuse: (refused: Refused) => void) {
    super();
    this.#input = input;
    this.#limits = limits;
    this.#refuse = refuse;
  }

  listen(callback: DataCallback): Disposable {
    const frames = new FrameReader(this.#limits.frameBytes);
    const take = (chunk: Buffer): void => {
      frames.limit = this.#limits.frameBytes;
      try {
        for (const frame of frames.push(chunk)) {
          const incoming = this.#parse(frame);
          if (incoming.kind === "message") callback(incoming.message);
          else if (incoming.kind === "refused") this.#refuse(incoming);
        }
      } catch (error) {
        this.#input.off("data", take);
        this.fireError(error);
      }
    };
    const end = (): void => {
      try {
        frames.end();
        this.fireClose();
      } catch (error) {
        this.fireError(error);
      }
    };
    const fail = (error: Error): void => this.fireError(error);
    this.#input.on("data", take).once("end", end).on("error", fail);
    return { dispose: () => this.#input.off("data", take).off("end", end).off("error", fail) };
  }

  /** @throws FrameError for data that is not a request's */
  #parse({ body, data }: Frame): Incoming {
    const incoming = parse(body, this.#limits.depth);
    if (data === undefined || incoming.kind === "refused") return incoming;
    if (incoming.kind === "ignored" || !isRequest(incoming.message))
      throw new FrameError("data beside a message that is no request");
    const { message } = incoming;
    try {
      const params = unpack(message.params, data, this.#limits.frameBytes);
      return { kind: "message", message: Object.assign(message, { params }) };
    } catch (error) {
      if (!(error instanceof RangeFault)) throw error;
      const { path } = error;
      const refused = refusal(codes.invalidParams, "invalid_params", error.message, { path });
      return { kind: "refused", id: message.id, error: refused };
    }
  }
}

/** The body would be longer than agreed, or is not JSON that the protocol takes. */
class EncodeError extends Error {
  override readonly name = "EncodeError";
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * Writes whole frames, in order. An answer that can not be sent is replaced by an error that says why; any other message
 * that can not be sent is rejected with an `EncodeError`.
 */
export class StrictWriter extends AbstractMessageWriter implements MessageWriter {
  readonly #output: Writable;
  readonly #limits: Readonly<Limits>;
  readonly #answered: (id: Id) => void;

  /** @param answered is told the id of each request once its answer is on its way */
  constructor(output: Writable, limits: Readonly<Limits>, answered: (id: Id) => void) {
    super();
    this.#output = output;
    this.#limits = limits;
    this.#answered = answered;
    output.on("error", (error) => this.fireError(error));
  }

  // Async although nothing waits here: vscode-jsonrpc and callers expect a rejection rather than a throw.
  async write(message: Message): Promise<void> {
    const answer = answerOf(message);
    if (answer === undefined) {
      this.#write(this.#encode(message, packInText));
      return;
    }
    let packed: Packed;
    try {
      packed =
        answer.result instanceof BulkResult
          ? this.#encode({ ...message, result: answer.result.value }, pack)
          : this.#encode(message, packInText);
    } catch (error) {
      const code = error instanceof EncodeError ? error.code : "internal_error";
      const text = error instanceof Error ? error.message : String(error);
      const replacement = refusal(
        codes.internalError,
        code === "too_large" ? "answer_too_large" : code,
        text,
      );
      packed = this.#encode({ jsonrpc: "2.0", id: answer.id, error: replacement.toJson() }, packInText);
    }
    this.#write(packed);
    if (answer.id !== null) this.#answered(answer.id);
  }

  end(): void {
    this.#output.end();
  }

  #write({ text, pieces, size }: Packed): void {
    let small: Uint8Array[] = [pieces.length === 0 ? encodeFrame(text) : encodeFrame(text, size)];
    for (const piece of pieces) {
      if (piece.length < LARGE) small.push(piece);
      else {
        this.#output.write(Buffer.concat(small));
        this.#output.write(piece);
        small = [];
      }
    }
    if (small.length > 0) this.#output.write(small.length === 1 ? small[0] : Buffer.concat(small));
  }

  #encode(message: object, how: typeof pack): Packed {
    const packed = stringify(message, how, this.#limits.depth);
    if (carriesLoneSurrogate(packed.text)) throw new EncodeError("not_json", "a lone surrogate is no text");
    const bytes = Buffer.byteLength(packed.text) + packed.size;
    if (bytes <= this.#limits.frameBytes) return packed;
    const text = `a message of ${bytes} bytes; the limit is ${this.#limits.frameBytes}`;
    throw new EncodeError("too_large", text);
  }
}

function stringify(message: object, how: typeof pack, levels: number): Packed {
  try {
    return how(message, levels);
  } catch (error) {
    // A BigInt, or a value that contains itself.
    throw new EncodeError("not_json", error instanceof Error ? error.message : String(error));
  }
}

function answerOf(message: Message): { readonly id: Id | null; readonly result: unknown } | undefined {
  if ("method" in message) return undefined;
  const id = "id" in message && isId(message.id) ? message.id : null;
  return { id, result: "result" in message ? message.result : undefined };
}

function isRequest(message: Message): message is Message & { id: Id; params?: unknown } {
  return "method" in message && "id" in message && isId(message.id);
}
