/** Small parts of an SVG picture, as text. */

export interface Style {
  readonly size?: number;
  readonly bold?: boolean;
  readonly colour: string;
  readonly anchor?: 'start' | 'middle' | 'end';
}

export function text(x: number, y: number, says: string, { size, bold = false, colour, anchor }: Style): string {
  const more = [
    ...(size === undefined ? [] : [`font-size="${size}"`]),
    ...(bold ? ['font-weight="600"'] : []),
    ...(anchor === undefined ? [] : [`text-anchor="${anchor}"`]),
  ];
  return `<text ${[`x="${px(x)}" y="${y}" fill="${colour}"`, ...more].join(' ')}>${escaped(says)}</text>`;
}

export function px(value: number): string {
  return value.toFixed(1);
}

export function escaped(says: string): string {
  return says.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
