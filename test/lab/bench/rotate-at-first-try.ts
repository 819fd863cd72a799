import type { Deployment } from '../deployment.ts';

/**
 * @returns the version that is current now
 * @throws {Error} unless it succeeds at its first attempt: others would count twice what is measured
 */
export async function rotateAtFirstTry(deployment: Pick<Deployment, 'rotate'>, secret: string): Promise<string> {
  const { outcome, attempts, failures, versionId } = await deployment.rotate(secret);
  if (outcome !== 'succeeded' || attempts !== 1)
    throw new Error(`the rotation of ${secret} ended as ${outcome}: ${failures[0]?.errorMessage ?? ''}`);
  return versionId;
}
