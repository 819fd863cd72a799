import { describe, expect, test } from 'vitest';
import type { AskedPlace } from '../../lambda/rotation/model.ts';
import { aWorld } from './world.ts';

const ours = 'zabbix:10051';
const theirs = 'elsewhere:10051';
const said = (place: string, answer: AskedPlace['said']): AskedPlace => ({ place, said: answer });

/** A host that reports to these places, and what the operator has named of them. */
function reportingTo(places: readonly AskedPlace[], own: readonly string[] = [], offersShadow = true) {
  const world = aWorld();
  Object.assign(world.host('web-1'), { places, offersShadow });
  world.monitor.ownPlaces = own;
  return world;
}

describe('an agent that reports elsewhere too is refused before anything is touched:', () => {
  test.each([
    {
      what: 'another server takes its key',
      places: [said(ours, 'accepted'), said(theirs, 'accepted')],
      own: [ours],
      says: /host "web-1" on i-\w+ reports to elsewhere:10051 \(takes its present key\), and that is not known to belong to this Zabbix/,
    },
    {
      what: 'another server cannot be asked whether it does',
      places: [said(ours, 'accepted'), said(theirs, 'unreachable')],
      own: [ours],
      says: /reports to elsewhere:10051 \(could not be asked\)/,
    },
    {
      what: 'two take its key and none is known',
      places: [said(ours, 'accepted'), said(theirs, 'accepted')],
      own: [],
      says: /reports to zabbix:10051 \(.*\) and elsewhere:10051 \(.*\), and which of them belong to this Zabbix is not known/,
    },
    {
      what: 'its own server is down, the other takes its key',
      places: [said(ours, 'unreachable'), said(theirs, 'accepted')],
      own: [ours],
      says: /reports to elsewhere:10051/,
    },
    {
      what: 'zabbix_sender finds what the shadow agent could not ask',
      places: [said(ours, 'none'), said(theirs, 'none'), said(ours, 'accepted'), said(theirs, 'accepted')],
      own: [ours],
      says: /reports to elsewhere:10051 \(takes its present key\)/,
    },
  ])('$what', async ({ places, own, says }) => {
    const world = reportingTo(places, own);

    await expect(world.rotate()).rejects.toMatchObject({
      code: 'REPORTS_ELSEWHERE',
      message: expect.stringMatching(says),
    });

    expect(world.keysInUse()).toEqual({ 'web-1': 'old/old' });
    expect(world.facts.filter(({ event }) => event === 'zabbix.giving')).toEqual([]);
    expect(world.ends()).toMatchObject([{ outcome: 'refused' }]);
  });

  test('where nothing on the node can ask with the new key', async () => {
    const world = reportingTo([said(ours, 'none'), said(theirs, 'none')], [ours], false);
    await expect(world.rotate()).rejects.toThrow(/elsewhere:10051 \(could not be asked\).*zabbix\.places/);
    expect(world.keysInUse()).toEqual({ 'web-1': 'old/old' });
  });
});

test.each([
  { what: 'one place', places: [said(ours, 'accepted')], own: [] },
  { what: 'one place that nobody can ask', places: [said(ours, 'none')], own: [] },
  { what: 'a cluster', places: [said('zabbix-1;zabbix-2', 'accepted')], own: [] },
  { what: 'another that refuses its key', places: [said(ours, 'accepted'), said(theirs, 'refused')], own: [] },
  { what: 'another that is known', places: [said(ours, 'accepted'), said(theirs, 'accepted')], own: [ours, theirs] },
  {
    what: 'another that zabbix_sender alone finds accepting',
    places: [said(ours, 'accepted'), said(theirs, 'refused'), said(ours, 'accepted'), said(theirs, 'accepted')],
    own: [ours],
  },
])('an agent that reports to $what is rotated', async ({ places, own }) => {
  const world = reportingTo(places, own);
  await world.rotate();
  expect(world.keysInUse()).toEqual({ 'web-1': 'new/new' });
});
