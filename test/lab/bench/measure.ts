import { defaultHabits } from '../aws/habits.ts';
import type { Screen } from '../demo/screen.ts';
import type { ZabbixVersion } from '../release.ts';
import { itemEveryS, serverSetting } from './bench-lab.ts';
import { budgets } from './budgets.ts';
import { computer } from './computer.ts';
import { fetchRoot } from './fetch-root.ts';
import { measureVersion, type VersionRun } from './measure-version.ts';
import { titles } from './order.ts';
import { pictured } from './pictured.ts';
import type { Results, Rotation } from './results.ts';

/** Measures one version after the other, so that neither disturbs the other's figures. */
export async function measure(versions: readonly ZabbixVersion[], rotations: number, screen: Screen): Promise<Results> {
  const runs: VersionRun[] = [];
  for (const version of versions) {
    screen.title(`Zabbix ${version}`);
    await fetchRoot(version, screen);
    runs.push(
      await measureVersion(version, rotations, {
        during: (text, work) => screen.during(text, work),
        measured: (rotation) => screen.line(`    ${inOneLine(rotation)}`),
      }),
    );
  }
  const [first] = runs;
  if (first === undefined) throw new RangeError('no version to measure');
  const measured = runs.map(({ version }) => version);
  return {
    measuredAt: new Date().toISOString(),
    computer: computer(),
    settings: settings(rotations),
    function: first.startUp,
    versions: measured,
    picture: pictured(first, itemEveryS),
    budgets: [...budgets(measured, first.startUp)],
  };
}

function settings(rotations: number): Results['settings'] {
  return {
    rotations: `${rotations} of each order and agent, begun at moments spread evenly over the server's cache period and over the item's interval`,
    server: serverSetting,
    items: `agent.ping (passive) and system.localtime (active), every ${itemEveryS} s; agents with defaults`,
    orders: Object.entries(titles)
      .map(([order, says]) => `${order}: ${says}`)
      .join('; '),
    function: `cold at every rotation; Run Command takes ${defaultHabits.deliveryDelayMs} ms to reach a node`,
  };
}

function inOneLine({ order, agent, round, passive, active, agentDownMs }: Rotation): string {
  const hole = (of: { holeS: number; lost: number }) => `${of.holeS.toFixed(1)} s (${of.lost} lost)`;
  return `${round}. ${agent.padEnd(13)} ${order.padEnd(12)} hole passive ${hole(passive)}, active ${hole(active)}, agent away ${agentDownMs} ms`;
}
