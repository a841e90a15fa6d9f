const SMALLEST = 16;

/**
 * A map from message ids to what is open under them. Ids count up on both sides of nearly every connection, so an id has
 * its place at its last bits, beside its neighbours; one whose place is taken goes into a Map. There are at least
 * twice as many places as ids.
 *
 * Not a `Map` for all of them: entries come and go all the time here, so a Map soon makes itself a new table, and again
 * and again; V8 links each old table to the next, and once one of them is old, all that follow survive every young
 * collection. At 256 calls in flight that was a third of the time.
 */
export class IdTable<Value> {
  #ids: number[] = places(SMALLEST, 0);
  #values: (Value | undefined)[] = places(SMALLEST, undefined);
  #mask = SMALLEST - 1;
  #placed = 0;
  /** Texts, and integers whose place is taken. */
  readonly #others = new Map<number | string, Value>();

  get size(): number {
    return this.#placed + this.#others.size;
  }

  get(id: number | string): Value | undefined {
    if (typeof id === "number") {
      const place = id & this.#mask;
      if (this.#ids[place] === id && this.#values[place] !== undefined) return this.#values[place];
    }
    return this.#others.size === 0 ? undefined : this.#others.get(id);
  }

  set(id: number | string, value: Value): void {
    if (typeof id === "string" || this.#others.has(id)) {
      this.#others.set(id, value);
      return;
    }
    if (this.size * 2 >= this.#ids.length) this.#grow();
    this.#put(id, value);
  }

  delete(id: number | string): void {
    if (typeof id === "number") {
      const place = id & this.#mask;
      if (this.#ids[place] === id && this.#values[place] !== undefined) {
        this.#values[place] = undefined;
        this.#placed--;
        return;
      }
    }
    if (this.#others.size > 0) this.#others.delete(id);
  }

  clear(): void {
    this.#others.clear();
    this.#resize(SMALLEST);
  }

  /** All values, in no particular order. */
  values(): Value[] {
    return [...this.#values.filter((value) => value !== undefined), ...this.#others.values()];
  }

  #put(id: number, value: Value): void {
    const place = id & this.#mask;
    if (this.#values[place] === undefined) this.#placed++;
    else if (this.#ids[place] !== id) {
      this.#others.set(id, value);
      return;
    }
    this.#ids[place] = id;
    this.#values[place] = value;
  }

  #grow(): void {
    const ids = this.#ids;
    const values = this.#values;
    const others = [...this.#others];
    this.#others.clear();
    this.#resize(ids.length * 2);
    for (const [i, value] of values.entries()) if (value !== undefined) this.#put(ids[i]!, value);
    for (const [id, value] of others) {
      if (typeof id === "number") this.#put(id, value);
      else this.#others.set(id, value);
    }
  }

  #resize(size: number): void {
    this.#ids = places(size, 0);
    this.#values = places(size, undefined);
    this.#mask = size - 1;
    this.#placed = 0;
  }
}

function places<T>(size: number, empty: T): T[] {
  return Array.from({ length: size }, () => empty);
}
