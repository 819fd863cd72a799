/**
 * Kills the functions and scripts of the fakes' rotations everywhere: `npm run crash:fakes` at every point of every scenario;
 * with `--pairs` at every pair of points of the scenarios with one target and one retry, at the gate that `--gate` names.
 * `--share 1/2` plays every second one only, so that two runs share two cores. Ends with 1 when something did not end well.
 */
import { parseArgs } from 'node:util';
import { type Found, pairsOf, pointsOf, scenarios } from './every-point.ts';
import { type Kills, play, type Scenario } from './scenario.ts';

const { values } = parseArgs({
  options: {
    pairs: { type: 'boolean', default: false },
    gate: { type: 'string', default: 'shadow-agent' },
    share: { type: 'string', default: '1/1' },
  },
});

const [own = 1, shares = 1] = values.share.split('/').map(Number);
const from = performance.now();
const found: Found[] = [];
let runs = 0;

for (const scenario of values.pairs ? scenarios.filter(isForPairs) : scenarios) {
  const before = runs;
  const points = pointsOf(await play(scenario));
  for (const [nth, first] of points.entries()) {
    if (nth % shares !== own - 1) continue;
    const after = await playKilled(scenario, first);
    if (!values.pairs) continue;
    for (const both of pairsOf(first, after)) await playKilled(scenario, both);
  }
  console.log(`${JSON.stringify(scenario)}: ${runs - before} runs, ${found.length} wrong so far`);
}

for (const { scenario, kills, wrong } of found.slice(0, 20))
  console.log(`${JSON.stringify(scenario)} ${JSON.stringify(kills)}: ${wrong.join('; ')}`);
const seconds = Math.round((performance.now() - from) / 1000);
console.log(`${runs} runs${values.pairs ? ' (points and pairs of points)' : ''}, ${seconds} s, ${found.length} wrong`);
if (found.length > 0) process.exitCode = 1;

async function playKilled(scenario: Scenario, kills: Kills) {
  runs += 1;
  const ended = await play(scenario, kills);
  if (ended.wrong.length > 0) found.push({ scenario, kills, wrong: ended.wrong });
  return ended;
}

function isForPairs({ gate, targets, retries, identityMode }: Scenario): boolean {
  return gate === values.gate && targets === 1 && retries === 1 && identityMode === 'new';
}
