import { reportsPrefix, waiversPrefix } from '../contract.ts';
import { Refusal, ServiceError } from '../errors.ts';
import type { Deadline } from '../rotation/deadline.ts';
import { byCodeUnits } from './by-code-units.ts';
import { compileReport } from './compile-report.ts';
import { dayMs } from './days.ts';
import type { SecurityHub } from './forms/asff.ts';
import { chatLine } from './forms/chat-line.ts';
import { gather } from './gather.ts';
import { manifestName } from './manifest.ts';
import type { ReportPorts, Shelf } from './ports.ts';
import { reportFiles } from './report-files.ts';
import type { Report } from './report-shape.ts';
import { publicKeyOf, signatureFiles } from './sign-manifest.ts';
import { parseWaivers, type Waiver } from './waivers.ts';

/** Two years: NIST SP 800-57 part 1, table 1, symmetric authentication key. */
const longestKeyAgeDays = 730;

export interface MadeReport {
  readonly report: Report;
  /** Of the bucket, with a slash at its end. */
  readonly folder: string;
  /** One line for chat. */
  readonly says: string;
}

/** Something stands where a file of the report belongs. */
export class ReportNotWritten extends ServiceError {
  readonly code = 'REPORT_NOT_WRITTEN';
  readonly leaves = 'nothing-changed';
}

/**
 * Gathers, compiles, and puts every form into the bucket, the manifest last: a folder without one was not finished. What signs
 * it lies there before it, so that no report looks complete and is unsigned.
 *
 * @param days length of the period, which ends now
 */
export async function makeReport(
  days: number,
  hub: SecurityHub | undefined,
  ports: ReportPorts,
  deadline: Deadline,
): Promise<MadeReport> {
  const { bucket, signer } = ports;
  // What can fail cheaply fails before a file is there that nobody can take away again.
  const publicKeyPem = signer === undefined ? undefined : await publicKeyOf(signer);
  const nowMs = ports.clock.now().ms;
  const asOf = new Date(nowMs).toISOString();
  const period = { from: new Date(nowMs - days * dayMs).toISOString(), to: asOf };
  const waivers = await waiversInForce(bucket);
  const report = compileReport(await gather({ asOf, period, longestKeyAgeDays }, ports, deadline), waivers);
  const folder = `${reportsPrefix}${asOf.replace(/\.\d+Z$/, 'Z').replaceAll(':', '')}/`;
  const put = async (name: string, text: string) => {
    if (!(await bucket.putNew(`${folder}${name}`, text)))
      throw new ReportNotWritten(
        `there is another ${name} in ${folder} already: two reports were made within one second, or somebody put it there`,
      );
  };
  for (const [name, text] of reportFiles(report, hub, publicKeyPem)) {
    if (name === manifestName && signer !== undefined && publicKeyPem !== undefined)
      for (const file of await signatureFiles(text, publicKeyPem, signer, folder)) await put(...file);
    await put(name, text);
  }
  return { report, folder, says: chatLine(report) };
}

async function waiversInForce(bucket: Shelf): Promise<readonly Waiver[]> {
  const newest = (await bucket.list(waiversPrefix)).toSorted(byCodeUnits).at(-1);
  return newest === undefined ? [] : parseWaivers(parse(await bucket.get(newest), newest));
}

function parse(text: string, key: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Refusal(
      'WAIVERS_MALFORMED',
      `${key} in the evidence bucket is not JSON; put a sound one beside it under a later name`,
    );
  }
}
