/** How a caller gets at the stand-in: the address, and credentials that name them. */
import type { Credentials } from './principal.ts';
import type { World } from './world.ts';

/** For SDK clients: `new SSMClient(cloud.operator.client)`; for child processes: `env: cloud.operator.env`. */
export interface Access {
  readonly client: { readonly endpoint: string; readonly region: string; readonly credentials: Credentials };
  readonly env: Readonly<Record<string, string>>;
}

export function credentialsFor(
  world: World,
  credentials: Credentials,
  register: (accessKeyId: string) => void,
): Access {
  register(credentials.accessKeyId);
  world.secretAccessKeys.set(credentials.accessKeyId, credentials.secretAccessKey);
  return {
    client: { endpoint: world.endpoint, region: world.place.region, credentials },
    env: {
      AWS_ENDPOINT_URL: world.endpoint,
      AWS_REGION: world.place.region,
      AWS_DEFAULT_REGION: world.place.region,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      ...(credentials.sessionToken === undefined ? {} : { AWS_SESSION_TOKEN: credentials.sessionToken }),
    },
  };
}
