import { isObject, type JsonObject } from '../aws/json.ts';

/** Logical id of the role that instances have whose agents register. */
export const newcomersRole = 'NewcomersRole';

/** The template with that role: it may do what docs/rotation.md, "Autoregistration", says that it takes, and nothing else. */
export function withNewcomersRole(template: JsonObject): JsonObject {
  const resources = isObject(template.Resources) ? template.Resources : {};
  const [secret, key] = autoregistrationSecret(resources);
  const role = {
    Type: 'AWS::IAM::Role',
    Properties: {
      AssumeRolePolicyDocument: policy({ Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' }),
      Policies: [
        {
          PolicyName: 'FetchTheKeyOfAutoregistration',
          PolicyDocument: policy(
            { Action: 'secretsmanager:GetSecretValue', Resource: { Ref: secret } },
            { Action: 'kms:Decrypt', Resource: key },
          ),
        },
      ],
    },
  };
  return { ...template, Resources: { ...resources, [newcomersRole]: role } };
}

/** Logical id of the secret, and the key that it is encrypted with. */
function autoregistrationSecret(resources: JsonObject): readonly [string, JsonObject] {
  for (const [logicalId, resource] of Object.entries(resources)) {
    const properties = isObject(resource) ? resource.Properties : undefined;
    if (isObject(properties) && properties.Name === 'zabbix-psk/autoreg' && isObject(properties.KmsKeyId))
      return [logicalId, properties.KmsKeyId];
  }
  throw new Error('the template has no secret zabbix-psk/autoreg under a key of its own');
}

function policy(...statements: readonly JsonObject[]): JsonObject {
  return { Version: '2012-10-17', Statement: statements.map((statement) => ({ Effect: 'Allow', ...statement })) };
}
