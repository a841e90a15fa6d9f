import { lifecycle } from "./behaviours/lifecycle.ts";
import { survives } from "./suite.ts";

survives("comings and goings", lifecycle);
