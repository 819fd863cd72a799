/** A function of the template. */
import type { Role } from '../iam/role.ts';
import type { Statement } from '../iam/statement.ts';

export interface LambdaFunction {
  readonly name: string;
  readonly arn: string;
  readonly logicalId: string;
  /** Folder that holds the unpacked bundle. */
  readonly codeDir: string;
  /** `index.handler` */
  readonly handler: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutS: number;
  readonly memoryMb: number;
  readonly role: Role;
  readonly logGroup: string;
  readonly logFormat: 'JSON' | 'Text';
  readonly reservedConcurrency: number | undefined;
  /** Who else may invoke it. */
  policy: readonly Statement[];
  /** Failed asynchronous invocations are tried again this often; undefined: the habit's number. */
  asyncRetries: number | undefined;
}
