import { framing } from "./behaviours/framing.ts";
import { survives } from "./suite.ts";

survives("lies about frames", framing);
