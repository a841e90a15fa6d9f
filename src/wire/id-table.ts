const SMALLEST_BITS = 4;

/**
 * A map from message ids to what is open under them: open addressing, never more than half full.
 *
 * Not a `Map` for integers: entries come and go all the time here, so a Map soon makes itself a new table,
 * and again and again; V8 links each old table to the next, and once one of them is old, all that follow
 * survive every young collection. At 256 calls in flight that was a third of the time.
 */
export class IdTable<Value> {
  #bits = SMALLEST_BITS;
  #ids: number[] = emptyIds(SMALLEST_BITS);
  #values: (Value | undefined)[] = emptyValues(SMALLEST_BITS);
  #integers = 0;
  readonly #texts = new Map<string, Value>();

  get size(): number {
    return this.#integers + this.#texts.size;
  }

  get(id: number | string): Value | undefined {
    return typeof id === "string" ? this.#texts.get(id) : this.#values[this.#slotOf(id)];
  }

  set(id: number | string, value: Value): void {
    if (typeof id === "string") {
      this.#texts.set(id, value);
      return;
    }
    const slot = this.#slotOf(id);
    if (this.#values[slot] === undefined) this.#integers++;
    this.#ids[slot] = id;
    this.#values[slot] = value;
    if (this.#integers * 2 > this.#ids.length) this.#grow();
  }

  delete(id: number | string): void {
    if (typeof id === "string") {
      this.#texts.delete(id);
      return;
    }
    let hole = this.#slotOf(id);
    if (this.#values[hole] === undefined) return;
    this.#integers--;
    // Whoever was pushed past the hole by a collision moves up, so that no search ends too soon.
    const mask = this.#ids.length - 1;
    for (let slot = (hole + 1) & mask; this.#values[slot] !== undefined; slot = (slot + 1) & mask) {
      const home = this.#home(this.#ids[slot]!);
      if (((slot - home) & mask) < ((slot - hole) & mask)) continue;
      this.#ids[hole] = this.#ids[slot]!;
      this.#values[hole] = this.#values[slot];
      hole = slot;
    }
    this.#values[hole] = undefined;
  }

  clear(): void {
    this.#texts.clear();
    this.#integers = 0;
    this.#resize(SMALLEST_BITS);
  }

  /** All values, in no particular order. */
  values(): Value[] {
    return [...this.#values.filter((value) => value !== undefined), ...this.#texts.values()];
  }

  /** Ids count up on both sides of nearly every connection: neighbours stay neighbours, and never collide. */
  #home(id: number): number {
    return id & (this.#ids.length - 1);
  }

  /** Where this id is, or else where it would go. */
  #slotOf(id: number): number {
    const mask = this.#ids.length - 1;
    let slot = this.#home(id);
    while (this.#values[slot] !== undefined && this.#ids[slot] !== id) slot = (slot + 1) & mask;
    return slot;
  }

  #grow(): void {
    const ids = this.#ids;
    const values = this.#values;
    this.#resize(this.#bits + 1);
    for (const [i, value] of values.entries()) {
      if (value === undefined) continue;
      const slot = this.#slotOf(ids[i]!);
      this.#ids[slot] = ids[i]!;
      this.#values[slot] = value;
    }
  }

  #resize(bits: number): void {
    this.#bits = bits;
    this.#ids = emptyIds(bits);
    this.#values = emptyValues(bits);
  }
}

function emptyIds(bits: number): number[] {
  return Array.from({ length: 2 ** bits }, () => 0);
}

function emptyValues<Value>(bits: number): (Value | undefined)[] {
  return Array.from({ length: 2 ** bits }, () => undefined);
}
