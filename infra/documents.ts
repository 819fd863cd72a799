/**
 * The six Run Command documents, made of the script files in `documents/linux/`, and what the functions may do with them.
 * They carry no physical names: a document with a name of its own could not be replaced by CloudFormation.
 */
import { readFileSync } from 'node:fs';
import { Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { CfnDocument } from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import {
  documentEnvironmentKey,
  documentStep,
  nodeOutlastsS,
  nodeTag,
  type ParameterName,
  parameters,
  proxyMayLagS,
  type Verb,
  verbParameters,
  verbs,
} from '../lambda/contract.ts';
import { parts } from './documents/linux/parts.ts';
import type { Timeouts } from './inventory/timeouts.ts';
import type { Zabbix } from './inventory/zabbix.ts';

/** Far more than a node's own work takes: an RSA key 0.4 to 2 s, a probe 1.5 s, the rest less. A node under load is slower. */
const workS = 60;

/** What a script waits for, at the longest. Seconds. */
interface NodeTimes {
  readonly gateS: number;
  readonly agentStartS: number;
}

export class Documents extends Construct {
  readonly #documents: ReadonlyMap<Verb, CfnDocument>;

  constructor(scope: Construct, id: string, { serverWaitS, agentStartS }: Timeouts, zabbix: Zabbix) {
    super(scope, id);
    const timeouts = { agentStartS, gateS: Math.max(serverWaitS, slowProxyWaitS(zabbix)) };
    this.#documents = new Map(verbs.map((verb) => [verb, this.#document(verb, timeouts)]));
  }

  /** The documents' names for a function's environment. */
  get environment(): Record<string, string> {
    return Object.fromEntries(
      [...this.#documents].map(([verb, document]) => [documentEnvironmentKey[verb], document.ref]),
    );
  }

  /** Every right that running these verbs takes, and no other document and no other node. */
  mayRunOnTaggedNodes(chosen: readonly Verb[]): PolicyStatement[] {
    const stack = Stack.of(this);
    return [
      // SendCommand asks for the document and for every node; a statement with both would need the tag on the document too.
      new PolicyStatement({
        sid: 'SendOwnDocuments',
        actions: ['ssm:SendCommand'],
        resources: this.#arns(chosen),
      }),
      new PolicyStatement({
        sid: 'SendToTaggedNodes',
        actions: ['ssm:SendCommand'],
        resources: [
          stack.formatArn({ service: 'ec2', resource: 'instance', resourceName: '*' }),
          stack.formatArn({ service: 'ssm', resource: 'managed-instance', resourceName: '*' }),
        ],
        conditions: { StringEquals: { [`ssm:resourceTag/${nodeTag.key}`]: nodeTag.value } },
      }),
      // None of the three can be limited to resources (service authorization reference for Systems Manager): they read and
      // end commands by id and list nodes. What they can read of other commands is what the Run Command history shows.
      new PolicyStatement({
        sid: 'FollowCommands',
        actions: ['ssm:GetCommandInvocation', 'ssm:CancelCommand', 'ssm:DescribeInstanceInformation'],
        resources: ['*'],
      }),
    ];
  }

  /** A record names the version and hash of the document that exchanged the keys. */
  mayBeDescribed(): PolicyStatement {
    return new PolicyStatement({
      sid: 'DescribeExchange',
      actions: ['ssm:DescribeDocument'],
      resources: this.#arns(['switch', 'restore']),
    });
  }

  #arns(chosen: readonly Verb[]): string[] {
    return [...this.#documents]
      .filter(([verb]) => chosen.includes(verb))
      .map(([, document]) =>
        Stack.of(this).formatArn({ service: 'ssm', resource: 'document', resourceName: document.ref }),
      );
  }

  #document(verb: Verb, timeouts: NodeTimes): CfnDocument {
    return new CfnDocument(this, verb, {
      documentType: 'Command',
      documentFormat: 'JSON',
      // The default, Replace, cannot change a document in place; a command on its way keeps the version it was sent with.
      updateMethod: 'NewVersion',
      content: content(verb, timeouts),
    });
  }
}

function content(verb: Verb, timeouts: NodeTimes) {
  return {
    schemaVersion: '2.2',
    description: `Zabbix pre-shared keys: ${verb}. Sent by our functions only; no parameter holds a key in clear.`,
    parameters: Object.fromEntries(verbParameters[verb].map((name) => [name, declared(name)])),
    mainSteps: [
      {
        action: 'aws:runShellScript',
        name: documentStep,
        precondition: { StringEquals: ['platformType', 'Linux'] },
        inputs: {
          timeoutSeconds: String(stepTimeoutS(verb, timeouts)),
          runCommand: [...verbParameters[verb].flatMap(fallback), ...script(verb)],
        },
      },
    ],
  };
}

function declared(name: ParameterName) {
  return {
    type: 'String',
    interpolationType: 'ENV_VAR',
    ...parameters[name],
  };
}

/**
 * Agents older than 3.3.2746.0 know no ENV_VAR and paste the value as text; then the variable is put in place here. The
 * pattern leaves no character that could end the quotes.
 */
function fallback(name: ParameterName): string[] {
  return [`if [ -z "\${SSM_${name}+x}" ]; then SSM_${name}='{{ ${name} }}'; export SSM_${name}; fi`];
}

/**
 * The verb's files in one. Lines that hold nothing but a comment stay behind, and indentation does, which no text that goes over
 * several lines has: they are a quarter of a document whose size is limited (64 kB), and agents log the whole script with every command.
 */
function script(verb: Verb): string[] {
  const text = parts[verb]
    .map((file) => readFileSync(new URL(`documents/linux/${file}`, import.meta.url), 'utf8'))
    .join('\n');
  const lines = text
    .split('\n')
    .map((line) => line.trimStart())
    .filter((line) => !/^(#|$)/.test(line));
  return ['# The commented source is in infra/documents/linux of the project.', ...lines];
}

/**
 * The agent kills a step that takes longer, and no trap runs; so the limit lies beyond everything that the script waits for
 * by itself. An agent that does not start is started once more with its previous key, hence twice.
 */
function stepTimeoutS(verb: Verb, { gateS, agentStartS }: NodeTimes): number {
  switch (verb) {
    case 'inspect':
    case 'forget':
    case 'reload':
      return workS;
    case 'prepare':
      return 2 * workS;
    case 'switch':
    case 'restore':
      return gateS + 2 * agentStartS + workS;
  }
}

/** A node may wait so long for a passive proxy before 7.0. */
function slowProxyWaitS({ proxyConfigFrequencyS: everyS }: Zabbix): number {
  return everyS === undefined ? 0 : everyS + proxyMayLagS + nodeOutlastsS;
}
