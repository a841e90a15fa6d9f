import type { Writable } from "node:stream";
import { bulkHeader, frameHeader } from "./framing.ts";
import { byteLength } from "./json.ts";
import type { JsonText, Slice } from "./json.ts";

/**
 * One message on its way out. Its JSON is `lead`, then `first` if there, then `joint` and `payload` if
 * there, then a closing brace: the envelope is spliced around the bytes of others. Texts are ASCII. `data` goes
 * beside the JSON.
 */
export interface Frame {
  /** Changed by the writer only. */
  lead: string;
  readonly first: Slice | undefined;
  readonly joint: string;
  /** Changed by the writer only: gone once it is handed over or withdrawn. */
  payload: JsonText | undefined;
  /** As `payload`. */
  data: Slice | undefined;
  /** Bytes of the body, data included. Changed by the writer only. */
  bodyBytes: number;
  /**
   * `queued`: the other side cannot have seen a byte of it. `handed_over`: given to the stream, what became
   * of it nobody knows. `withdrawn`: it will never be sent.
   */
  state: "queued" | "handed_over" | "withdrawn";
  /** Called when the system has taken it: nobody reads from its payload and data any more. Not called if that never comes. */
  onWritten?: (() => void) | undefined;
}

export function frame(
  lead: string,
  first: Slice | undefined,
  joint: string,
  payload: JsonText | undefined,
  data?: Slice,
): Frame {
  let bodyBytes = jsonBytes(lead, first, joint, payload);
  if (data !== undefined) bodyBytes += data.length;
  return { lead, first, joint, payload, data, bodyBytes, state: "queued", onWritten: undefined };
}

function jsonBytes(
  lead: string,
  first: Slice | undefined,
  joint: string,
  payload: JsonText | undefined,
): number {
  let bytes = lead.length + 1;
  if (first !== undefined) bytes += first.length;
  if (payload !== undefined) bytes += joint.length + byteLength(payload);
  return bytes;
}

export interface FrameWriterOptions {
  /** Bytes that may wait, in all. */
  readonly queueBytes: number;
  /** The output failed or was closed under us. Called once; nothing is written afterwards. */
  readonly onFailed: (error: Error) => void;
  /** Sees the frames that are handed over: their JSON, or its start where the payload is large. Of many, the last. */
  readonly onHandedOver?: ((head: Buffer, bodyBytes: number) => void) | undefined;
}

/** Who looks at messages as they pass sees the last of what passes in one turn: so many, and not all of a flood. */
export const SEEN_AT_ONCE = 64;

/** About what goes into one write: a stuck reader then leaves most of a queue certainly unsent. */
const BATCH_BYTES = 1024 * 1024;
/** Payloads from here on are passed by reference; below, copying costs less than another piece of a write. */
const BY_REFERENCE_BYTES = 16 * 1024;
/** What the tap sees of a payload that is passed by reference. */
const TAP_BYTES = 512;
/** Upper bounds of a header, for the size of a batch buffer. */
const HEADER_ROOM = frameHeader(Number.MAX_SAFE_INTEGER).length;
const BULK_HEADER_ROOM = bulkHeader(Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER).length;

/**
 * Writes frames to a stream, in order. Whatever is appended in one turn of the event loop, promise
 * continuations included, leaves in one write; there is never more than one write outstanding. So a frame
 * that has not been handed over is known to be unsent, and can be withdrawn.
 */
export class FrameWriter {
  readonly #output: Writable;
  readonly #options: FrameWriterOptions;
  #queue: Frame[] = [];
  #head = 0;
  /** Of those from `#head` on. */
  #withdrawn = 0;
  #queuedBytes = 0;
  #state: "open" | "ending" | "closed" = "open";
  #scheduled = false;
  #writing = false;
  #ended: PromiseWithResolvers<void> | undefined;

