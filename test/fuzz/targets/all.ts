import type { Target } from "../target.ts";
import { bulk } from "./bulk.ts";
import { config } from "./config.ts";
import { frames } from "./frames.ts";
import { guard } from "./guard.ts";
import { lock } from "./lock.ts";
import { messages } from "./messages.ts";
import { minisign } from "./minisign.ts";
import { relay } from "./relay.ts";
import { settings } from "./settings.ts";
import { transcripts } from "./transcripts.ts";

export const targets: readonly Target[] = [
  frames,
  messages,
  bulk,
  relay,
  config,
  settings,
  lock,
  minisign,
  guard,
  transcripts,
];
