import { expect, test } from 'vitest';
import { aPatientInventory, synthesize } from './synthesis.ts';

const template = synthesize();
const rules = template.findResources('AWS::Events::Rule');
const [repairer] = Object.keys(template.findResources('AWS::Lambda::Function')).filter((id) =>
  id.startsWith('Repairer'),
);

function targets(rule: string) {
  const [found] = Object.entries(rules).filter(([id]) => id.startsWith(rule));
  return found?.[1].Properties.Targets.filter(({ Arn }: { Arn: unknown }) =>
    JSON.stringify(Arn).includes(`${repairer}`),
  );
}

test('the repair function hears of failed rotations of our secrets only, by the same rule as the people', () => {
  // The event as it is: the function reads the secret out of it.
  expect(targets('FailedRotations')).toEqual([{ Arn: { 'Fn::GetAtt': [repairer, 'Arn'] }, Id: expect.any(String) }]);
  const others = Object.keys(rules).filter((id) => !id.startsWith('FailedRotations'));
  expect(others.map((id) => rules[id]?.Properties.EventPattern)).toEqual([undefined]);
});

test('it looks once an hour for what nobody has told it of', () => {
  const [, rule] = Object.entries(rules).find(([id]) => id.startsWith('RepairerRegularly')) ?? [];

  expect(rule?.Properties).toMatchObject({ ScheduleExpression: 'rate(1 hour)', State: 'ENABLED' });
  expect(targets('RepairerRegularly')).toMatchObject([{ Input: '{"repair":"all"}' }]);
});

test('Lambda repeats no failed repair: the schedule comes back', () => {
  template.hasResourceProperties('AWS::Lambda::EventInvokeConfig', {
    FunctionName: { Ref: repairer },
    MaximumRetryAttempts: 0,
  });
});

test('its name is an output, with its test events', () => {
  expect(template.findOutputs('RepairFunction')).toMatchObject({
    RepairFunction: { Value: { Ref: repairer }, Description: expect.stringContaining('{"repair": "<secret>"}') },
  });
});

test('it looks every five minutes after rotations that wait, where there can be any', () => {
  const ruleOf = (inventory?: unknown) =>
    Object.entries(synthesize(inventory).findResources('AWS::Events::Rule')).find(([id]) =>
      id.startsWith('RepairerWaiting'),
    )?.[1].Properties;
  expect(ruleOf()).toBeUndefined();
  expect(ruleOf(aPatientInventory)).toMatchObject({
    ScheduleExpression: 'rate(5 minutes)',
    State: 'ENABLED',
    Targets: [{ Input: '{"repair":"waiting"}' }],
  });
});
