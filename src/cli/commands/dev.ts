import { Option } from "commander";
import { BulkheadError } from "../../../protocol/error.ts";
import { examples } from "../context.ts";
import type { Define } from "../context.ts";

interface Options {
  readonly name?: string;
}

export const define: Define = (command, context) => {
  examples(command, [
    ["bulkhead dev .", "the plugin of this directory, as its plugin.toml says"],
    ["bulkhead dev target/release/hello", "an executable; if it is not there yet, it is waited for"],
    ["bulkhead dev ./hello.py -- --verbose", "with arguments for the plugin"],
  ])
    .argument("<path>", "an executable, or a directory with a plugin.toml")
    .argument("[args...]", "for the plugin, after --")
    .addOption(new Option("--name <name>", "of the plugin; default: from the name of the executable"))
    .addHelpText(
      "after",
      "\nRuns a daemon of its own, with a state directory that is removed at the end, until Ctrl-C. Each new build" +
        "\nreplaces the running process without dropping a call; one that does not start leaves the old one in place." +
        "\nIn a directory, a changed plugin.toml takes effect, and so does any changed source of a script.",
    )
    .action(async (path: string, args: string[], { name }: Options) => {
      const named = ["stateDir", "socket", "config"].find(
        (option) => command.parent?.getOptionValueSource(option) === "cli",
      );
      if (named !== undefined) {
        const message = "dev has a state directory, a socket and a configuration of its own";
        throw BulkheadError.of("usage", `${message}: leave out --state-dir, --socket and --config`);
      }
      const { devTarget } = await import("../dev/target.ts");
      const target = devTarget(path, args, name);
      const { runDev } = await import("../dev/daemon.ts");
      await runDev(target, context().out);
    });
};
