/** The screens by their ids. */
import type { Screen, ScreenId } from "./screen.ts";
import { callScreen } from "./screens/call.tsx";
import { crashesScreen } from "./screens/crashes.tsx";
import { eventsScreen } from "./screens/events.tsx";
import { pluginScreen } from "./screens/plugin.tsx";
import { pluginsScreen } from "./screens/plugins.tsx";
import { todosScreen } from "./screens/todos.tsx";

/** Each screen gets back only what it made itself: its state and its messages are nobody else's business. */
function sealed<S, M>(screen: Screen<S, M>): Screen<unknown, unknown> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see above
  return screen as unknown as Screen<unknown, unknown>;
}

export const screens: Readonly<Record<ScreenId, Screen<unknown, unknown>>> = {
  plugins: sealed(pluginsScreen),
  plugin: sealed(pluginScreen),
  call: sealed(callScreen),
  crashes: sealed(crashesScreen),
  todos: sealed(todosScreen),
  events: sealed(eventsScreen),
};
