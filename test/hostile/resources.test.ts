import { resources } from "./behaviours/resources.ts";
import { survives } from "./suite.ts";

survives("want of everything", resources);
