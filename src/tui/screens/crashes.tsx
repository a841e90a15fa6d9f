import type { ReactNode } from "react";
import { Lines } from "../parts/lines.tsx";
import type { Screen } from "../screen.ts";

export const crashesScreen: Screen<null, never> = {
  id: "crashes",
  title: "Crashes",
  initial: null,
  bindings: () => [],
  command: () => "ps",
  View: (): ReactNode => <Lines lines={[]} />,
};
