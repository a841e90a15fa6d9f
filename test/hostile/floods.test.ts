import { floods } from "./behaviours/floods.ts";
import { survives } from "./suite.ts";

survives("floods, and plugins that do not read", floods);
