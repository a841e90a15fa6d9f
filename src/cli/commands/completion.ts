import { Argument } from "commander";
import { examples } from "../context.ts";
import type { Define } from "../context.ts";

const scripts = {
  bash: `_bulkhead() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    COMPREPLY+=("$line")
  done < <(bulkhead __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  [[ \${#COMPREPLY[@]} -eq 1 && \${COMPREPLY[0]} == *. ]] && compopt -o nospace
}
complete -o default -F _bulkhead bulkhead
`,
  zsh: `#compdef bulkhead
_bulkhead() {
  local -a candidates
  candidates=(\${(f)"$(bulkhead __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)"})
  if (( \${#candidates} )); then
    compadd -S '' -- \${(M)candidates:#*.}
    compadd -- \${candidates:#*.}
  else
    _files
  fi
}
compdef _bulkhead bulkhead
`,
  fish: `function __bulkhead_complete
    set -l words (commandline -opc) (commandline -ct)
    bulkhead __complete -- $words[2..-1] 2>/dev/null
end
complete -c bulkhead -f -a '(__bulkhead_complete)'
`,
} as const;

export const define: Define = (command, context) => {
  examples(command, [
    ["source <(bulkhead completion bash)", "for this shell; in ~/.bashrc for every one"],
    ["bulkhead completion zsh > ~/.zfunc/_bulkhead", "in a directory of $fpath"],
    ["bulkhead completion fish > ~/.config/fish/completions/bulkhead.fish", "found by fish itself"],
  ])
    .addArgument(new Argument("<shell>").choices(Object.keys(scripts)))
    .action((shell: keyof typeof scripts) => {
      context().out.line(scripts[shell].trimEnd());
    });
};
