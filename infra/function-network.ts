/**
 * A function inside the operator's VPC: its network interfaces, and the rights that Lambda, not our code, needs for them.
 */
import { Validations } from 'aws-cdk-lib';
import { Effect, ManagedPolicy, PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import { CfnFunction, type Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { Network } from './inventory.ts';

const interfaceActions = [
  'ec2:CreateNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSubnets',
  'ec2:DeleteNetworkInterface',
  'ec2:AssignPrivateIpAddresses',
  'ec2:UnassignPrivateIpAddresses',
];

/** Subnets and security groups are named by id, so that synthesis needs neither an account nor a lookup. */
export function attach(lambda: LambdaFunction, role: Role, network: Network): void {
  const resource = lambda.node.defaultChild;
  if (!(resource instanceof CfnFunction)) throw new TypeError(`${lambda.node.path} has no AWS::Lambda::Function`);
  resource.vpcConfig = {
    subnetIds: [...network.subnetIds],
    securityGroupIds: [...network.securityGroupIds],
  };

  const interfaces = new ManagedPolicy(lambda, 'Interfaces', {
    description: 'Network interfaces of a rotation or repair function, made and removed by Lambda itself',
    roles: [role],
    statements: [new PolicyStatement({ sid: 'LambdaMakesInterfaces', actions: interfaceActions, resources: ['*'] })],
  });
  // Lambda tries these rights when the function is made.
  resource.node.addDependency(interfaces);
  Validations.of(interfaces).acknowledge({
    id: 'AwsSolutions-IAM5[Resource::*]',
    reason:
      'Lambda requires these actions on every resource. The policy NotFromCode denies them to whatever runs inside the function.',
  });

  // https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-best-practice-security
  new ManagedPolicy(lambda, 'NotFromCode', {
    description: 'Keeps the code of a rotation or repair function away from network interfaces',
    roles: [role],
    statements: [
      new PolicyStatement({
        sid: 'CodeMakesNoInterfaces',
        effect: Effect.DENY,
        actions: interfaceActions,
        resources: ['*'],
        conditions: { ArnEquals: { 'lambda:SourceFunctionArn': lambda.functionArn } },
      }),
    ],
  });
}
