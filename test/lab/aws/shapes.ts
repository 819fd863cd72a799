/** The one place where requests, answers and refusals meet the official service models. */
import { AwsError } from './aws-error.ts';
import type { Json } from './json.ts';
import type { Records } from './records.ts';
import { operationOf, shapeOf } from './service-model.ts';
import { type Problem, problemsOf } from './shape-problems.ts';

/** S3's model names few of its errors: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
const errorsOfS3: ReadonlySet<string> = new Set([
  'BadDigest',
  'InternalError',
  'InvalidRequest',
  'NoSuchBucket',
  'PreconditionFailed',
]);

/** What any operation may be refused with; the models do not repeat it. */
const commonErrors: ReadonlySet<string> = new Set([
  'AccessDeniedException',
  'SerializationException',
  'ThrottlingException',
  'ValidationException',
]);

/**
 * AWS takes no notice of a member that it does not know. Here it is refused, and remembered as unsupported: whoever sent it
 * believed that it does something.
 *
 * @throws {AwsError} SerializationException for a wrong type, ValidationException for everything else, worded as AWS does
 */
export function assertRequest(action: string, body: Json, { unsupported }: Pick<Records, 'unsupported'>): void {
  const { model, operation } = operationOf(action);
  const problems = problemsOf(model, operation.input, body, 'request');
  const type = problems.find(({ kind }) => kind === 'type');
  if (type?.kind === 'type') throw new AwsError('SerializationException', type.says);
  const constraints = problems.flatMap((problem) => {
    if (problem.kind !== 'unknown') return problem.kind === 'constraint' ? [problem.says] : [];
    unsupported.push(`${action}: the service knows no parameter ${problem.name} (at ${problem.path})`);
    return [`Value at '${problem.path}' failed to satisfy constraint: Member must be one that the service knows`];
  });
  if (constraints.length === 0) return;
  const count = `${constraints.length} validation error${constraints.length === 1 ? '' : 's'} detected`;
  throw new AwsError('ValidationException', `${count}: ${constraints.join('; ')}`);
}

/** @throws {Error} when an answer of ours is not what the service would send: a fault of the stand-in */
export function assertAnswer(action: string, body: Json): void {
  const { model, operation } = operationOf(action);
  const problems = problemsOf(model, operation.output, body, 'answer');
  if (problems.length > 0)
    throw new Error(`the answer is not a ${operation.output}: ${problems.map(sentence).join('; ')}`);
}

function sentence(problem: Problem): string {
  if (problem.kind === 'unknown') return `${problem.path} is not in the model`;
  return problem.kind === 'type' ? `${problem.path}: ${problem.says}` : problem.says;
}

/** @throws {Error} when the operation cannot be refused with this code: a fault of the stand-in */
export function assertError(action: string, code: string): void {
  if (action.startsWith('s3:') && errorsOfS3.has(code)) return;
  if (commonErrors.has(code) || operationOf(action).operation.errors.includes(code)) return;
  throw new Error(`${action} has no error ${code}`);
}

/** How a service names a failure of its own. */
export function serverErrorOf(action: string): string {
  if (action.startsWith('s3:')) return 'InternalError';
  const { model, operation } = operationOf(action);
  const code = operation.errors.find((name) => {
    const shape = shapeOf(model, name);
    return shape.type === 'structure' && shape.fault === true;
  });
  if (code === undefined) throw new Error(`${action} has no error of its own`);
  return code;
}
