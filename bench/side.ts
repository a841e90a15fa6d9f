/** What is measured: calls of one size, so many of them under way at once. */
export interface Work {
  /** Of the text that goes there and comes back; 0 is a small call, two numbers there and one back. */
  readonly bytes: number;
  readonly calls: number;
  readonly inFlight: number;
}

export interface Figure {
  /** Wall time divided by calls. */
  readonly microsPerCall: number;
  /** Of the caller's process, all its threads. */
  readonly cpuMicrosPerCall: number;
  /** Of the process in the middle, where there is one. */
  readonly relayCpuMicrosPerCall?: number;
  /** Objects that V8 allocated in the caller's main thread; a side in another language has none. */
  readonly heapBytesPerCall?: number;
}

/** What a side says of itself before it takes work. */
export interface About {
  /** What it is made of, with versions. */
  readonly about: string;
  /** The most that it can have under way at once; absent: as much as it is asked for. */
  readonly mostInFlight?: number;
  /** The caller's process, and the one in the middle: for whoever counts what they do and hold. */
  readonly caller?: number;
  readonly relay?: number;
  /** What it has measured by itself on its way to here. */
  readonly facts?: Readonly<Record<string, number>>;
}

/** One contestant. */
export interface Side {
  readonly about: About;
  measure(work: Work): Promise<Figure>;
  close(): Promise<void>;
}
