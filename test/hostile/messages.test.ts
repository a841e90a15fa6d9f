import { messages } from "./behaviours/messages.ts";
import { survives } from "./suite.ts";

survives("messages that may not be", messages);
