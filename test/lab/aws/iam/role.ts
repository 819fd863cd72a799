/** A role of the template, and what its policies let it do. */
import { NotImitated } from '../aws-error.ts';
import { parsePolicy, type Statement } from './statement.ts';

export interface Role {
  readonly name: string;
  readonly arn: string;
  readonly logicalId: string;
  /** From Policies of its own, AWS::IAM::Policy and managed policies. */
  readonly statements: Statement[];
  /** Who may assume it. */
  readonly trust: readonly Statement[];
}

export interface ManagedPolicy {
  readonly arn: string;
  readonly statements: readonly Statement[];
}

const writeLogs = ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents'];

/** AWS's own policies that stacks like ours attach. Contents as AWS publishes them. */
const awsManaged: Readonly<Record<string, readonly string[]>> = {
  'service-role/AWSLambdaBasicExecutionRole': writeLogs,
  'service-role/AWSLambdaVPCAccessExecutionRole': [
    ...writeLogs,
    'ec2:CreateNetworkInterface',
    'ec2:DescribeNetworkInterfaces',
    'ec2:DescribeSubnets',
    'ec2:DeleteNetworkInterface',
    'ec2:AssignPrivateIpAddresses',
    'ec2:UnassignPrivateIpAddresses',
  ],
};

export function awsManagedPolicy(arn: string): readonly Statement[] {
  const name = arn.replace(/^arn:[^:]+:iam::aws:policy\//, '');
  const actions = awsManaged[name];
  if (actions === undefined) throw new NotImitated(`AWS managed policy ${arn} is not imitated`);
  return parsePolicy(
    { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: actions, Resource: '*' }] },
    name,
    'identity',
  );
}
