/** All checks, in the order in which they are told. */
import type { Check } from "./check.ts";
import { bulk } from "./checks/bulk.ts";
import { calls } from "./checks/calls.ts";
import { configuration } from "./checks/configuration.ts";
import { framing } from "./checks/framing.ts";
import { handshake } from "./checks/handshake.ts";
import { leaving } from "./checks/leaving.ts";
import { load } from "./checks/load.ts";
import { messages } from "./checks/messages.ts";
import { services } from "./checks/services.ts";
import { streams } from "./checks/streams.ts";
import { throughout } from "./checks/throughout.ts";

export const checks: readonly Check[] = [
  ...handshake,
  ...configuration,
  ...messages,
  ...framing,
  ...calls,
  ...bulk,
  ...streams,
  ...services,
  ...leaving,
  ...load,
  ...throughout,
];
