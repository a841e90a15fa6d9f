import type { ReactNode } from "react";
import { Lines } from "../parts/lines.tsx";
import type { Screen } from "../screen.ts";

export const pluginsScreen: Screen<null, never> = {
  id: "plugins",
  title: "Plugins",
  initial: null,
  bindings: () => [],
  command: () => "ps",
  View: (): ReactNode => <Lines lines={[]} />,
};
