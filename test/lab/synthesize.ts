/** Synthesizes the stack as an operator's `cdk synth` does, into a folder of its own, without the CDK command line. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { temporaryFolder } from './temporary-folder.ts';

const project = fileURLToPath(new URL('../../', import.meta.url));

export interface Synthesized {
  /** For `startCloud({ cdkOut })`. */
  readonly cdkOut: string;
  remove(): Promise<void>;
}

/** @param context what an operator writes into cdk.json or passes with `-c` */
export async function synthesize(context: Readonly<Record<string, unknown>> = {}): Promise<Synthesized> {
  const { path: cdkOut, remove } = await temporaryFolder('zabbix-psk-synth');
  try {
    await promisify(execFile)(process.execPath, ['infra/app.ts'], {
      cwd: project,
      env: { ...process.env, CDK_OUTDIR: cdkOut, CDK_CONTEXT_JSON: JSON.stringify(context) },
      maxBuffer: 16 * 1024 * 1024,
    });
  } catch (error) {
    await remove();
    throw error;
  }
  return { cdkOut, remove };
}
