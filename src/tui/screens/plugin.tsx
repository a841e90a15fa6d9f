import type { ReactNode } from "react";
import { Lines } from "../parts/lines.tsx";
import type { Screen } from "../screen.ts";

export const pluginScreen: Screen<null, never> = {
  id: "plugin",
  title: "Plugin",
  initial: null,
  bindings: () => [],
  command: () => "ps",
  View: (): ReactNode => <Lines lines={[]} />,
};
