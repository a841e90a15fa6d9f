/** Bars as SVG: readable on a light and on a dark page, in any renderer. */

export interface Bar {
  readonly title: string;
  readonly value: number;
  readonly label: string;
  /** One of ours. */
  readonly own: boolean;
}

const width = 720;
const rowHeight = 26;
const titleWidth = 210;
const labelWidth = 110;
const top = 34;

/** The longest bar is as wide as there is room; the others are in proportion. */
export function chart(title: string, bars: readonly Bar[]): string {
  const height = top + bars.length * rowHeight + 8;
  const most = Math.max(...bars.map(({ value }) => value));
  const rows = bars.map(({ title: name, value, label, own }, index) => {
    const y = top + index * rowHeight;
    const length = Math.max(1, ((width - titleWidth - labelWidth) * value) / most);
    const kind = own ? "own" : "other";
    return [
      `<text x="${titleWidth - 8}" y="${y + 16}" text-anchor="end">${escaped(name)}</text>`,
      `<rect class="${kind}" x="${titleWidth}" y="${y + 3}" width="${length.toFixed(1)}" height="18" rx="2"/>`,
      `<text x="${(titleWidth + length + 6).toFixed(1)}" y="${y + 16}">${escaped(label)}</text>`,
    ].join("\n");
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">
<title>${escaped(title)}</title>
<style>
text { font: 13px system-ui, sans-serif; fill: #24292f }
.head { font-weight: 600 }
.own { fill: #1f6feb }
.other { fill: #9da7b3 }
@media (prefers-color-scheme: dark) { text { fill: #d1d7e0 } .own { fill: #4493f8 } .other { fill: #656c76 } }
</style>
<text class="head" x="8" y="20">${escaped(title)}</text>
${rows.join("\n")}
</svg>
`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
