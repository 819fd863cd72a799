/** The picture of one key change in each order: pure text from numbers, the same for the same numbers. */
import { titles } from './order.ts';
import type { Results, TimeLine } from './results.ts';
import { escaped, px, text } from './svg.ts';

type Picture = Results['picture'];

/** A card of its own, because GitHub shows it on white and on black. */
const colours = {
  card: '#fbfaf7',
  edge: '#d5d2c8',
  ink: '#26292e',
  faint: '#6b6f76',
  oldKey: '#c9a227',
  newKey: '#2a7f86',
  hole: '#f3c3bd',
  loss: '#a3261b',
} as const;

const width = 960;
/** where the seconds begin and end */
const [left, right] = [120, 936];
const top = 64;
const panelHeight = 142;
/** of the rows within a panel */
const rowsAt = { server: 36, agent: 60, passive: 86, active: 112 } as const;

export function timeLines(picture: Picture): string {
  const scale = scaleOf(picture);
  const height = top + picture.timeLines.length * panelHeight + 40;
  const panels = picture.timeLines.map((one, index) => panel(one, top + index * panelHeight, scale));
  const size = `viewBox="0 0 ${width} ${height}" width="${width}" height="${height}"`;
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" ${size} role="img" aria-labelledby="title desc" font-family="system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif" font-size="13">`,
    `<title id="title">${escaped(headline(picture))}</title>`,
    `<desc id="desc">${escaped(picture.timeLines.map(told).join(' '))}</desc>`,
    `<rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="10" fill="${colours.card}" stroke="${colours.edge}"/>`,
    text(24, 28, headline(picture), { size: 15, bold: true, colour: colours.ink }),
    ...legend(),
    ...panels.flat(),
    ...axis(scale, height - 40),
    '</svg>',
  ].join('\n')}\n`;
}

function headline({ zabbix, agent, everyS }: Picture): string {
  return `One host’s key is changed: Zabbix ${zabbix}, ${agent}, default settings, values every ${everyS} s`;
}

interface Scale {
  readonly fromS: number;
  readonly toS: number;
  x(s: number): number;
}

const tickS = 10;

/** Until every item has a value again and the next: so far all of them were read. */
function scaleOf({ timeLines: all, everyS }: Picture): Scale {
  const latestS = Math.max(
    tickS,
    ...all.flatMap((one) => [one.agentListeningS, one.passive.hole.toS, one.active.hole.toS]),
  );
  const [fromS, toS] = [-tickS, latestS + everyS];
  return { fromS, toS, x: (s) => left + ((s - fromS) / (toS - fromS)) * (right - left) };
}

function panel(one: TimeLine, y: number, scale: Scale): readonly string[] {
  const { fromS, toS } = scale;
  const { serverUsesS, agentStoppedS, agentListeningS, toldS } = one;
  const [serverY, agentY] = [y + rowsAt.server, y + rowsAt.agent];
  return [
    text(24, y + 14, titles[one.order], { bold: true, colour: colours.ink }),
    text(right, y + 14, holesSay(one), { colour: colours.faint, anchor: 'end' }),
    label('server uses', serverY),
    bar(serverY, [fromS, serverUsesS], colours.oldKey, scale),
    bar(serverY, [serverUsesS, toS], colours.newKey, scale),
    notch(toldS, serverY, scale),
    label('agent has', agentY),
    bar(agentY, [fromS, agentStoppedS], colours.oldKey, scale),
    bar(agentY, [agentListeningS, toS], colours.newKey, scale),
    ...values('passive', one, y, scale),
    ...values('active', one, y, scale),
  ];
}

function values(direction: 'passive' | 'active', one: TimeLine, y: number, scale: Scale): readonly string[] {
  const { valuesS, hole } = one[direction];
  const rowY = y + rowsAt[direction];
  const [fromX, toX] = [scale.x(hole.fromS), scale.x(hole.toS)];
  const dots = valuesS
    .filter((s) => s >= scale.fromS && s <= scale.toS)
    .map((s) => `<circle cx="${px(scale.x(s))}" cy="${rowY}" r="3.2" fill="${colours.ink}"/>`);
  const shade = [
    `<rect x="${px(fromX)}" y="${rowY - 10}" width="${px(toX - fromX)}" height="20" fill="${colours.hole}"/>`,
    text((fromX + toX) / 2, rowY + 4, `${lengthS(hole).toFixed(1)} s`, { colour: colours.loss, anchor: 'middle' }),
  ];
  return [label(`${direction} values`, rowY), ...(hole.lost === 0 ? [] : shade), ...dots];
}

type Hole = TimeLine['passive']['hole'];

function lengthS({ fromS, toS }: Hole): number {
  return toS - fromS;
}

function holeSays(hole: Hole): string {
  const lost = hole.lost === 0 ? 'nothing lost' : `${hole.lost} ${hole.lost === 1 ? 'value' : 'values'} lost`;
  return `${lengthS(hole).toFixed(1)} s, ${lost}`;
}

function holesSay({ passive, active }: TimeLine): string {
  return `longest hole: passive ${holeSays(passive.hole)}; active ${holeSays(active.hole)}`;
}

/** For whoever cannot see it. */
function told(one: TimeLine): string {
  const { order, toldS, serverUsesS, agentListeningS } = one;
  const at = (s: number) => `${s.toFixed(1)} s`;
  return `${titles[order]}: Zabbix is told after ${at(toldS)}, the server uses the new key after ${at(serverUsesS)}, the agent after ${at(agentListeningS)}; ${holesSay(one)}.`;
}

function bar(y: number, [fromS, toS]: readonly [number, number], colour: string, { x }: Scale): string {
  return `<rect x="${px(x(fromS))}" y="${y - 7}" width="${px(Math.max(0, x(toS) - x(fromS)))}" height="14" fill="${colour}"/>`;
}

/** A notch in the server's bar where Zabbix is told and the server does not know it yet. */
function notch(s: number, y: number, { x }: Scale): string {
  return `<path d="M${px(x(s))} ${y + 3} l-5 9 h10 z" fill="${colours.ink}"/>`;
}

function legend(): readonly string[] {
  const entries = [
    { x: 24, shape: swatch(24, colours.oldKey), says: 'old key' },
    { x: 108, shape: swatch(108, colours.newKey), says: 'new key' },
    { x: 198, shape: `<path d="M206 41 l-5 9 h10 z" fill="${colours.ink}"/>`, says: 'Zabbix is told' },
    { x: 322, shape: `<circle cx="334" cy="46" r="3.2" fill="${colours.ink}"/>`, says: 'a value arrives' },
    { x: 456, shape: swatch(456, colours.hole), says: 'values are missing' },
  ];
  return entries.flatMap(({ x, shape, says }) => [shape, text(x + 22, 50, says, { colour: colours.faint })]);
}

function swatch(x: number, colour: string): string {
  return `<rect x="${x}" y="39" width="16" height="14" fill="${colour}"/>`;
}

function axis({ fromS, toS, x }: Scale, y: number): readonly string[] {
  const ticks = Array.from({ length: Math.floor((toS - fromS) / tickS) + 1 }, (_, index) => fromS + index * tickS);
  return [
    `<path d="M${left} ${y} H${right}" stroke="${colours.faint}"/>`,
    ...ticks.flatMap((s) => [
      `<path d="M${px(x(s))} ${y} v5" stroke="${colours.faint}"/>`,
      text(x(s), y + 20, s === 0 ? 'begins' : `${s} s`.replace('-', '−'), { colour: colours.faint, anchor: 'middle' }),
    ]),
  ];
}

function label(says: string, y: number): string {
  return text(left - 10, y + 4, says, { colour: colours.faint, anchor: 'end' });
}
