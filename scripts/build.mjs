// `npm run build`: dependencies, the supervisor, and the native parts that this machine can build.
import { setup } from "./setup.mjs";

await setup();
