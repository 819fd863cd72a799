import { z } from 'zod';
import { defineAction } from '../action.ts';
import { NotImitated } from '../aws-error.ts';
import { seconds } from '../secrets-manager/secret.ts';
import type { KnownNode } from './node.ts';

export const describeInstanceInformation = defineAction({
  name: 'ssm:DescribeInstanceInformation',
  request: z.strictObject({
    Filters: z.array(z.strictObject({ Key: z.string(), Values: z.array(z.string()).min(1) })).optional(),
    MaxResults: z.int().min(5).max(50).optional(),
    NextToken: z.string().optional(),
  }),
  needs: () => [{ action: 'ssm:DescribeInstanceInformation', resource: '*' }],
  answer({ Filters = [], MaxResults = 50, NextToken = '0' }, { world }) {
    const wanted = [...world.nodes.values()].filter((known) =>
      Filters.every(({ Key, Values }) => Values.includes(property(known, Key))),
    );
    const end = Number(NextToken) + MaxResults;
    const nowS = seconds(world.clock.nowMs());
    return {
      InstanceInformationList: wanted
        .slice(Number(NextToken), end)
        .map(({ node, parametersArriveAs, registeredMs }) => ({
          InstanceId: node.instanceId,
          ComputerName: node.computerName,
          Name: node.computerName,
          PingStatus: node.online ? 'Online' : 'ConnectionLost',
          LastPingDateTime: node.online ? nowS : nowS - 600,
          AgentVersion: parametersArriveAs === 'environment' ? '3.3.3572.0' : '3.3.987.0',
          IsLatestVersion: false,
          PlatformType: 'Linux',
          PlatformName: 'Debian GNU/Linux',
          PlatformVersion: '12',
          ResourceType: node.instanceId.startsWith('mi-') ? 'ManagedInstance' : 'EC2Instance',
          RegistrationDate: seconds(registeredMs),
          IPAddress: '127.0.0.1',
        })),
      ...(end < wanted.length ? { NextToken: String(end) } : {}),
    };
  },
});

function property({ node }: KnownNode, key: string): string {
  if (key === 'InstanceIds') return node.instanceId;
  if (key === 'PingStatus') return node.online ? 'Online' : 'ConnectionLost';
  if (key === 'PlatformTypes') return 'Linux';
  if (key.startsWith('tag:')) return node.tags[key.slice('tag:'.length)] ?? '';
  throw new NotImitated(`ssm:DescribeInstanceInformation: filter ${key} is not imitated`);
}
