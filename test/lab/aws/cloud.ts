/** The door to the stand-in: load a synthesized stack, talk to it with the real SDK clients, read what has happened, close it. */
import { RotateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { ManagedNode } from '../managed-node.ts';
import { type Access, credentialsFor } from './access.ts';
import type { Clock } from './clock.ts';
import { emptyWorld } from './empty-world.ts';
import { fire } from './events/bus.ts';
import { scheduledEvent } from './events/scheduled-event.ts';
import type { Faults } from './faults.ts';
import type { Habits } from './habits.ts';
import { assertActionsExist } from './iam/action-names.ts';
import { idleStatements } from './iam/idle-statements.ts';
import type { StatementSource } from './iam/statement.ts';
import type { Json, JsonObject } from './json.ts';
import { findFunction, type InvocationEnd, invoke } from './lambda/invoke.ts';
import type { Place } from './place.ts';
import { longTermCredentials, operatorPrincipal, roleSession, sessionCredentials } from './principal.ts';
import type { EventRecord, Records } from './records.ts';
import { type RotationEnd, rotationEnd } from './rotation-end.ts';
import { startDueRotations } from './secrets-manager/due-rotations.ts';
import { findAlive } from './secrets-manager/secret.ts';
import { listen } from './server.ts';
import type { Command } from './ssm/command.ts';
import { knownNode } from './ssm/node.ts';
import { type LoadedStack, loadTemplate } from './template/load.ts';
import { readCdkOut } from './template/read-cdk-out.ts';
import type { World } from './world.ts';

export interface CloudOptions {
  /** Folder that `cdk synth` has written. */
  readonly cdkOut: string;
  /** Which stack, where the folder holds several. */
  readonly stack?: string;
  readonly nodes?: readonly ManagedNode[];
  /** Instance ids whose agent is too old for ENV_VAR parameters. */
  readonly oldAgents?: readonly string[];
  readonly clock?: Clock;
  readonly habits?: Partial<Habits>;
  readonly place?: Partial<Place>;
  /** Values for the template's parameters. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** A last change to the template before it is deployed, for tests of the stack itself. */
  readonly edit?: (template: JsonObject) => JsonObject;
}

export interface Cloud extends Pick<Records, keyof Records> {
  readonly endpoint: string;
  readonly place: Place;
  readonly operator: Access;
  readonly faults: Faults;
  readonly stack: LoadedStack;
  /** Everything that exists, for assertions that no API could make. */
  readonly world: World;
  readonly commands: readonly Command[];
  addNode(node: ManagedNode, agent?: 'current' | 'old'): void;
  /** Credentials of a role of the template, by logical id. */
  asRole(logicalId: string): Access;
  /** A test event from the Lambda console. Function by name, ARN or logical id. */
  invoke(functionName: string, event: Json): Promise<InvocationEnd>;
  /** RotateSecret as the operator; settles when the rotation has ended, retries included. Rejects when the call is refused. */
  rotate(secretName: string, options?: { readonly token?: string; readonly testOnly?: boolean }): Promise<RotationEnd>;
  /** The end of whatever rotation is under way, or the last one's. */
  rotationEnded(secretName: string): Promise<RotationEnd>;
  /** Starts every rotation whose time has come by the clock; names of the secrets. */
  startDueRotations(): readonly string[];
  /** Lets a rule with a schedule fire, by logical id or its beginning. Settles when its targets have dealt with it. */
  fire(ruleLogicalId: string): Promise<void>;
  /** Settles when every target of every rule has dealt with these events: a function that was invoked has ended. */
  handedOver(events: readonly EventRecord[]): Promise<void>;
  resetAlarms(): void;
  /** Statements of the template's roles that no call has needed so far. */
  idleStatements(): readonly StatementSource[];
  /** Settles when nothing goes on in the background any more. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

export async function startCloud(options: CloudOptions): Promise<Cloud> {
  const pending = new Set<Promise<void>>();
  const world = emptyWorld(options, pending);
  for (const node of options.nodes ?? []) {
    const old = options.oldAgents?.includes(node.instanceId) === true;
    world.nodes.set(node.instanceId, knownNode(world, node, old ? 'text' : 'environment'));
  }
  const synthesized = readCdkOut(options.cdkOut, options.stack);
  const template = options.edit?.(synthesized.template) ?? synthesized.template;
  await assertActionsExist(template);
  const server = await listen(world);
  const settled = async () => {
    while (pending.size > 0) await Promise.all(pending);
  };
  const close = async () => {
    world.closing = true;
    for (const command of world.commands.values())
      for (const { script } of command.invocations.values()) script?.kill();
    await world.environments.close();
    server.closeAllConnections();
    await new Promise<void>((done) => server.close(() => done()));
  };
  let stack: LoadedStack;
  try {
    stack = loadTemplate(world, { ...synthesized, template }, options.parameters ?? {});
  } catch (error) {
    await close();
    throw error;
  }
  const operator = credentialsFor(world, longTermCredentials(), (id) =>
    world.callers.set(id, operatorPrincipal(world.place)),
  );
  const client = new SecretsManagerClient(operator.client);

  const { requests, allowed, denials, logs, invocations, events, messages, unsupported, breakdowns } = world.records;
  return {
    ...{ requests, allowed, denials, logs, invocations, events, messages, unsupported, breakdowns },
    endpoint: world.endpoint,
    place: world.place,
    operator,
    faults: world.faults,
    stack,
    world,
    get commands() {
      return [...world.commands.values()];
    },
    addNode(node, agent = 'current') {
      world.nodes.set(node.instanceId, knownNode(world, node, agent === 'old' ? 'text' : 'environment'));
    },
    asRole(logicalId) {
      const role = [...world.roles.values()].find((candidate) => candidate.logicalId === logicalId);
      if (role === undefined) throw new Error(`no role ${logicalId} in the template`);
      const session = roleSession(world.place, role, { name: 'test' });
      return credentialsFor(world, sessionCredentials(), (id) => world.callers.set(id, session));
    },
    invoke: (functionName, event) =>
      invoke(world, findFunction(world, functionName), event, operatorPrincipal(world.place)),
    async rotate(secretName, { token, testOnly = false } = {}) {
      await client.send(
        new RotateSecretCommand({
          SecretId: secretName,
          ...(token === undefined ? {} : { ClientRequestToken: token }),
          ...(testOnly ? { RotateImmediately: false } : {}),
        }),
      );
      return rotationEnd(findAlive(world, secretName));
    },
    rotationEnded: (secretName) => rotationEnd(findAlive(world, secretName)),
    startDueRotations: () => startDueRotations(world),
    async fire(ruleLogicalId) {
      const rule = [...world.rules.values()].find(({ logicalId }) => logicalId.startsWith(ruleLogicalId));
      if (rule === undefined) throw new Error(`no rule ${ruleLogicalId} in the template`);
      await fire(world, rule, scheduledEvent(world, rule.arn));
    },
    async handedOver(about) {
      await Promise.all(about.map(({ id }) => world.handedOver.get(id)));
    },
    resetAlarms() {
      for (const alarm of world.alarms.values()) Object.assign(alarm, { state: 'OK', sum: 0 });
    },
    idleStatements: () => idleStatements(world),
    settled,
    async close() {
      client.destroy();
      await close();
    },
  };
}