  constructor(output: Writable, options: FrameWriterOptions) {
    this.#output = output;
    this.#options = options;
    output.on("error", (error: Error) => this.#fail(error));
    output.on("close", () => this.#fail(new Error("the output was closed")));
  }

  /** Bytes appended and not yet taken by the operating system. */
  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  /** Whether frames are still accepted. */
  get open(): boolean {
    return this.#state === "open" && !this.#output.destroyed;
  }

  /**
   * Queues a frame. False when the writer is not open, or the frame would go over the bound.
   *
   * @param always past the bound too, for small frames whose number is bounded elsewhere
   */
  append(message: Frame, always = false): boolean {
    if (!this.open) return false;
    if (!always && this.#queuedBytes + message.bodyBytes > this.#options.queueBytes) return false;
    this.#queuedBytes += message.bodyBytes;
    this.#queue.push(message);
    if (!this.#scheduled && !this.#writing) {
      this.#scheduled = true;
      queueMicrotask(this.#schedule);
    }
    return true;
  }

  /** Puts another lead into a frame that is still queued. False when it no longer is. */
  amend(message: Frame, lead: string): boolean {
    if (message.state !== "queued" || this.#state === "closed") return false;
    const more = lead.length - message.lead.length;
    message.lead = lead;
    message.bodyBytes += more;
    this.#queuedBytes += more;
    return true;
  }

  /** Takes a queued frame back. True when it is certain that it is never sent. */
  withdraw(message: Frame): boolean {
    if (message.state === "handed_over") return false;
    if (message.state === "queued") {
      message.state = "withdrawn";
      // What is called and given up in a loop must not pile up behind a reader that is stuck.
      message.payload = undefined;
      message.data = undefined;
      if (this.#state !== "closed") {
        this.#queuedBytes -= message.bodyBytes;
        this.#withdrawn++;
        if (this.#withdrawn * 2 > this.#queue.length - this.#head) this.#compact();
      }
    }
    return true;
  }

  /** Writes what is queued, then ends the output. Resolves when that is done, or the output has failed. */
  end(): Promise<void> {
    if (this.#ended === undefined) {
      this.#ended = Promise.withResolvers();
      if (this.#state === "closed") this.#ended.resolve();
      else this.#state = "ending";
      this.#flush();
    }
    return this.#ended.promise;
  }

  /** Drops what is queued and destroys the output. */
  destroy(): void {
    this.#fail(new Error("the writer was destroyed"), false);
    this.#output.destroy();
  }

  // A microtask, then a tick: Node runs ticks that were set from microtasks once no microtask is left, so
  // that everything which awaits an answer of the same chunk gets into the same write.
  readonly #schedule = (): void => process.nextTick(this.#flush);

  readonly #flush = (): void => {
    this.#scheduled = false;
    if (this.#writing || this.#state === "closed") return;
    const batch = this.#takeBatch();
    if (batch.length > 0) this.#write(batch);
    else if (this.#state === "ending") this.#output.end(() => this.#close());
  };

  #takeBatch(): Frame[] {
    const batch: Frame[] = [];
    let bytes = 0;
    while (this.#head < this.#queue.length && bytes < BATCH_BYTES) {
      const message = this.#queue[this.#head++]!;
      if (message.state === "withdrawn") {
        this.#withdrawn--;
        continue;
      }
      message.state = "handed_over";
      bytes += message.bodyBytes;
      batch.push(message);
    }
    if (this.#head === this.#queue.length) {
      this.#queue = [];
      this.#head = 0;
    } else if (this.#head > 1024 && this.#head * 2 > this.#queue.length) {
      this.#queue = this.#queue.slice(this.#head);
      this.#head = 0;
    }
    return batch;
  }

  #compact(): void {
    this.#queue = this.#queue.slice(this.#head).filter(({ state }) => state === "queued");
    this.#head = 0;
    this.#withdrawn = 0;
  }

  #write(batch: Frame[]): void {
    let bytes = 0;
    for (const message of batch) bytes += message.bodyBytes;
    this.#writing = true;
    let hearers: (() => void)[] | undefined;
    const done = (error?: Error | null): void => {
      this.#writing = false;
      if (!error) for (const hear of hearers ?? []) hear();
      if (this.#state === "closed") return;
      this.#queuedBytes -= bytes;
      if (error) this.#fail(error);
      else this.#flush();
    };
    const pieces = encode(batch, this.#options.onHandedOver);
    // Whoever made it keeps it to ask what became of it: what it said is not needed for that.
    for (const message of batch) {
      message.lead = "";
      message.payload = undefined;
      message.data = undefined;
      if (message.onWritten !== undefined) (hearers ??= []).push(message.onWritten);
    }
    const last = pieces.length - 1;
    if (last > 0) this.#output.cork();
    for (let i = 0; i < last; i++) this.#output.write(pieces[i]!);
    this.#output.write(pieces[last]!, done);
    if (last > 0) this.#output.uncork();
  }

  #fail(error: Error, report = true): void {
    if (this.#state === "closed") return;
    this.#close();
    if (report) this.#options.onFailed(error);
  }

  #close(): void {
    this.#state = "closed";
    this.#queue = [];
    this.#head = 0;
    this.#withdrawn = 0;
    this.#queuedBytes = 0;
    this.#ended?.resolve();
  }
}

/**
 * The bytes of a batch: one buffer for all that is small, with views of it around what is large. What is ASCII is
 * put together as text, because one long string gets into a buffer sooner than many short ones.
 */
function encode(batch: readonly Frame[], tap: FrameWriterOptions["onHandedOver"]): Buffer[] {
  let room = 0;
  for (const { payload, data, bodyBytes } of batch) {
    room += HEADER_ROOM + bodyBytes - referenced(payload);
    if (data !== undefined) room += BULK_HEADER_ROOM - referenced(data);
  }
  const buffer = Buffer.allocUnsafe(room);
  const pieces: Buffer[] = [];
  const seen: { readonly start: number; readonly end: number; readonly frame: Frame }[] = [];
  const firstSeen = tap === undefined ? Infinity : batch.length - SEEN_AT_ONCE;
  let pieceStart = 0;
  let text = "";
  let textStart = 0;
  for (let index = 0; index < batch.length; index++) {
    const message = batch[index]!;
    const { lead, first, joint, payload, data, bodyBytes } = message;
    const jsonLength = data === undefined ? bodyBytes : jsonBytes(lead, first, joint, payload);
    const header = data === undefined ? frameHeader(bodyBytes) : bulkHeader(bodyBytes, jsonLength);
    const bodyStart = textStart + text.length + header.length;
    text += header + lead;
    if (first !== undefined) {
      textStart += buffer.write(text, textStart, "latin1");
      text = "";
      buffer.set(first, textStart);
      textStart += first.length;
    }
    if (payload === undefined) {
      text += "}";
    } else if (typeof payload === "string") {
      const isAscii = jsonLength === lead.length + (first?.length ?? 0) + joint.length + payload.length + 1;
      if (isAscii) {
        text += joint + payload + "}";
      } else {
        textStart += buffer.write(text + joint, textStart, "latin1");
        textStart += buffer.write(payload, textStart, "utf8");
        text = "}";
      }
    } else {
      textStart += buffer.write(text + joint, textStart, "latin1");
      if (payload.length < BY_REFERENCE_BYTES) {
        buffer.set(payload, textStart);
        textStart += payload.length;
      } else {
        pieces.push(buffer.subarray(pieceStart, textStart), payload);
        pieceStart = textStart;
      }
      text = "}";
    }
    if (index >= firstSeen) seen.push({ start: bodyStart, end: textStart + text.length, frame: message });
    if (data !== undefined) {
      textStart += buffer.write(text, textStart, "latin1");
      text = "";
      // Memory that a program has given away meanwhile (`transfer`) is its own loss, and must not break the frames.
      const whole = data.length === bodyBytes - jsonLength ? data : Buffer.alloc(bodyBytes - jsonLength);
      if (whole.length < BY_REFERENCE_BYTES) {
        buffer.set(whole, textStart);
        textStart += whole.length;
      } else {
        pieces.push(buffer.subarray(pieceStart, textStart), whole);
        pieceStart = textStart;
      }
    }
  }
  buffer.write(text, textStart, "latin1");
  textStart += text.length;
  if (textStart > pieceStart) pieces.push(buffer.subarray(pieceStart, textStart));
  for (const { start, end, frame: message } of seen) {
    const { payload, bodyBytes } = message;
    const head =
      typeof payload === "object" && referenced(payload) > 0
        ? Buffer.concat([buffer.subarray(start, end - 1), payload.subarray(0, TAP_BYTES)])
        : buffer.subarray(start, end);
    tap?.(head, bodyBytes);
  }
  return pieces;
}

/** How much of a payload is passed on as it is. */
function referenced(payload: JsonText | undefined): number {
  return typeof payload === "object" && payload.length >= BY_REFERENCE_BYTES ? payload.length : 0;
}
