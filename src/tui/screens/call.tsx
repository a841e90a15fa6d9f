import type { ReactNode } from "react";
import { Lines } from "../parts/lines.tsx";
import type { Screen } from "../screen.ts";

export const callScreen: Screen<null, never> = {
  id: "call",
  title: "Call",
  initial: null,
  bindings: () => [],
  command: () => "ps",
  View: (): ReactNode => <Lines lines={[]} />,
};
