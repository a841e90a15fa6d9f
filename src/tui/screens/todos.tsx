import type { ReactNode } from "react";
import { Lines } from "../parts/lines.tsx";
import type { Screen } from "../screen.ts";

export const todosScreen: Screen<null, never> = {
  id: "todos",
  title: "Todos",
  initial: null,
  bindings: () => [],
  command: () => "ps",
  View: (): ReactNode => <Lines lines={[]} />,
};
