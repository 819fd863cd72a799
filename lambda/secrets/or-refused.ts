import { SecretsManagerServiceException } from '@aws-sdk/client-secrets-manager';
import { Refusal } from '../errors.ts';

/**
 * Asks Secrets Manager for something that a report can do without: what it says no to is told there, and the rest goes on.
 *
 * @param what ends the sentence "Secrets Manager did not give …"
 * @throws {Refusal} for whatever Secrets Manager answers with an error
 */
export async function orRefused<T>(what: string, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof SecretsManagerServiceException)) throw error;
    throw new Refusal(
      'SECRET_NOT_READ',
      `Secrets Manager did not give ${what} (${error.name}); a secret that this service does not rotate stays closed to it`,
      { cause: error },
    );
  }
}
