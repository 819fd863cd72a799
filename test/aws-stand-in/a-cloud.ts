/** Builds a stand-in from the small fixture, with a node that runs scripts as plain child processes of the test. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { type Cloud, type CloudOptions, startCloud } from '../lab/aws/cloud.ts';
import { isObject, type Json, type JsonObject } from '../lab/aws/json.ts';
import type { ManagedNode, NodeCommand, RunningScript } from '../lab/managed-node.ts';

const fixture = fileURLToPath(new URL('./fixture', import.meta.url));

/** Nothing of the fixture's own happens at deployment and nothing is late, unless a test asks for it. */
export async function aCloud(options: Partial<CloudOptions> = {}): Promise<Cloud> {
  const cloud = await startCloud({
    cdkOut: fixture,
    nodes: [aNode('i-0123456789abcdef0')],
    ...options,
    habits: { testRotationAtDeploy: false, ...atOnce, ...options.habits },
  });
  onTestFinished(() => cloud.close());
  return cloud;
}

const atOnce = { rotationRetryMs: 1, asyncRetryMs: 1, deliveryDelayMs: 1, invocationHiddenMs: 0 };

export interface LocalNode extends ManagedNode {
  /** What was started on it, and what that has printed so far. */
  readonly scripts: { readonly script: string; readonly command: NodeCommand; readonly output: Output }[];
}

export function aNode(instanceId: string, tags: Readonly<Record<string, string>> = { Rotate: 'yes' }): LocalNode {
  const scripts: LocalNode['scripts'] = [];
  return {
    instanceId,
    computerName: `node-${instanceId}`,
    tags,
    online: true,
    scripts,
    start(script, command) {
      const output = { stdout: '', stderr: '' };
      scripts.push({ script, command, output });
      return run(script, command, output);
    },
  };
}

interface Output {
  stdout: string;
  stderr: string;
}

function run(script: string, command: NodeCommand, output: Output): RunningScript {
  const child = spawn('sh', ['-c', script], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: '/usr/bin:/bin', ...command.environment },
  });
  child.stdout.on('data', (chunk) => (output.stdout += String(chunk)));
  child.stderr.on('data', (chunk) => (output.stderr += String(chunk)));
  return {
    ended: new Promise((done) => child.once('close', (exitCode) => done({ exitCode, ...output }))),
    kill() {
      // A process that has ended and is only waiting to be noticed has no group any more.
      if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL');
    },
  };
}

/** A change to one resource's properties, for `aCloud({ edit })`. */
export function withProperties(logicalId: string, change: (properties: JsonObject) => JsonObject) {
  return (template: JsonObject): JsonObject => {
    const resources = at(template, 'Resources');
    const resource = at(resources, logicalId);
    const properties = change(at(resource, 'Properties'));
    return { ...template, Resources: { ...resources, [logicalId]: { ...resource, Properties: properties } } };
  };
}

/** Adds a resource, or replaces one. */
export function withResource(logicalId: string, resource: Json) {
  return (template: JsonObject): JsonObject => ({
    ...template,
    Resources: { ...at(template, 'Resources'), [logicalId]: resource },
  });
}

/** The fixture's function with one of its planned misbehaviours. */
export function planned(plan: string) {
  return withProperties('Function', (properties) => ({ ...properties, Environment: { Variables: { PLAN: plan } } }));
}

function at(value: JsonObject, key: string): JsonObject {
  const found = value[key];
  if (!isObject(found)) throw new Error(`no ${key}`);
  return found;
}

/** The fixture's document with other lines. */
export function withCommands(...runCommand: string[]) {
  return withSteps({ action: 'aws:runShellScript', name: 'greet', inputs: { timeoutSeconds: 5, runCommand } });
}

/** The fixture's document with other steps. */
export function withSteps(...mainSteps: JsonObject[]) {
  return withProperties('Greet', ({ Content = null, ...properties }) => {
    if (!isObject(Content)) throw new Error('no Content');
    return { ...properties, Content: { ...Content, mainSteps } };
  });
}
