import { InternalServiceError, SecretsManagerServiceException } from '@aws-sdk/client-secrets-manager';
import { expect, test } from 'vitest';
import { orRefused } from '../../../lambda/secrets/or-refused.ts';

const metadata = { $metadata: {} };

test.each([
  new SecretsManagerServiceException({ name: 'AccessDeniedException', $fault: 'client', message: 'no', ...metadata }),
  new InternalServiceError({ message: 'later', ...metadata }),
])('what Secrets Manager says no to is a refusal that names the secret ($name)', async (error) => {
  const asked = orRefused('zabbix-psk/foreign', () => Promise.reject(error));
  await expect(asked).rejects.toMatchObject({
    code: 'SECRET_NOT_READ',
    message: expect.stringMatching(new RegExp(`did not give zabbix-psk/foreign \\(${error.name}\\)`)),
  });
});

test('a mistake of ours stays one', async () => {
  await expect(orRefused('it', () => Promise.reject(new TypeError('ours')))).rejects.toThrow(TypeError);
  expect(await orRefused('it', async () => 'value')).toBe('value');
});
