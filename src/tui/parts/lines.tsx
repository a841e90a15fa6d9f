/** Lines of text as they are: one element for each, because layout is what costs time. */
import { Box, Text } from "ink";
import type { ReactNode } from "react";

interface LinesProps {
  /** With colours, without line breaks; what is too wide is cut. */
  readonly lines: readonly string[];
  /** Exactly so many: the rest stays empty, and what is more is left out. */
  readonly rows?: number;
}

export function Lines({ lines, rows }: LinesProps): ReactNode {
  const shown = rows === undefined ? lines : lines.slice(0, rows);
  return (
    <Box flexDirection="column" flexShrink={0} {...(rows === undefined ? {} : { height: rows })}>
      {shown.map((line, at) => (
        // An empty text has no height.
        // oxlint-disable-next-line react/no-array-index-key -- a line is its place
        <Text key={at} wrap="truncate">
          {line === "" ? " " : line}
        </Text>
      ))}
    </Box>
  );
}
