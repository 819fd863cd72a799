import type { AgentKind } from '../hosts/agent.ts';
import type { ZabbixVersion } from '../release.ts';
import { agentKinds, expectNothingStrange, serverVersion, startBenchLab } from './bench-lab.ts';
import { CacheRenewals } from './cache-renewals.ts';
import { changeAll } from './change-all.ts';
import { averageLoad } from './computer.ts';
import { type Measured, measureChanges } from './measure-changes.ts';
import type { MeasuredVersion, Rotation, StartUp } from './results.ts';
import { measureStartUp } from './start-up.ts';
import { turns } from './turns.ts';

export interface VersionRun {
  readonly version: MeasuredVersion;
  readonly measured: readonly Measured[];
  readonly startUp: StartUp;
}

export interface Progress {
  /** Says what goes on for as long as `work` does. */
  during<T>(text: string, work: () => Promise<T>): Promise<T>;
  measured(rotation: Rotation): void;
}

/** Measures every order with both agents on one Zabbix, `rounds` rotations each. */
export async function measureVersion(version: ZabbixVersion, rounds: number, progress: Progress): Promise<VersionRun> {
  const { during } = progress;
  const lab = await during(`Zabbix ${version} runs, the stack is deployed, six hosts send values`, () =>
    startBenchLab(version),
  );
  const renewals = await CacheRenewals.watch(lab.zabbix);
  try {
    const startUp = await during('the function is started ten times', () => measureStartUp(lab));
    const measured: Measured[] = [];
    const loadAverage: number[] = [];
    /** A host of a plain script may be blind for two minutes: the other agent's turn comes meanwhile. */
    const settling = new Map<AgentKind, Promise<readonly Measured[]>>();
    const settle = async (kind: AgentKind) => {
      const measuring = settling.get(kind);
      if (measuring === undefined) return;
      const done = await during(`${kind}: its values come in again`, () => measuring);
      settling.delete(kind);
      for (const { rotation } of done) progress.measured(rotation);
      measured.push(...done);
    };
    for (const turn of turns(agentKinds, rounds)) {
      await settle(turn.kind);
      loadAverage.push(averageLoad());
      const changes = await during(`round ${turn.round} of ${rounds}: three keys of ${turn.kind} are changed`, () =>
        changeAll(lab, renewals, turn),
      );
      const measuring = measureChanges(changes, renewals, turn);
      // Awaited in a while; until then a failure must not end the process.
      measuring.catch(() => {});
      settling.set(turn.kind, measuring);
    }
    for (const kind of agentKinds) await settle(kind);
    expectNothingStrange(lab);
    const rotations = measured.map(({ rotation }) => rotation);
    return {
      version: { zabbix: await serverVersion(lab), cacheUpdateS: renewals.periodS, loadAverage, rotations },
      ...{ measured, startUp },
    };
  } finally {
    renewals.stop();
    await lab.stop();
  }
}
